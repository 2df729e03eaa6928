#!/bin/sh
# Triton 3.7.1: triton.next_power_of_2(0) is 0, and tl.arange(0, 0) doesn't compile.
#
# One would guess: the result is a power of two whatever is given, 1 for 0, so that a block made from the length of a row fits an empty row.
# What happens: 0 comes back. A launcher that takes `BLOCK_SIZE = triton.next_power_of_2(x.shape[-1])` hands an empty tensor's kernel a block of
#   length 0, whose tl.arange is refused by the compiler. Return early for an empty tensor, or take max(1, ...).
# Seen on 2026-11-30 (Python 3.11):
#   Triton 3.7.1
#   next_power_of_2 of 0, 1, 2, 3: [0, 1, 2, 4]
#   a block of next_power_of_2(0): ValueError: arange's end argument must be greater than the start argument
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet triton==3.7.1

cat > "$folder/finding.py" <<'PYTHON'
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def kernel(out_ptr, BLOCK_SIZE: tl.constexpr):
    offsets = tl.arange(0, BLOCK_SIZE)
    tl.store(out_ptr + offsets, offsets)


print("Triton", triton.__version__)
lengths = [triton.next_power_of_2(n) for n in (0, 1, 2, 3)]
print("next_power_of_2 of 0, 1, 2, 3:", lengths)
refusal = None
try:
    signature = {"out_ptr": "*i32", "BLOCK_SIZE": "constexpr"}
    triton.compile(ASTSource(kernel, signature, {"BLOCK_SIZE": lengths[0]}), target=GPUTarget("cuda", 80, 32))
except Exception as error:
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    refusal = f"{type(cause).__name__}: {cause}"
print("a block of next_power_of_2(0):", refusal)
assert lengths == [0, 1, 2, 4] and refusal and "arange" in refusal, "the behaviour has changed"
PYTHON
"$folder/v/bin/python" "$folder/finding.py"
