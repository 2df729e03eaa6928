#!/bin/sh
# torch 2.13.0: @once_differentiable guards backward(), and lets torch.autograd.grad return a wrong second derivative.
#
# One would guess: a Function whose backward is marked @once_differentiable raises when its second derivative is asked for, in whatever
#   way. That is what the mark is for.
# What happens: y = x * cube(x) is x^4, its second derivative 12 x^2 is 48 at x = 2. `grad.backward()` raises. `torch.autograd.grad(grad, x)`
#   says nothing and returns 12: the term that goes through the marked backward is left out. The error sits on a branch of the graph
#   that doesn't lead to x, and autograd.grad walks only those that do.
# Seen on 2026-11-29 (Python 3.11, CPU):
#   torch 2.13.0
#   backward(): trying to differentiate twice a function that was marked with @once_differentiable
#   autograd.grad: 12.0, and 48.0 would be right
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet torch==2.13.0 "numpy<2.4"

cat > "$folder/finding.py" <<'PYTHON'
import torch
from torch.autograd.function import once_differentiable


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * grad


def first_derivative(x):
    return torch.autograd.grad(x * Cube.apply(x), x, create_graph=True)[0]


print("torch", torch.__version__.partition("+")[0])
x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
raised = ""
try:
    first_derivative(x).backward()
except RuntimeError as error:
    raised = str(error)
print("backward():", raised or "no error")
second = torch.autograd.grad(first_derivative(x), x)[0].item()
print(f"autograd.grad: {second}, and {12 * x.item() ** 2} would be right")
assert "once_differentiable" in raised and second == 12.0, "the behaviour has changed"
PYTHON
"$folder/v/bin/python" "$folder/finding.py"
