"""The speed-ups change no result, and leave `triton.language` as it was after each launch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import triton
import triton.language as tl

from triton_quest.child.instruments.launches import LaunchLog, observed
from triton_quest.child.triton import interpreter, recording, speed

SPEED_UPS = {patch.name for patch in (*speed.PATCHES, *recording.PATCHES)}
KEPT = {"runtime loop bounds", "integer sums wrap around"}  # without them these kernels do not run on Triton 3.6
ALL_BUT_SPEED = {patch.name for patch in interpreter.PATCHES} - SPEED_UPS - KEPT


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    before = interpreter.enabled()
    interpreter.disable()
    members = snapshot()
    yield
    interpreter.disable()
    for (owner, name), member in members.items():
        if vars(owner)[name] is not member:  # what Triton leaves behind without the adaptations
            setattr(owner, name, member)
    if before:
        interpreter.enable()


def snapshot() -> dict[tuple[Any, str], object]:
    owners = (tl, tl.core, tl.math, tl.tensor, tl.dtype, tl.core.tensor_descriptor_base)
    return {(owner, name): member for owner in owners for name, member in vars(owner).items()}


@triton.jit
def _attention(q_ptr, k_ptr, v_ptr, o_ptr, scale, S, BLOCK: tl.constexpr, D: tl.constexpr):
    offs_m, offs_d = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.arange(0, D)
    q = tl.load(q_ptr + offs_m[:, None] * D + offs_d[None, :], mask=offs_m[:, None] < S, other=0.0)
    m_i = tl.full((BLOCK,), -float("inf"), dtype=tl.float32)
    l_i = tl.zeros((BLOCK,), dtype=tl.float32)
    acc = tl.zeros((BLOCK, D), dtype=tl.float32)
    for start in range(0, tl.minimum((tl.program_id(0) + 1) * BLOCK, S), BLOCK):
        offs_n = start + tl.arange(0, BLOCK)
        k = tl.load(k_ptr + offs_n[:, None] * D + offs_d[None, :], mask=offs_n[:, None] < S, other=0.0)
        qk = tl.dot(q, tl.trans(k)) * scale
        qk = tl.where((offs_n[None, :] < S) & (offs_m[:, None] >= offs_n[None, :]), qk, -float("inf"))
        m_new = tl.maximum(m_i, tl.max(qk, axis=1))
        alpha, p = tl.exp(m_i - m_new), tl.exp(qk - m_new[:, None])
        l_i = l_i * alpha + tl.sum(p, axis=1)
        v = tl.load(v_ptr + offs_n[:, None] * D + offs_d[None, :], mask=offs_n[:, None] < S, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc * alpha[:, None])
        m_i = m_new
    tl.store(o_ptr + offs_m[:, None] * D + offs_d[None, :], acc / l_i[:, None], mask=offs_m[:, None] < S)


def attention(dtype: torch.dtype) -> torch.Tensor:
    q, k, v = (torch.randn(40, 16, generator=torch.Generator().manual_seed(seed)).to(dtype) for seed in range(3))
    out = torch.zeros_like(q)
    _attention[(3,)](q, k, v, out, 0.25, 40, BLOCK=16, D=16)
    return out


@triton.jit
def _integers(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=7)
    total = tl.sum(x * 1000003 + (x << 3) - x // 5 + x % 7, axis=0) + tl.cdiv(n, 3)
    tl.store(out_ptr + i, tl.cumsum(x, 0) + tl.max(x, 0) * total, mask=i < n)


def integers(dtype: torch.dtype) -> torch.Tensor:
    x = torch.arange(30).to(dtype) * 91
    out = torch.zeros_like(x)
    _integers[(1,)](x, out, 30, BLOCK=32)
    return out


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("kernel", "dtype"),
    [(attention, torch.float32), (attention, torch.float16), (integers, torch.int32), (integers, torch.int64)],
)
def test_results_are_the_same_to_the_bit(kernel, dtype) -> None:
    interpreter.enable(without=ALL_BUT_SPEED | SPEED_UPS)
    slow = kernel(dtype)
    interpreter.disable()
    assert set(interpreter.enable(without=ALL_BUT_SPEED).applied) >= SPEED_UPS
    assert torch.equal(kernel(dtype), slow)
    for alone in sorted(SPEED_UPS):
        interpreter.disable()
        interpreter.enable(without=ALL_BUT_SPEED | SPEED_UPS - {alone})
        assert torch.equal(kernel(dtype), slow), alone


def assert_pristine() -> None:
    for member in (tl.load, tl.core.load, tl.core.reduce, tl.reduce, tl.math.exp, tl.tensor.__add__, tl.tensor.to):
        assert tl.core.is_builtin(member)


def test_the_language_is_put_back_after_a_launch() -> None:
    interpreter.enable()
    attention(torch.float32)
    before = snapshot()
    integers(torch.int32)
    attention(torch.float16)
    after = snapshot()
    assert [key for key in after if after[key] is not before.get(key)] == []
    assert_pristine()


@triton.jit
def _failing(x_ptr, BLOCK: tl.constexpr):
    total = tl.sum(tl.load(x_ptr + tl.arange(0, BLOCK)), 0)
    tl.store(x_ptr + tl.arange(0, BLOCK), total + tl.arange(0, 3))


def test_the_language_is_put_back_after_a_kernel_that_raises() -> None:
    interpreter.enable()
    with pytest.raises(Exception, match="power of 2"):
        _failing[(1,)](torch.zeros(4), BLOCK=4)
    assert_pristine()


def test_the_language_is_put_back_after_a_device_function_called_from_the_host() -> None:
    interpreter.enable()
    assert tl.cdiv(10, 4) == 3
    assert_pristine()


def test_launches_can_be_observed_on_top_and_inside_each_other() -> None:
    interpreter.enable()
    outer, inner = LaunchLog(), LaunchLog()
    with observed(outer), observed(inner):
        integers(torch.int32)
    integers(torch.int32)
    assert [launch.kernel for launch in outer.launches] == ["_integers"] == [launch.kernel for launch in inner.launches]
    assert_pristine()


@triton.jit
def _wrong_shape(x_ptr, n):
    tl.store(x_ptr + tl.arange(0, 4), tl.zeros((n,), dtype=tl.float32))


def test_a_mistake_in_a_shape_keeps_its_own_error() -> None:
    messages = []
    for enable in (interpreter.disable, interpreter.enable):
        enable()
        with pytest.raises(Exception) as raised:  # noqa: B017
            _wrong_shape[(1,)](torch.zeros(4), 4)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


def test_a_block_type_knows_its_own_element() -> None:
    interpreter.enable()
    for element in (tl.float32, tl.pointer_type(tl.float32), tl.pointer_type(tl.float16), tl.float32):
        block = tl.block_type(element, [2, 4])
        assert block.element_ty is element and block.scalar is element
        assert list(block.shape) == [2, 4] and block.numel == 8 and str(element) in block.name
