"""The known kernels of the self-test, one idea each, with the launch that gives them an answer to compare."""

from __future__ import annotations

import torch
import triton
import triton.language as tl


@triton.jit
def _add(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offs < n
    x = tl.load(x_ptr + offs, mask=mask)
    y = tl.load(y_ptr + offs, mask=mask)
    tl.store(out_ptr + offs, x + y, mask=mask)


@triton.jit
def _unmasked(x_ptr, out_ptr, BLOCK: tl.constexpr):
    offs = tl.arange(0, BLOCK)
    tl.store(out_ptr + offs, tl.load(x_ptr + offs))


@triton.jit
def _breaks_off(out_ptr, n):
    for i in range(n):
        if i == 3:
            break
        tl.store(out_ptr + i, 1.0)


@triton.jit
def _row_sums(x_ptr, out_ptr, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    acc = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, n_cols, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        acc += tl.load(x_ptr + row * n_cols + cols, mask=cols < n_cols, other=0.0).to(tl.float32)
    tl.store(out_ptr + row, tl.sum(acc, axis=0).to(out_ptr.dtype.element_ty))


@triton.jit
def _softmax(x_ptr, out_ptr, n_cols, BLOCK: tl.constexpr):
    row, cols = tl.program_id(0), tl.arange(0, BLOCK)
    mask = cols < n_cols
    x = tl.load(x_ptr + row * n_cols + cols, mask=mask, other=-float("inf")).to(tl.float32)
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * n_cols + cols, (e / tl.sum(e, axis=0)).to(out_ptr.dtype.element_ty), mask=mask)


@triton.jit
def _dot(a_ptr, b_ptr, out_ptr, N: tl.constexpr):
    i = tl.arange(0, N)
    tile = i[:, None] * N + i[None, :]
    c = tl.dot(tl.load(a_ptr + tile), tl.load(b_ptr + tile), input_precision="ieee")
    tl.store(out_ptr + tile, c.to(out_ptr.dtype.element_ty))


@triton.jit
def _scaled(x_ptr, out_ptr, scale, BLOCK: tl.constexpr):
    """A docstring with a line that begins with
    def which is no function.
    """
    offs = tl.arange(0, BLOCK)
    tl.store(out_ptr + offs, tl.load(x_ptr + offs) * scale)


def add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:  # (n,) + (n,) -> (n,)
    out = torch.empty_like(x)
    _add[(triton.cdiv(x.numel(), 16),)](x, y, out, x.numel(), BLOCK=16)
    return out


def row_sums(x: torch.Tensor) -> torch.Tensor:  # (rows, cols) -> (rows,)
    out = torch.empty(x.shape[0], dtype=x.dtype)
    _row_sums[(x.shape[0],)](x, out, x.shape[1], BLOCK=16)
    return out


def softmax(x: torch.Tensor) -> torch.Tensor:  # (rows, cols) -> (rows, cols)
    out = torch.empty_like(x)
    _softmax[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


def dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:  # (N, N) @ (N, N) -> (N, N)
    out = torch.empty_like(a)
    _dot[(1,)](a, b, out, N=a.shape[0])
    return out


def scaled(x: torch.Tensor, scale: float) -> torch.Tensor:  # (n,) -> (n,) in fp32
    out = torch.empty(x.shape, dtype=torch.float32)
    _scaled[(1,)](x, out, scale, BLOCK=x.numel())
    return out


def read_past_the_end(x: torch.Tensor) -> torch.Tensor:
    """A load of 16 lanes without a mask."""
    out = torch.empty(16)
    _unmasked[(1,)](x, out, BLOCK=16)
    return out


def break_off(out: torch.Tensor) -> None:
    """A loop with a `break`, which no GPU has."""
    _breaks_off[(1,)](out, out.numel())
