"""What the mistakes of this level's `mistakes.md` put out, in float64, by key: where that doesn't depend on the tiles."""

from collections.abc import Callable

import torch

Formula = Callable[..., torch.Tensor]


def scaled(by: Callable[[int, float | None, float], float]) -> Formula:
    """The scores with another scale: by(D, the caller's sm_scale or None, the right scale)."""

    def formula(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
        dim = q.shape[-1]
        right = dim**-0.5 if sm_scale is None else sm_scale
        return q @ k.transpose(-1, -2) * by(dim, sm_scale, right)

    return formula


def as_it_is(x: torch.Tensor) -> torch.Tensor:
    return x


def first_batch(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D), batch 0 in the place of every batch"""
    return x[:1].expand(x.shape)


def first_head(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D), head 0 in the place of every head"""
    return x[:, :1].expand(x.shape)


def first_matrix(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D), head 0 of batch 0 everywhere"""
    return x[:1, :1].expand(x.shape)


def by_head_stride(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D) read as if all B * H matrices were one head stride apart"""
    matrices = (x.shape[0] * x.shape[1], *x.shape[2:])
    return x.as_strided(matrices, x.stride()[1:]).reshape(x.shape)


def in_fp16(x: torch.Tensor) -> torch.Tensor:
    return x.half().double()


def read(q_as: Callable[[torch.Tensor], torch.Tensor], k_as: Callable[[torch.Tensor], torch.Tensor]) -> Formula:
    """The scores of other queries and keys."""

    def formula(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
        return scaled(lambda dim, given, right: right)(q_as(q), k_as(k), sm_scale)

    return formula


FORMULAS = {
    "no_scale": scaled(lambda dim, given, right: 1.0),
    "scaled_twice": scaled(lambda dim, given, right: right**2),
    "scaled_and_divided": scaled(lambda dim, given, right: right * dim**-0.5),
    "divided_by_d": scaled(lambda dim, given, right: 1 / dim),
    "one_over_d": scaled(lambda dim, given, right: 1 / dim if given is None else given),
    "divided_by_scale": scaled(lambda dim, given, right: 1 / right),
    "root_of_the_scale": scaled(lambda dim, given, right: right**0.5),
    "times_root_d": scaled(lambda dim, given, right: dim**0.5),
    "scale_ignored": scaled(lambda dim, given, right: dim**-0.5),
    "pid_as_head": read(by_head_stride, by_head_stride),
    "pid_as_head_of_q": read(by_head_stride, as_it_is),
    "pid_as_head_of_k": read(as_it_is, by_head_stride),
    "batch_of_q_forgotten": read(first_batch, as_it_is),
    "batch_of_k_forgotten": read(as_it_is, first_batch),
    "batch_forgotten": read(first_batch, first_batch),
    "head_of_q_forgotten": read(first_head, as_it_is),
    "head_of_k_forgotten": read(as_it_is, first_head),
    "head_forgotten": read(first_head, first_head),
    "q_not_moved": read(first_matrix, as_it_is),
    "k_not_moved": read(as_it_is, first_matrix),
    "inputs_not_moved": read(first_matrix, first_matrix),
    "inputs_in_fp16": read(in_fp16, in_fp16),
}
