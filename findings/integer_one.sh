#!/bin/sh
# Triton 3.7.1: the rounding of an integer division depends on whether the argument happens to be 1.
#
# One would guess: `(n - 8) // 2` rounds a negative quotient in one way, whatever n is: down, as Python does, or towards
#   zero, as C does.
# What happens: towards zero (arith.divsi), except where n is 1. An integer argument that equals 1 becomes a constant of the
#   compilation, and constants are folded by Python's rule. -7 // 2 is then -4, while the instruction would give -3.
# Seen on 2026-11-29 (Python 3.11):
#   Triton 3.7.1
#   n = 1: %c-4_i32 = arith.constant -4 : i32
#   n = 3: %1 = arith.divsi %0, %c2_i32 : i32
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet triton==3.7.1

cat > "$folder/finding.py" <<'PYTHON'
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.backends.driver import DriverBase


class NoGpu(DriverBase):
    """Enough of a driver for `warmup`, which specialises and compiles as a launch does, and launches nothing."""

    @classmethod
    def is_active(cls):
        return True

    def map_python_to_cpp_type(self, ty):
        return ty

    def get_current_target(self):
        return GPUTarget("cuda", 80, 32)

    def get_current_device(self):
        return 0

    def get_current_stream(self, device):
        return 0

    def get_active_torch_device(self):
        return None

    def get_benchmarker(self):
        return None


@triton.jit
def kernel(out_ptr, n):
    tl.store(out_ptr, (n - 8) // 2)


triton.runtime.driver.set_active(NoGpu())
print("Triton", triton.__version__)
quotients = {}
for n in (1, 3):
    ttir = kernel.warmup(triton.MockTensor(tl.int32), n, grid=(1,)).asm["ttir"]
    quotients[n] = [line.partition(" loc(")[0].strip() for line in ttir.splitlines() if "= arith." in line][-1]
    print(f"n = {n}: {quotients[n]}")
assert "arith.constant -4 " in quotients[1] and "arith.divsi" in quotients[3], "the behaviour has changed"
PYTHON
"$folder/v/bin/python" "$folder/finding.py"
