"""What a GPU runs and the plain interpreter refuses runs here, with a GPU's answer; what can't be run says what it is."""

from __future__ import annotations

import linecache
import math
from typing import Any

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from hypothesis import given
from hypothesis import strategies as st
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.language.extra import libdevice
from triton.language.extra.cuda import libdevice as cuda_libdevice
from triton.runtime.errors import InterpreterError

from triton_quest.child.triton import fake_driver
from triton_quest.child.triton import libdevice as computed
from triton_quest.child.triton.frontend import compile_front_end
from triton_quest.child.triton.scalars import Counter, WideCounter
from triton_quest.child.triton.unverifiable import NotInterpretable, what_is_lacking

THIS = __import__("sys").modules[__name__]


def compiles(launch: Any) -> bool:
    report = compile_front_end(launch, THIS, shared_memory=False)
    return not report.refusals and report.launcher_error is None and bool(report.compiled)


# Scalars


@triton.jit
def _counts(out_ptr, n, wide):
    for i in range(0, n, 2):
        tl.store(out_ptr + i, (i * 3 + 1).to(tl.int64) * 1000000000 * 8)
    for j in tl.range(n):
        zero = tl.zeros((), dtype=j.dtype)
        tl.store(out_ptr + 8 + j, j + zero + j.dtype.primitive_bitwidth)
    for k in range(wide, wide + 2):
        tl.store(out_ptr + 16 + (k - wide), k.dtype.primitive_bitwidth)


def test_a_loop_variable_is_a_scalar_of_the_bounds_type() -> None:
    def launch() -> torch.Tensor:
        out = torch.zeros(18, dtype=torch.int64)
        _counts[(1,)](out, 4, 2**40)
        return out

    assert compiles(launch)
    assert launch().tolist() == [8000000000, 0, 56000000000] + [0] * 5 + [32, 33, 34, 35] + [0] * 4 + [64, 64]


@triton.jit
def _chooses(out_ptr, n, scale):
    first, second = 3, 0.5
    tl.store(out_ptr, first.to(tl.float32) + second.to(tl.float32))
    tl.store(out_ptr + 1, min(n, 5).to(tl.float32))
    tl.store(out_ptr + 2, max(n, 5).to(tl.float32))
    tl.store(out_ptr + 3, max(scale, 1.0).to(tl.float32))
    tl.store(out_ptr + 4, min(n, 5).dtype.primitive_bitwidth)
    tl.store(out_ptr + 5, min(7, 5))


def test_what_min_max_and_several_targets_set_are_scalars() -> None:
    def launch(n: int) -> torch.Tensor:
        out = torch.zeros(6)
        _chooses[(1,)](out, n, 0.25)
        return out

    assert compiles(lambda: launch(9))
    assert launch(9).tolist() == [3.5, 5.0, 9.0, 1.0, 32.0, 5.0]
    assert launch(2**40).tolist()[4] == 64.0  # the other one's type, whichever is chosen


