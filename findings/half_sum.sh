#!/bin/sh
# Triton 3.7.1: tl.sum of an fp16 tile adds in fp16, beside a tl.max that works in fp32.
#
# One would guess: a reduction of fp16 values accumulates in fp32, and all the more as tl.max of the same tile is widened to fp32.
# What happens: the maximum, which can't round, is taken in fp32. The sum, which rounds in each step, adds fp16 to fp16.
#   `tl.sum(x.to(tl.float32))` is the cure.
# Seen on 2026-11-29 (Python 3.11), the types in which the two reductions combine their elements:
#   Triton 3.7.1
#   tl.sum: arith.addf f16
#   tl.max: arith.maxnumf f32
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet triton==3.7.1

cat > "$folder/finding.py" <<'PYTHON'
import re

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def kernel(x_ptr, out_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(out_ptr, tl.sum(x))
    tl.store(out_ptr + 1, tl.max(x))


signature = {"x_ptr": "*fp16", "out_ptr": "*fp32", "N": "constexpr"}
compiled = triton.compile(ASTSource(kernel, signature, {"N": 4096}), target=GPUTarget("cuda", 80, 32))
combined = re.findall(r"(arith\.\w+) %arg\d+, %arg\d+ : (f\d+)", compiled.asm["ttir"])
print("Triton", triton.__version__)
for name, (operation, dtype) in zip(("tl.sum", "tl.max"), combined):
    print(f"{name}: {operation} {dtype}")
assert combined == [("arith.addf", "f16"), ("arith.maxnumf", "f32")], "the behaviour has changed"
PYTHON
"$folder/v/bin/python" "$folder/finding.py"
