"""Guards what levels 10 and 11 say of inputs that they can't take, and that the rivals of level 10 compute what it asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend

from tests.judge.conftest import adapted_interpreter, as_a_child  # noqa: F401  fixtures, and the interpreter is on
from triton_quest.child.judge import code
from triton_quest.child.measure import rivals
from triton_quest.course.level import Level
from triton_quest.course.table import find
from triton_quest.utils import baseline

Launcher = Callable[..., Any]


def level(slug: str) -> Level:
    found = find(slug)
    assert found is not None
    return found


def launcher(slug: str) -> Launcher:
    return code.launcher_of(code.load(level(slug).folder / "solution.py"), level(slug))


def qkv(hq: int = 4, hkv: int = 2, m: int = 3, n: int = 7, dim: int = 16) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    shapes = ((1, hq, m, dim), (1, hkv, n, dim), (1, hkv, n, dim))
    q, k, v = (torch.randn(*shape, generator=generator) for shape in shapes)
    return q, k, v


@pytest.mark.usefixtures("as_a_child")
def test_grouped_query_attention_says_what_it_cannot_take() -> None:
    attention = launcher("grouped-query-attention")
    q, k, v = qkv()
    refused = {
        "the query heads must be a multiple of the key/value heads, not 5 and 2": (qkv(hq=5), {}),
        "the query heads must be a multiple of the key/value heads, not 2 and 4": (qkv(hq=2, hkv=4), {}),
        "8 queries don't fit 7 keys": (qkv(m=8), {}),
        "D = 16, 32, 64 or 128 and a key, not D = 24 and N = 7": (qkv(dim=24), {}),
        "a positive sm_scale, not 0.0": ((q, k, v), {"sm_scale": 0.0}),
        "of one dtype on one device": ((q, k.half(), v), {}),
        "float32, float16 or bfloat16, not torch.float64": ((q.double(), k.double(), v.double()), {}),
        r"k and v \(B, Hkv, N, D\), not": ((q, k, v[:, :, 1:]), {}),
    }
    for says, (inputs, keywords) in refused.items():
        with pytest.raises(ValueError, match=says):
            attention(*inputs, **keywords)
    assert attention(*qkv(m=8), causal=False).shape == (1, 4, 8, 16)


@pytest.mark.usefixtures("as_a_child")
def test_softmax_backward_says_what_it_cannot_take() -> None:
    backward = launcher("softmax-backward")
    y, dy = torch.rand(3, 5), torch.rand(3, 5)
    refused = {
        r"two matrices of one shape, not \(3, 5\) and \(5, 3\)": (y, dy.T),
        r"two matrices of one shape, not \(5,\) and \(5,\)": (y[0], dy[0]),
        "of one dtype on one device, not torch.float32 and torch.float16": (y, dy.half()),
        "1 to 32768 columns, not 32769": (torch.rand(1, 32769), torch.rand(1, 32769)),
        "1 to 32768 columns, not 0": (y[:, :0], dy[:, :0]),
    }
    for says, inputs in refused.items():
        with pytest.raises(ValueError, match=says):
            backward(*inputs)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("lengths", [(7, 7), (1, 9)], ids=["prefill", "decode"])
def test_a_backend_that_is_raced_computes_what_level_10_asks_for(lengths: tuple[int, int], causal: bool) -> None:
    raced = rivals.sdpa(SDPBackend.MATH, level("grouped-query-attention"))
    q, k, v = qkv(m=lengths[0], n=lengths[1])
    assert torch.allclose(
        raced(q, k, v, causal=causal), baseline.grouped_query_attention(q, k, v, causal=causal), atol=1e-6
    )


def test_the_operator_that_is_raced_computes_what_level_11_asks_for() -> None:
    y, dy = torch.softmax(torch.randn(3, 5), dim=-1), torch.randn(3, 5)
    assert torch.allclose(rivals.eager(level("softmax-backward"))(y, dy), baseline.softmax_backward(y, dy), atol=1e-6)


def test_the_truth_of_level_11_is_the_gradient_that_autograd_gives() -> None:
    x = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    dy = torch.randn(3, 5, dtype=torch.float64)
    y = torch.softmax(x, dim=-1)
    y.backward(dy)
    assert torch.allclose(baseline.softmax_backward(y.detach(), dy), x.grad)


def test_the_truth_of_level_10_is_level_8s_on_heads_repeated_one_by_one() -> None:
    q, k, v = qkv(m=7)
    repeated = (x.repeat_interleave(2, dim=1) for x in (k, v))
    assert torch.allclose(
        baseline.grouped_query_attention(q, k, v), baseline.flash_attention(q, *repeated, causal=True), atol=1e-6
    )
