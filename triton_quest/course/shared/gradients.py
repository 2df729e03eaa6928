"""The gradients of attention in PyTorch: the truth by autograd, what a kernel that sums in fp32 makes, and the size of the terms.

Legend: `B` batch, `H` heads, `M`, `N` query and key length, `D` head dim. q, out, dout: (B, H, M, D), k, v: (B, H, N, D), lse: (B, H, M).
"""

from __future__ import annotations

import torch

from triton_quest.course.shared.attention import (
    attention,
    attention_in_steps,
    attention_scores,
    causal_scores,
    log_sum_exp,
    scale_of,
    scores_magnitude,
)

Tensor = torch.Tensor
Gradients = tuple[Tensor, Tensor, Tensor]  # dq (B, H, M, D), dk and dv (B, H, N, D)


def attention_gradients(
    q: Tensor, k: Tensor, v: Tensor, dout: Tensor, causal: bool = True, sm_scale: float | None = None
) -> Gradients:
    """dq, dk and dv by autograd, in the dtype of q."""
    q, k, v = (x.detach().requires_grad_() for x in (q, k, v))
    with torch.enable_grad():
        out = attention_in_steps(q, k, v, causal, sm_scale)
    dq, dk, dv = torch.autograd.grad(out, (q, k, v), dout)
    return dq, dk, dv


def gradients_in_fp32(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    dout: Tensor,
    causal: bool = True,
    sm_scale: float | None = None,
) -> Gradients:
    """dq, dk and dv as a kernel makes them that rounds the operands of its dots to the dtype of q, and sums in fp32."""
    dtype, scale = q.dtype, scale_of(q, sm_scale)
    q, k, v, out, lse, dout = (x.float() for x in (q, k, v, out, lse, dout))
    p, dp, delta = _weights(q, k, lse, causal, sm_scale), dout @ v.transpose(-1, -2), (out * dout).sum(-1, keepdim=True)
    ds = (p * (dp - delta)).to(dtype).float()
    dq, dk, dv = ds @ k * scale, ds.transpose(-1, -2) @ q * scale, p.to(dtype).float().transpose(-1, -2) @ dout
    return dq.to(dtype), dk.to(dtype), dv.to(dtype)


def gradient_magnitudes(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    dout: Tensor,
    causal: bool = True,
    sm_scale: float | None = None,
) -> dict[str, Tensor]:
    """The size of the terms of dq, dk and dv, by name.

    An error in a score or in lse makes a weight wrong by that fraction of it; ds has that error, those of dp and of delta,
    which are dots of length D, and the last product adds its own, over M or N terms.
    """
    p, root_of_d = _weights(q, k, lse, causal, sm_scale), float(q.shape[-1] ** 0.5)
    scale = scale_of(q, sm_scale)
    fraction = scores_magnitude(q, k, sm_scale) + lse.abs()[..., None]
    off = dout @ v.transpose(-1, -2) - (out * dout).sum(-1, keepdim=True)
    of_dots = dout.abs() @ v.abs().transpose(-1, -2) + (out * dout).abs().sum(-1, keepdim=True)
    of_ds = p * (fraction * off.abs() + root_of_d * of_dots)
    along_m, along_n = (float(length**0.5) for length in (q.shape[2], k.shape[2]))
    ds, sums = (p * off).abs(), (p * (fraction + along_m)).transpose(-1, -2)
    return {
        "dq": scale * (of_ds + along_n * ds) @ k.abs(),
        "dk": scale * (of_ds + along_m * ds).transpose(-1, -2) @ q.abs(),
        "dv": sums @ dout.abs(),
    }


def _weights(q: Tensor, k: Tensor, lse: Tensor, causal: bool, sm_scale: float | None) -> Tensor:
    """(B, H, M, N), made again: exp(scores - lse)"""
    scores = (causal_scores if causal else attention_scores)(q, k, sm_scale)
    return torch.exp(scores - lse[..., None])


def handed_over(
    q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None
) -> tuple[Tensor, Tensor]:
    """out and lse as a forward pass leaves them: exact, then rounded, out to the dtype of q and lse to fp32.

    Head by head, since the scores of all heads of a race wouldn't fit.
    """
    out, lse = torch.empty_like(q, memory_format=torch.contiguous_format), q.new_empty(q.shape[:3], dtype=torch.float32)
    for b in range(q.shape[0]):
        for h in range(q.shape[1]):
            one = slice(b, b + 1), slice(h, h + 1)
            exact_q, exact_k, exact_v = (x[one].double() for x in (q, k, v))
            out[one] = attention(exact_q, exact_k, exact_v, causal, sm_scale).to(out.dtype)
            lse[one] = log_sum_exp(exact_q, exact_k, causal, sm_scale).float()
    return out, lse
