#!/bin/sh
# torch 2.13.0: a row of attention that sees no key has the right logsumexp, -inf, and a gradient of NaN, where SDPA's own gradient is 0.
#
# One would guess: whoever writes attention's reference with torch.logsumexp, p = exp(scores - lse) aside, gets for a row that is masked whole what
#   SDPA gets: a finite gradient, 0.
# What happens: logsumexp is -inf as it should be, its backward computes exp(-inf - -inf), and every score of the row gets NaN. SDPA, with the same mask,
#   returns 0 for the row and gives gradients of 0. A reference for `lse` has to leave such rows out before it differentiates.
# Seen on 2026-11-30 (Python 3.11, CPU):
#   torch 2.13.0
#   logsumexp of a masked row: -inf, gradient [nan, nan, nan]
#   SDPA of a masked row: 0.0, gradient of q [0.0, 0.0, 0.0, 0.0]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6

cat > "$folder/finding.py" <<'PYTHON'
import torch
from torch.nn.functional import scaled_dot_product_attention

torch.manual_seed(0)
print("torch", torch.__version__.split("+")[0])
scores = torch.full((3,), float("-inf"), requires_grad=True)
lse = torch.logsumexp(scores, 0)
lse.backward()
print(f"logsumexp of a masked row: {lse.item()}, gradient {scores.grad.tolist()}")

q, k, v = (torch.randn(1, 1, n, 4, requires_grad=n == 1) for n in (1, 3, 3))
out = scaled_dot_product_attention(q, k, v, attn_mask=torch.zeros(1, 3, dtype=torch.bool))
out.sum().backward()
print(f"SDPA of a masked row: {out.abs().max().item()}, gradient of q {q.grad[0, 0, 0].tolist()}")
assert lse.item() == float("-inf") and scores.grad.isnan().all() and not out.any() and not q.grad.any(), "the behaviour has changed"
PYTHON
"$folder/v/bin/python" "$folder/finding.py"
