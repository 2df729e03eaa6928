"""What the mistakes of this level's `mistakes.md` put out, by key, where it doesn't depend on the tiles.

Each is the backward pass with one step or two done otherwise.
"""

from collections.abc import Callable
from types import SimpleNamespace

import torch

from triton_quest.course.shared.attention import scale_of

Tensor = torch.Tensor
Step = Callable[[SimpleNamespace], Tensor]
LOG2_E = 1.4426950408889634


def _seen(x: SimpleNamespace) -> Tensor:
    """(M, N), True where the query sees the key"""
    return _by(lambda m, n: n <= m)(x)


def _by(rule: Callable[[Tensor, Tensor], Tensor]) -> Step:
    """The mask of another rule: a column of queries, a row of keys -> True where the query sees the key."""

    def seen(x: SimpleNamespace) -> Tensor:
        m, n = torch.arange(x.q.shape[2])[:, None], torch.arange(x.k.shape[2])[None, :]
        return rule(m, n) if x.causal else torch.ones(m.shape[0], n.shape[1], dtype=torch.bool)

    return seen


# The backward pass, step by step: x has the arguments and all steps before. s, p, dp, ds: (B, H, M, N)
STEPS: dict[str, Step] = {
    "s": lambda x: x.q @ x.k.mT,
    "seen": _seen,
    "lse2": lambda x: (x.lse * LOG2_E)[..., None],
    "p": lambda x: torch.where(x.seen, torch.exp2(x.s * x.scale * LOG2_E - x.lse2), 0.0),
    "delta": lambda x: (x.out * x.dout).sum(-1, keepdim=True),
    "dp": lambda x: x.dout @ x.v.mT,
    "ds": lambda x: x.p * (x.dp - x.delta),
    "dv": lambda x: x.p.mT @ x.dout,
    "dk": lambda x: x.ds.mT @ x.q * x.scale,
}


def doing(**otherwise: Step) -> Callable[..., tuple[Tensor, Tensor]]:
    """A formula: the backward pass with these steps done otherwise."""

    def formula(q, k, v, out, lse, dout, causal=True, sm_scale=None):
        x = SimpleNamespace(q=q, k=k, v=v, out=out, lse=lse, dout=dout, causal=causal, scale=scale_of(q, sm_scale))
        for name, step in (STEPS | otherwise).items():
            setattr(x, name, step(x))
        return x.dk, x.dv

    return formula


def _exponent(x: SimpleNamespace, power: Tensor) -> Tensor:
    return torch.where(x.seen, torch.exp2(power), 0.0)


FORMULAS = {
    "no_delta": doing(ds=lambda x: x.p * x.dp),
    "delta_added": doing(ds=lambda x: x.p * (x.dp + x.delta)),
    "ds_turned_round": doing(ds=lambda x: x.p * (x.delta - x.dp)),
    "delta_of_out": doing(delta=lambda x: (x.out * x.out).sum(-1, keepdim=True)),
    "delta_of_dout": doing(delta=lambda x: x.dout.sum(-1, keepdim=True)),
    "delta_divided_by_d": doing(delta=lambda x: (x.out * x.dout).mean(-1, keepdim=True)),
    "lse_in_base_e": doing(lse2=lambda x: x.lse[..., None]),
    "lse_times_ln_2": doing(lse2=lambda x: x.lse[..., None] / LOG2_E),
    "exp_for_exp2": doing(p=lambda x: _exponent(x, (x.s * x.scale * LOG2_E - x.lse2) * LOG2_E)),
    "lse_left_out": doing(p=lambda x: _exponent(x, x.s * x.scale * LOG2_E)),
    "weights_not_scaled": doing(p=lambda x: _exponent(x, x.s - x.lse2)),
    "weights_without_log2_e": doing(p=lambda x: _exponent(x, x.s * x.scale - x.lse2)),
    "never_causal": doing(seen=_by(lambda m, n: m >= 0)),
    "itself_excluded": doing(seen=_by(lambda m, n: n < m)),
    "no_scale": doing(dk=lambda x: x.ds.mT @ x.q),
    "scale_twice": doing(dk=lambda x: x.ds.mT @ x.q * x.scale**2),
    "qk_scale_for_the_scale": doing(dk=lambda x: x.ds.mT @ x.q * x.scale * LOG2_E),
    "own_scale_ignored": doing(dk=lambda x: x.ds.mT @ x.q * x.q.shape[-1] ** -0.5),
    "dv_scaled": doing(dv=lambda x: x.p.mT @ x.dout * x.scale),
    "dv_from_ds": doing(dv=lambda x: x.ds.mT @ x.dout),
    "dk_from_p": doing(dk=lambda x: x.p.mT @ x.q * x.scale),
    "dv_of_the_queries": doing(dv=lambda x: x.p.mT @ x.q),
    "dk_of_dout": doing(dk=lambda x: x.ds.mT @ x.dout * x.scale),
    "dp_of_the_keys": doing(dp=lambda x: x.dout @ x.k.mT),
    "dp_of_the_queries": doing(dp=lambda x: x.q @ x.v.mT),
    "scores_of_the_values": doing(s=lambda x: x.q @ x.v.mT),
    "out_and_dout_swapped_in_the_walk": doing(dp=lambda x: x.out @ x.v.mT, dv=lambda x: x.p.mT @ x.out),
}