@triton.jit
def _finds_the_largest(x_ptr, out_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(out_ptr, tl.argmax(x, axis=0))  # in Triton's own source: (_, index) = max(...)


def test_tritons_own_max_is_left_alone() -> None:
    out = torch.zeros(1, dtype=torch.int32)
    _finds_the_largest[(1,)](torch.tensor([1.0, 4.0, 2.0, 3.0]), out, 4)
    assert out.item() == 1


@triton.jit
def _unrolls(out_ptr, N: tl.constexpr):
    for i in tl.static_range(N):
        tl.store(out_ptr + i, i.to(tl.float32))


def test_an_unrolled_loop_counts_in_constants_here_as_there() -> None:
    with pytest.raises(InterpreterError, match="'int' object has no attribute 'to'"):
        _unrolls[(1,)](torch.zeros(4), N=4)
    assert not compiles(lambda: _unrolls[(1,)](torch.zeros(4), N=4))


@given(st.integers(-(2**20), 2**20), st.integers(-(2**20), 2**20), st.sampled_from("+-*&|^"))
def test_counters_compute_as_whole_numbers_and_stay_counters(a: int, b: int, operator: str) -> None:
    expected = eval(f"{a} {operator} {b}")
    for left, right in ((Counter(a), b), (a, Counter(b)), (Counter(a), Counter(b))):
        result = eval(f"left {operator} right", {"left": left, "right": right})
        assert result == expected and type(result) is Counter
    assert type(-WideCounter(a)) is WideCounter and (Counter(a) < b) is (a < b)


# Kernels made in functions


def _made(block: Any, factor: Any, helper: Any = None):
    @triton.jit
    def kernel(x_ptr, out_ptr, n, ADDED: tl.constexpr = 10):
        offsets = tl.program_id(0) * block + tl.arange(0, block)
        x = tl.load(x_ptr + offsets, mask=offsets < n)
        tl.store(out_ptr + offsets, x * factor + ADDED, mask=offsets < n)

    return kernel


@pytest.mark.parametrize("block, factor", [(4, 2), (8, 3)])
def test_a_kernel_keeps_the_constants_of_the_function_that_made_it(block: int, factor: int) -> None:
    kernel, x = _made(tl.constexpr(block), tl.constexpr(factor)), torch.arange(10.0)

    def launch(**options: Any) -> torch.Tensor:
        out = torch.zeros(10)
        kernel[(triton.cdiv(10, block),)](x, out, 10, **options)
        return out

    assert compiles(launch)
    assert launch().equal(x * factor + 10) and launch(ADDED=1).equal(x * factor + 1)


def test_an_error_in_a_made_kernel_is_on_its_line() -> None:
    kernel = _made(tl.constexpr(4), "text")
    with pytest.raises(InterpreterError) as caught:
        kernel[(1,)](torch.ones(4), torch.ones(4), 4)
    link: BaseException = caught.value
    lines = set()
    while link is not None:
        traceback = link.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_name == "kernel":
                lines.add(linecache.getline(__file__, traceback.tb_lineno).strip())
            traceback = traceback.tb_next
        link = link.__cause__
    assert lines == {"tl.store(out_ptr + offsets, x * factor + ADDED, mask=offsets < n)"}


@triton.jit
def _numbers_programs(out_ptr):
    tl.store(out_ptr + tl.program_id(0) * 2 + tl.program_id(1), 1.0 + tl.program_id(0))


@pytest.mark.parametrize("grid", [[2, 2], lambda meta: [2, 2], (2, 2)], ids=["list", "function", "tuple"])
def test_a_grid_may_be_a_list(grid: Any) -> None:
    out = torch.zeros(4)
    _numbers_programs[grid](out)
    assert out.tolist() == [1.0, 1.0, 2.0, 2.0]
    assert compiles(lambda: _numbers_programs[grid](out))


# Products of bf16 parts


@triton.jit
def _multiplies(a_ptr, b_ptr, out_ptr, N: tl.constexpr, PRECISION: tl.constexpr):
    offsets = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    product = tl.dot(tl.load(a_ptr + offsets), tl.load(b_ptr + offsets), input_precision=PRECISION)
    tl.store(out_ptr + offsets, product)


@pytest.mark.parametrize("precision, least, most", [("bf16x3", 5e-5, 5e-4), ("bf16x6", 5e-7, 2e-5)])
def test_bf16_parts_lose_what_an_h200_loses(precision: str, least: float, most: float) -> None:
    """On an H200, for a product of this size: 1.4e-4 and 4.4e-6."""
    draw = torch.Generator().manual_seed(0)
    a, b, out = torch.randn(64, 64, generator=draw), torch.randn(64, 64, generator=draw), torch.empty(64, 64)
    _multiplies[(1,)](a, b, out, 64, precision)
    assert least < (out - a.double() @ b.double()).abs().max() < most
    assert compiles(lambda: _multiplies[(1,)](a, b, out, 64, precision))


# libdevice


@triton.jit
def _one_argument(x_ptr, out_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(out_ptr + tl.arange(0, N), libdevice.exp(x))
    tl.store(out_ptr + N + tl.arange(0, N), cuda_libdevice.tanh(x))
    tl.store(out_ptr + 2 * N + tl.arange(0, N), libdevice.pow(x, 2.0))
    tl.store(out_ptr + 3 * N + tl.arange(0, N), libdevice.isnan(x).to(tl.float32))
    tl.store(out_ptr + 4 * N + tl.arange(0, N), libdevice.fast_expf(x))
    tl.store(out_ptr + 5 * N + tl.arange(0, N), libdevice.float2int_rz(x).to(tl.float32))


def test_libdevice_is_computed_and_compiles() -> None:
    x, out = torch.tensor([0.5, 1.0, 2.5, 4.0]), torch.empty(6, 4)

    def launch() -> None:
        _one_argument[(1,)](x, out, 4)

    assert compiles(launch)
    launch()
    torch.testing.assert_close(out, torch.stack([x.exp(), x.tanh(), x**2, x * 0, x.exp(), x.trunc()]))


def test_a_dtype_that_libdevice_lacks_is_refused_by_both() -> None:
    x, out = torch.ones(4, dtype=torch.float16), torch.empty(6, 4)
    with pytest.raises(InterpreterError):
        _one_argument[(1,)](x, out, 4)
    assert not compiles(lambda: _one_argument[(1,)](x, out, 4))


EXACT = {
    "erf": math.erf, "erfc": math.erfc, "lgamma": math.lgamma, "tgamma": math.gamma, "log1p": math.log1p, "expm1": math.expm1,
    "cbrt": lambda x: math.copysign(abs(x) ** (1 / 3), x), "rsqrt": lambda x: x**-0.5, "sinpi": lambda x: math.sin(math.pi * x),
    "exp10": lambda x: 10**x, "round": lambda x: math.copysign(math.floor(abs(x) + 0.5), x), "rint": round,
    "normcdf": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2,
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
@given(st.floats(0.0625, 4.0, width=32))
def test_each_function_is_what_its_name_says(name: str, x: float) -> None:
    for symbol, dtype, tolerance in ((f"__nv_{name}", np.float64, 1e-9), (f"__nv_{name}f", np.float32, 2e-5)):
        function = computed.function_of(symbol)
        assert function is not None
        assert float(function(np.array([x], dtype))[0]) == pytest.approx(EXACT[name](x), rel=tolerance, abs=tolerance)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
def test_integer_functions_work_on_bits(a: int, b: int) -> None:
    one, other = np.array([a], np.int32), np.array([b], np.int32)
    assert computed.function_of("__nv_popc")(one)[0] == bin(a & 0xFFFFFFFF).count("1")  # type: ignore[misc]
    assert computed.function_of("__nv_clz")(one)[0] == 32 - (a & 0xFFFFFFFF).bit_length()  # type: ignore[misc]
    assert computed.function_of("__nv_mulhi")(one, other)[0] == (a * b) >> 32  # type: ignore[misc]
    assert computed.function_of("__nv_hadd")(one, other)[0] == (a + b) >> 1  # type: ignore[misc]


@pytest.mark.parametrize(
    "symbol, value, whole",
    [
        ("__nv_float2int_rn", 2.5, 2), ("__nv_float2int_ru", 2.1, 3), ("__nv_float2int_rd", -2.1, -3),
        ("__nv_float2int_rz", float("nan"), 0), ("__nv_float2int_rz", 1e20, 2**31 - 1), ("__nv_float2int_rz", -1e20, -(2**31)),
    ],
)  # fmt: skip
def test_floats_become_whole_numbers_as_on_a_gpu(symbol: str, value: float, whole: int) -> None:
    assert int(computed.function_of(symbol)(np.array([value], np.float32))[0]) == whole  # type: ignore[misc]


# Mapped functions


@triton.jit
def _branches(a, b):
    if a > b:
        return a * 10, b
    else:  # noqa: RET505  as the documentation of map_elementwise writes it
        return b, a * 0


@triton.jit
def _adds_neighbours(a, b):
    return a + b, a - b


@triton.jit
def _maps(x_ptr, y_ptr, out_ptr, N: tl.constexpr):
    i = tl.arange(0, N)
    larger, other = tl.map_elementwise(_branches, tl.load(x_ptr + i), tl.load(y_ptr + i))
    tl.store(out_ptr + i, larger)
    tl.store(out_ptr + N + i, other)
    tl.store(out_ptr + 2 * N + i, tl.map_elementwise(_adds_neighbours, tl.load(x_ptr + i), pack=2)[0])


def test_a_mapped_function_takes_the_branch_of_each_element() -> None:
    x, y, out = torch.tensor([1.0, 5.0, 3.0, 8.0]), torch.tensor([2.0, 4.0, 6.0, 7.0]), torch.zeros(3, 4)
    _maps[(1,)](x, y, out, 4)
    assert out.tolist() == [[2.0, 50.0, 6.0, 80.0], [0.0, 4.0, 0.0, 7.0], [6.0, -4.0, 11.0, -5.0]]
    assert compiles(lambda: _maps[(1,)](x, y, out, 4))


# What can't be run


@triton.jit
def _assembles(x_ptr, out_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    y = tl.inline_asm_elementwise("add.f32 $0, $1, $1;", "=f,f", [x], dtype=tl.float32, is_pure=True, pack=1)
    tl.store(out_ptr + tl.arange(0, N), y)


@gluon.jit
def _in_gluon(out_ptr, N: gl.constexpr, layout: gl.constexpr):
    gl.store(out_ptr + gl.arange(0, N, layout=layout), 1.0)


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def test_inline_assembly_compiles_and_is_said_not_to_be_interpretable() -> None:
    def launch() -> None:
        _assembles[(1,)](torch.ones(16), torch.ones(16), 16)

    assert compiles(launch)
    with pytest.raises(InterpreterError) as caught:
        launch()
    assert what_is_lacking(_root(caught.value)) == "inline assembly"


def test_a_kernel_in_gluon_is_compiled_and_not_launched() -> None:
    def launch(warps: int) -> None:
        _in_gluon[(1,)](torch.ones(128), 128, gl.BlockedLayout([1], [32], [warps], [0]), num_warps=4)

    with fake_driver.activated():
        assert compiles(lambda: launch(4))
        (refusal,) = compile_front_end(lambda: launch(8), THIS, [80], shared_memory=False).refusals
        assert "8 warps per CTA" in refusal.reason or "invalid layout" in refusal.reason
        assert "gl.arange" in refusal.source_line
        with pytest.raises(NotInterpretable, match="`_in_gluon`, a kernel in Gluon"):
            launch(4)


def test_only_what_the_interpreter_lacks_is_excused() -> None:
    assert what_is_lacking(AttributeError("'int' object has no attribute 'to'", obj=3, name="to")) is None
    assert what_is_lacking(NotImplementedError("the learner's own")) is None
    assert what_is_lacking(ValueError("wrong")) is None
