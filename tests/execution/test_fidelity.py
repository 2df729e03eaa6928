"""Where the interpreter differs silently from a GPU, the adapted one gives the GPU's answer, as an H200 gave it."""

from __future__ import annotations

import warnings

import pytest
import torch
import triton
import triton.language as tl

NAN, INF = float("nan"), float("inf")


@triton.jit
def _scaled(x_ptr, out_ptr, scale, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i) * scale)


def test_a_float_argument_is_an_fp32_scalar() -> None:
    x, out = torch.full((4,), 0.1, dtype=torch.float16), torch.empty(4)
    _scaled[(1,)](x, out, 0.1, BLOCK=4)
    assert out.tolist() == [0.009997558780014515] * 4  # the H200's number; rounded to fp16 it is 0.00999450...


@triton.jit
def _flagged(out_ptr, flag, BLOCK: tl.constexpr):
    if flag:
        tl.store(out_ptr + tl.arange(0, BLOCK), 1.0)


def test_a_bool_argument_is_a_flag() -> None:
    outputs = torch.zeros(2, 4)
    for flag in (False, True):
        _flagged[(1,)](outputs[int(flag)], flag, BLOCK=4)
    assert outputs.tolist() == [[0.0] * 4, [1.0] * 4]


@triton.jit
def _booleans(out_ptr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    a, b = i > 1, i > 2
    tl.store(out_ptr + i, (a + b).to(tl.int32))
    tl.store(out_ptr + BLOCK + i, (a - b).to(tl.int32))
    tl.store(out_ptr + 2 * BLOCK + i, (~(i.to(tl.uint32)) >> 31).to(tl.int32))


def test_booleans_are_integers_of_one_bit() -> None:
    out = torch.empty(12, dtype=torch.int32)
    _booleans[(1,)](out, BLOCK=4)
    assert out.tolist() == [0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1]


@triton.jit
def _extremes(x_ptr, y_ptr, out_ptr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x, y = tl.load(x_ptr + i), tl.load(y_ptr + i)
    tl.store(out_ptr + i, tl.maximum(x, y))
    tl.store(out_ptr + BLOCK + i, tl.minimum(x, y))
    tl.store(out_ptr + 2 * BLOCK + i, tl.max(x, 0) + 0 * i)
    tl.store(out_ptr + 3 * BLOCK + i, tl.argmax(x, 0) + 0 * i)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_nan_is_dropped_by_extremes_and_no_index_raises(dtype: torch.dtype) -> None:
    x, y = torch.tensor([1, NAN, 3, NAN], dtype=dtype), torch.tensor([NAN, 2, 2, NAN], dtype=dtype)
    out = torch.empty(16)
    _extremes[(1,)](x, y, out, BLOCK=4)
    assert str(out.tolist()) == str([1.0, 2.0, 3.0, NAN, 1.0, 2.0, 2.0, NAN, *[3.0] * 4, *[2.0] * 4])
    _extremes[(1,)](torch.full_like(x, NAN), y, out, BLOCK=4)
    assert out[8:12].isnan().all() and out[12:].tolist() == [0.0] * 4


@triton.jit
def _integer_sum(x_ptr, out_ptr, BLOCK: tl.constexpr):
    tl.store(out_ptr, tl.sum(tl.load(x_ptr + tl.arange(0, BLOCK)), 0))


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint32])
def test_integer_sums_wrap_around(dtype: torch.dtype) -> None:
    x, out = torch.full((4,), 2**31 - 1, dtype=dtype), torch.empty(1, dtype=dtype)
    _integer_sum[(1,)](x, out, BLOCK=4)
    assert out.tolist() == [-4 if dtype == torch.int32 else 2**32 - 4]


@triton.jit
def _warning(x_ptr, out_ptr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i)
    m = tl.max(x, 0)
    tl.store(out_ptr + i, tl.exp(x - m) / tl.sum(x * 0.0, 0) + tl.log(x) + (x * 1e30).to(tl.float16).to(tl.float32))


def test_no_warning_escapes_and_ones_own_do() -> None:
    out = torch.empty(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for row in ([-INF] * 4, [NAN] * 4, [INF, -1.0, 0.0, 3e38]):
            _warning[(1,)](torch.tensor(row), out, BLOCK=4)
        with pytest.raises(RuntimeWarning):
            warnings.warn("still heard", RuntimeWarning, stacklevel=1)


@triton.jit
def _documented(out_ptr, n, BLOCK: tl.constexpr):
    """The algorithm is the one in
    def softmax of the book, and
    def is the first word of this line too.
    """
    for start in range(0, n, BLOCK):
        tl.store(out_ptr + start + tl.arange(0, BLOCK), start)


def test_a_docstring_may_speak_of_def_and_a_loop_may_end_at_a_runtime_bound() -> None:
    out = torch.empty(8, dtype=torch.int32)
    _documented[(1,)](out, 8, BLOCK=4)
    assert out.tolist() == [0] * 4 + [4] * 4


def test_lines_of_a_kernel_stay_those_of_the_file() -> None:
    @triton.jit
    def failing(x_ptr):
        """Starts with
        def in its docstring."""
        tl.store(x_ptr + tl.arange(0, 3), 0.0)

    with pytest.raises(Exception) as raised:  # noqa: B017
        failing[(1,)](torch.zeros(4))
    frames = []
    cause = raised.value.__cause__
    trace = cause.__traceback__ if cause else None
    while trace is not None:
        frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    first = test_lines_of_a_kernel_stay_those_of_the_file.__code__.co_firstlineno
    assert (__file__, first + 5) in frames


@triton.jit
def _kernel_of_its_own(out_ptr):
    tl.store(out_ptr, 1.0)


def test_rewriting_a_kernel_leaves_no_names_in_its_module() -> None:
    _kernel_of_its_own[(1,)](torch.zeros(1))
    assert not {"np", "math", "inspect", "partial", "dataclass", "TensorHandle"} & set(globals())
