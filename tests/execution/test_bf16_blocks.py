"""bf16 in the adapted interpreter: reductions, scans, dot, constants, atomics and printing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import triton
import triton.language as tl


def assert_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert found.dtype == expected.dtype and torch.equal(found.view(torch.int16), expected.view(torch.int16))


@triton.jit
def _reduced(x_ptr, out_ptr, index_ptr, scan_ptr, ROWS: tl.constexpr, COLS: tl.constexpr):
    rows, cols = tl.arange(0, ROWS), tl.arange(0, COLS)
    tile = rows[:, None] * COLS + cols[None, :]
    x = tl.load(x_ptr + tile)
    tl.store(out_ptr + rows, tl.max(x, axis=1))
    tl.store(out_ptr + ROWS + rows, tl.min(x, axis=1))
    tl.store(out_ptr + 2 * ROWS + rows, tl.sum(x, axis=1))
    tl.store(out_ptr + 3 * ROWS, tl.sum(x))
    tl.store(index_ptr + rows, tl.argmax(x, axis=1))
    tl.store(index_ptr + ROWS + rows, tl.argmin(x, axis=1))
    tl.store(scan_ptr + tile, tl.cumsum(x, axis=1))


def sum_by_halves(x: torch.Tensor) -> torch.Tensor:  # (cols, ...) -> (...)
    while len(x) > 1:
        x = x[: len(x) // 2] + x[len(x) // 2 :]
    return x[0]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_reductions_and_scans(dtype: torch.dtype) -> None:
    x = torch.randn(4, 16, generator=torch.Generator().manual_seed(0)).to(dtype)
    out, index, scan = torch.empty(13, dtype=dtype), torch.empty(8, dtype=torch.int32), torch.empty_like(x)
    _reduced[(1,)](x, out, index, scan, ROWS=4, COLS=16)
    assert_same(out[:4], x.amax(1))
    assert_same(out[4:8], x.amin(1))
    assert_same(out[8:12], sum_by_halves(x.t()))
    assert_same(out[12], sum_by_halves(x.flatten()))
    assert torch.equal(index.long(), torch.cat([x.argmax(1), x.argmin(1)]))
    eps = torch.finfo(dtype).eps
    assert torch.allclose(scan.double(), x.double().cumsum(1), rtol=8 * eps, atol=8 * eps)


@triton.jit
def _product(a, b):
    return a * b


@triton.jit
def _combined(x_ptr, out_ptr, BLOCK: tl.constexpr):
    tl.store(out_ptr, tl.reduce(tl.load(x_ptr + tl.arange(0, BLOCK)), 0, _product))


def test_a_combining_function_of_ones_own() -> None:
    x = torch.tensor([1.5, -1.25, 1.125, 3.0]).to(torch.bfloat16)
    out = torch.empty(1, dtype=torch.bfloat16)
    _combined[(1,)](x, out, BLOCK=4)
    assert_same(out, (x[0] * x[1] * x[2] * x[3]).reshape(1))


@triton.jit
def _dot(a_ptr, b_ptr, out_ptr, N: tl.constexpr):
    i = tl.arange(0, N)
    tile = i[:, None] * N + i[None, :]
    acc = tl.full((N, N), 0.5, dtype=tl.float32)
    acc = tl.dot(tl.load(a_ptr + tile), tl.trans(tl.load(b_ptr + tile)), acc)
    tl.store(out_ptr + tile, acc)


def test_dot_accumulates_in_float32() -> None:
    a, b = ((torch.arange(256).reshape(16, 16) * step % 17 - 8).to(torch.bfloat16) / 8 for step in (3, 5))
    out = torch.empty(16, 16)
    _dot[(1,)](a, b, out, N=16)
    assert torch.equal(out, a.float() @ b.float().t() + 0.5)


@triton.jit
def _constants(out_ptr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.full((BLOCK,), 0.1, tl.bfloat16))
    tl.store(out_ptr + BLOCK + i, tl.zeros((BLOCK,), tl.bfloat16))
    tl.store(out_ptr + 2 * BLOCK + i, tl.load(out_ptr + i, mask=i < 2, other=-float("inf")))


def test_constants() -> None:
    out = torch.empty(12, dtype=torch.bfloat16)
    _constants[(1,)](out, BLOCK=4)
    tenth = torch.tensor(0.1, dtype=torch.bfloat16).item()
    infinity = float("inf")
    assert out.tolist() == [tenth] * 4 + [0.0] * 4 + [tenth, tenth, -infinity, -infinity]


@triton.jit
def _atomic(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.atomic_add(out_ptr + i % 2, tl.load(x_ptr + i), mask=i < n)


def test_atomic_addition_also_to_one_address_from_many_lanes() -> None:
    x, out = torch.arange(8).to(torch.bfloat16), torch.tensor([0.5, -1.0]).to(torch.bfloat16)
    _atomic[(1,)](x, out, 7, BLOCK=8)
    assert out.tolist() == [0.5 + 0 + 2 + 4 + 6, -1.0 + 1 + 3 + 5]


@triton.jit
def _printing(x_ptr):
    x = tl.load(x_ptr + tl.arange(0, 2))
    print(x)
    tl.device_print("x", x)


def test_printing_shows_values(capsys: pytest.CaptureFixture[str]) -> None:
    _printing[(1,)](torch.tensor([1.5, -2.0]).to(torch.bfloat16))
    python, device = capsys.readouterr().out.splitlines()
    assert "1.5" in python and "-2." in python
    assert "1.5" in device and "-2." in device


class Recorder:
    """Stands in for Triton's memory functions, as a memory model does."""

    def __init__(self, functions: Any) -> None:
        self.functions = functions
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.called.add(name)
        return getattr(self.functions, name)


def test_memory_functions_can_be_replaced_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(triton.runtime.interpreter._interpreter)
    monkeypatch.setattr(triton.runtime.interpreter, "_interpreter", recorder)
    test_atomic_addition_also_to_one_address_from_many_lanes()
    assert recorder.called == {"load", "atomic_cas"}  # an addition is never a plain store to such a model
