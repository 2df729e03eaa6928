"""What the mistakes compute, where it doesn't depend on the tiles: running all of the level's mistakes takes too long."""

from __future__ import annotations

from collections.abc import Callable

import torch

from triton_quest.course.shared.attention import attention_scores, causal_scores, scale_of

Tensor = torch.Tensor
Answers = tuple[Tensor, ...]  # out (B, H, M, D), dq, and dk and dv (B, H, N, D)
LOG2_E = 1.4426950408889634


class Terms:
    """The terms of one call in float64; q, dout: (B, H, M, D), k, v: (B, H, N, D)."""

    def __init__(self, q: Tensor, k: Tensor, v: Tensor, dout: Tensor, causal: bool, sm_scale: float | None) -> None:
        self.q, self.k, self.v, self.dout, self.causal, self.scale = q, k, v, dout, causal, scale_of(q, sm_scale)
        self.scores = (causal_scores if causal else attention_scores)(q, k, self.scale)
        self.lse = torch.logsumexp(self.scores, dim=-1, keepdim=True)
        self.p = (self.scores - self.lse).exp()
        self.out = self.p @ v
        self.dp = dout @ v.mT
        self.delta = (dout * self.out).sum(dim=-1, keepdim=True)
        self.ds = self.p * (self.dp - self.delta)

    @property
    def answers(self) -> Answers:
        return self.out, *self.gradients(self.ds, self.p)

    def gradients(self, ds: Tensor, p: Tensor) -> Answers:
        return ds @ self.k * self.scale, ds.mT @ self.q * self.scale, p.mT @ self.dout


def with_dq(dq: Callable[[Terms], Tensor]) -> Callable[..., Answers]:
    """A formula: all is right but dq."""

    def formula(q, k, v, dout, causal=True, sm_scale=None):
        terms = Terms(q, k, v, dout, causal, sm_scale)
        out, _, dk, dv = terms.answers
        return out, dq(terms), dk, dv

    return formula


def with_ds(ds: Callable[[Terms], Tensor]) -> Callable[..., Answers]:
    """A formula: the kernel of dq has another ds."""
    return with_dq(lambda terms: ds(terms) @ terms.k * terms.scale)


def with_p(p: Callable[[Terms], Tensor]) -> Callable[..., Answers]:
    """A formula: the kernel of dq has other weights."""
    return with_ds(lambda terms: p(terms) * (terms.dp - terms.delta))


def every_key(terms: Terms) -> Tensor:
    return (attention_scores(terms.q, terms.k, terms.scale) - terms.lse).exp()


def without_the_diagonal(terms: Terms) -> Tensor:
    return terms.p - terms.p * torch.eye(terms.p.shape[-1], dtype=terms.p.dtype) if terms.causal else terms.p


def from_delta(terms: Terms) -> Tensor:
    """lse2 and delta in each other's place."""
    p = (terms.scores * LOG2_E - terms.delta).exp2()
    return p * (terms.dp - terms.lse * LOG2_E)


def causal_forgotten_in_both(q, k, v, dout, causal=True, sm_scale=None):
    terms = Terms(q, k, v, dout, causal, sm_scale)
    p = every_key(terms)
    return terms.out, *terms.gradients(p * (terms.dp - terms.delta), p)


def backward_of(terms: Terms, k: Tensor, v: Tensor, scale: float, delta: Tensor) -> Answers:
    """out as it is, and gradients that are made of these keys and values, with this scale and this delta."""
    scores = (causal_scores if terms.causal else attention_scores)(terms.q, k, scale)
    p = (scores - terms.lse).exp()
    ds = p * (terms.dout @ v.mT - delta)
    return terms.out, ds @ k * scale, ds.mT @ terms.q * scale, p.mT @ terms.dout


def order_of_kept_tensors(q, k, v, dout, causal=True, sm_scale=None):
    terms = Terms(q, k, v, dout, causal, sm_scale)
    return backward_of(terms, v, k, terms.scale, terms.delta)


def default_scale_backward(q, k, v, dout, causal=True, sm_scale=None):
    terms = Terms(q, k, v, dout, causal, sm_scale)
    return backward_of(terms, k, v, q.shape[-1] ** -0.5, terms.delta)


def zeros_for_out(q, k, v, dout, causal=True, sm_scale=None):
    terms = Terms(q, k, v, dout, causal, sm_scale)
    return backward_of(terms, k, v, terms.scale, torch.zeros_like(terms.delta))


def dk_and_dv_returned_swapped(q, k, v, dout, causal=True, sm_scale=None):
    out, dq, dk, dv = Terms(q, k, v, dout, causal, sm_scale).answers
    return out, dq, dv, dk


FORMULAS = {
    "scale_missing_in_dq": with_dq(lambda t: t.ds @ t.k),
    "scale_twice_in_dq": with_dq(lambda t: t.ds @ t.k * t.scale**2),
    "qk_scale_for_dq": with_dq(lambda t: t.ds @ t.k * t.scale * LOG2_E),
    "delta_left_out": with_ds(lambda t: t.p * t.dp),
    "delta_added": with_ds(lambda t: t.p * (t.dp + t.delta)),
    "sign_turned_round": with_ds(lambda t: -t.ds),
    "p_for_ds": with_ds(lambda t: t.p),
    "v_for_k": with_dq(lambda t: t.ds @ t.v * t.scale),
    "dp_with_k": with_ds(lambda t: t.p * (t.dout @ t.k.mT - t.delta)),
    "exp_for_exp2": with_p(lambda t: ((t.scores - t.lse) * LOG2_E).exp()),
    "scale_missing_in_p": with_p(lambda t: (t.scores / t.scale - t.lse * LOG2_E).exp2()),
    "causal_forgotten_backward": with_p(every_key),
    "causal_forgotten_in_both": causal_forgotten_in_both,
    "itself_excluded": with_p(without_the_diagonal),
    "lse2_and_delta_swapped": with_ds(from_delta),
    "order_of_kept_tensors": order_of_kept_tensors,
    "default_scale_backward": default_scale_backward,
    "zeros_for_out": zeros_for_out,
    "dk_and_dv_returned_swapped": dk_and_dv_returned_swapped,
}
