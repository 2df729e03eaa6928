#!/bin/sh
# torch 2.13.0: gradcheck(fast_mode=True) accepts a gradient that is 10 % off in one element.
#
# One would guess: fast mode compares less, but in double precision an error of 10 % stands far above its tolerance of 0.1 %.
# What happens: it compares one random combination of all elements, in which the error of a single one of 256 mostly drowns. With six
#   seeds it accepts the wrong gradient five times. The full mode refuses it six times of six.
# Seen on 2026-11-29 (Python 3.11, CPU):
#   torch 2.13.0
#   accepted with six seeds: fast mode 5, full mode 0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet torch==2.13.0 "numpy<2.4"

cat > "$folder/finding.py" <<'PYTHON'
import torch


class Square(torch.autograd.Function):
    """x * x, with a gradient of 2 x that is 10 % too large in one element."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        wrong = 2 * x * grad
        wrong[6, 4] *= 1.1
        return wrong


def accepted(fast_mode):
    count = 0
    for seed in range(6):
        torch.manual_seed(seed)
        x = torch.randn(16, 16, dtype=torch.float64, requires_grad=True)
        count += torch.autograd.gradcheck(Square.apply, (x,), fast_mode=fast_mode, raise_exception=False)
    return count


fast, full = accepted(True), accepted(False)
print("torch", torch.__version__.partition("+")[0])
print(f"accepted with six seeds: fast mode {fast}, full mode {full}")
assert fast >= 3 and full == 0, "the behaviour has changed"
PYTHON
"$folder/v/bin/python" "$folder/finding.py"
