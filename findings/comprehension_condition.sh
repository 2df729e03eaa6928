#!/bin/sh
# Triton 3.7.1: a comprehension in a kernel loses its `if`.
#
# One would guess: what the compiler takes of Python it takes as Python means it, and what it can't do it refuses, as it
#   refuses `break` or a comprehension over a range ("only tuple comprehensions are supported").
# What happens: `[10 * i for i in (1, 2, 3, 4) if i % 2 == 0]` compiles, and the condition isn't there: the list has four
#   elements. No error, no warning. The same line in Python has two.
# Seen on 2026-11-29 (Python 3.11):
#   Triton 3.7.1
#   Python adds up 60
#   the kernel stores 100
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
def kernel(out_ptr):
    total = 0
    kept = [10 * i for i in (1, 2, 3, 4) if i % 2 == 0]
    for k in tl.static_range(len(kept)):
        total += kept[k]
    tl.store(out_ptr, total)


in_python = sum([10 * i for i in (1, 2, 3, 4) if i % 2 == 0])
compiled = triton.compile(ASTSource(kernel, {"out_ptr": "*i32"}, {}), target=GPUTarget("cuda", 80, 32))
constants = re.findall(r"arith\.constant (-?\d+) : i32", compiled.asm["ttir"])  # all that is left of the kernel: one number
print("Triton", triton.__version__)
print("Python adds up", in_python)
print("the kernel stores", *constants)
assert (in_python, constants) == (60, ["100"]), "the behaviour has changed"
PYTHON
"$folder/v/bin/python" "$folder/finding.py"
