"""Guards the advice that shows code: typed in the place of what was refused, it compiles."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from triton_quest.child.sentences.compiling import CompileFinding, explain
from triton_quest.child.triton.frontend import compile_front_end

FILE = """\
import math

import torch
import triton
import triton.language as tl

WIDTH = 4
{above}

{decorator}
def helper(x):
    return x + 1


@triton.jit
def kernel(x_ptr, h_ptr, n, one, scale, N: tl.constexpr):
    lanes = tl.arange(0, N)
    x = tl.load(x_ptr + lanes)
    mask = lanes < n
    square = lanes[:, None] * N + lanes[None, :]
    h = tl.load(h_ptr + square)
    {line}
    tl.store(x_ptr + lanes, x)
"""

# What the learner wrote, the code in the advice, and what is typed where the advice speaks of `x`, `mask` and others in general.
LINES = (
    ("y = tl.zeros(N, N)", 'tl.zeros((N, N), dtype=tl.float32)', "y = tl.zeros((N, N), dtype=tl.float32)"),
    ("y = tl.zeros(N, dtype=tl.float16)", "tl.zeros((N,), dtype=tl.float16)", "y = tl.zeros((N,), dtype=tl.float16)"),
    ("y = tl.full(N, N, 0.0, tl.float32)", "tl.full((N, N), 0.0, dtype=tl.float32)", "y = tl.full((N, N), 0.0, dtype=tl.float32)"),
    ("y = tl.full((N, N), 0.0)", "tl.full((N, N), 0.0, dtype=tl.float32)", "y = tl.full((N, N), 0.0, dtype=tl.float32)"),
    ("y = int(n / 2)", "n // 2", "y = n // 2"),
    ("y = int(n * 2)", "tl.cast(n * 2, tl.int32)", "y = tl.cast(n * 2, tl.int32)"),
    ("y = float(n)", "tl.cast(n, tl.float32)", "y = tl.cast(n, tl.float32)"),
    ("y = tl.arange(n * N, (n + 1) * N)", "n * N + tl.arange(0, N)", "y = n * N + tl.arange(0, N)"),
    ("y = tl.arange(n, n + N)", "n + tl.arange(0, N)", "y = n + tl.arange(0, N)"),
    ("y = len(x)", "x.shape[0]", "y = x.shape[0]"),
    ("y = tl.dot(h * scale, h)", "tl.dot(h, h) * scale", "y = tl.dot(h, h) * scale"),
    ("y = tl.dot(h, scale * h)", "tl.dot(h, h) * scale", "y = tl.dot(h, h) * scale"),
    ("y = tl.dot(h.to(tl.float32), h)", "tl.dot(h.to(tl.float32).to(h.dtype), h)", "y = tl.dot(h.to(tl.float32).to(h.dtype), h)"),
    ("y = mask.any()", "tl.max(mask.to(tl.int32)) > 0", "y = tl.max(mask.to(tl.int32)) > 0"),
    ("y = (mask & mask).all()", "tl.min((mask & mask).to(tl.int32)) > 0", "y = tl.min((mask & mask).to(tl.int32)) > 0"),
    ("y = any(mask)", "tl.max(mask.to(tl.int32)) > 0", "y = tl.max(mask.to(tl.int32)) > 0"),
    ("y = all(mask)", "tl.min(mask.to(tl.int32)) > 0", "y = tl.min(mask.to(tl.int32)) > 0"),
    ("y = tl.sum(x, dim=0)", "tl.sum(x, axis=0)", "y = tl.sum(x, axis=0)"),
    ("y = x.sum(dim=0)", "x.sum(axis=0)", "y = x.sum(axis=0)"),
    ("y = tl.max(x, axis=0, keepdim=True)", "tl.max(x, axis=0, keep_dims=True)", "y = tl.max(x, axis=0, keep_dims=True)"),
    ("y = x.max(axis=0).values", "take `.values` away", "y = x.max(axis=0)"),
    ("y = x.clamp(0.0, 1.0)", "tl.minimum(tl.maximum(x, low), high)", "y = tl.minimum(tl.maximum(x, 0.0), 1.0)"),
    ("y = x.masked_fill(mask, 0.0)", "tl.where(mask, value, x)", "y = tl.where(mask, 0.0, x)"),
    ("y = x.unsqueeze(0)", "x[None, :]", "y = x[None, :]"),
    ("y = h.float()", "x.to(tl.float32)", "y = h.to(tl.float32)"),
    ("y = x.half()", "x.to(tl.float16)", "y = x.to(tl.float16)"),
    ("y = h.t()", "tl.trans(x)", "y = tl.trans(h)"),
    ("y = h.transpose(0, 1)", "tl.trans(x)", "y = tl.trans(h)"),
    ("y = x.amax()", "tl.max(x, axis=0)", "y = tl.max(x, axis=0)"),
    ("y = x.size(0)", "x.shape[0]", "y = x.shape[0]"),
    ("y = tl.inf", 'float("inf")', 'y = float("inf")'),
    ("y = inf", 'float("inf")', 'y = float("inf")'),
    ("y = tl.matmul(h, h)", "tl.dot(a, b)", "y = tl.dot(h, h)"),
    ("y = h @ h", "tl.dot(h, h)", "y = tl.dot(h, h)"),
    ("y = tl.dot(h, h, precision='ieee')", 'tl.dot(h, h, input_precision="ieee")', 'y = tl.dot(h, h, input_precision="ieee")'),
    ("y = n * N + range(N)", "tl.arange(0, N)", "y = n * N + tl.arange(0, N)"),
    ("y = tl.arange(0, n)", "tl.arange(0, N)", "y = tl.arange(0, N)"),
    ("y = tl.zeros((n, N), dtype=tl.float32)", "tl.zeros((N, N), dtype=tl.float32)", "y = tl.zeros((N, N), dtype=tl.float32)"),
    ("y = tl.zeros((N, N))", "tl.zeros((N, N), dtype=tl.float32)", "y = tl.zeros((N, N), dtype=tl.float32)"),
    ("y = tl.load(x_ptr, lanes, mask=mask)", "tl.load(x_ptr + lanes, mask=mask)", "y = tl.load(x_ptr + lanes, mask=mask)"),
    ("y = x_ptr + lanes\n    z = x + y", "tl.load(x_ptr + lanes)", "y = tl.load(x_ptr + lanes)\n    z = x + y"),
    ("y = tl.maximum(x)", "tl.max(x, axis=0)", "y = tl.max(x, axis=0)"),
    ("y = tl.int64(n) * n", "n.to(tl.int64)", "y = n.to(tl.int64) * n"),
    ("y = n.to(torch.int64)", "tl.int64", "y = n.to(tl.int64)"),
    ("y = tl.full((N,), 0.0, tl.fp32)", "tl.float32", "y = tl.full((N,), 0.0, tl.float32)"),
    ("y = triton.program_id(0)", "tl.program_id", "y = tl.program_id(0)"),
    ("y = tl.programid(0)", "tl.program_id", "y = tl.program_id(0)"),
    ("y = scal * x", "is it `scale`", "y = scale * x"),
    ("y = tl.program_id(3)", "the axes 0, 1 and 2", "y = tl.program_id(2)"),
    ("y = tl.transpose(h)", "tl.trans", "y = tl.trans(h)"),
    ("y = tl.amax(x)", "tl.max", "y = tl.max(x)"),
    ("y = tl.pow(x, 2.0)", "tl.exp2(y * tl.log2(x))", "y = tl.exp2(2.0 * tl.log2(x))"),
    ("y = x ** 2", "tl.exp2(y * tl.log2(x))", "y = tl.exp2(2 * tl.log2(x))"),
    ("y = int64", "tl.int64", "y = n.to(tl.int64)"),
    ("y = sorted(x)", "tl.sort", "y = tl.sort(x)"),
    ("y = round(x)", "tl.floor(x + 0.5)", "y = tl.floor(x + 0.5)"),
    ("y = tl.max(x, x)", "tl.maximum(x, y)", "y = tl.maximum(x, x)"),
    ("y = triton.cdiv(n, 2)", "tl.cdiv", "y = tl.cdiv(n, 2)"),
    ("y = math.sqrt(scale)", "tl.sqrt", "y = tl.sqrt(scale)"),
    ("y = tl.exp(h)", "tl.exp(h.to(tl.float32))", "y = tl.exp(h.to(tl.float32))"),
    ("y = tl.exp(lanes)", "tl.exp(lanes.to(tl.float32))", "y = tl.exp(lanes.to(tl.float32))"),
    ("y = h // 2", "tl.floor(x / y)", "y = tl.floor(h.to(tl.float32) / 2)"),
    ("y = 0 < lanes < n", "(a < b) & (b < c)", "y = (0 < lanes) & (lanes < n)"),
    ("y = mask and mask", "(a < b) & (c < d)", "y = mask & mask"),
    ("y = not mask", "~(a < b)", "y = ~mask"),
    ("y = x + WIDTH", "WIDTH = tl.constexpr(...)", "y = x + WIDTH"),
    ("y = helper(x)", "@triton.jit", "y = helper(x)"),
    ("x[0] = 1.0", "tl.where(index == i, new, old)", "x = tl.where(lanes == 0, 1.0, x)"),
    ("y = x_ptr[0]", "tl.load(x_ptr + 0)", "y = tl.load(x_ptr + 0)"),
    ("y = one.to(tl.float32)", "tl.cast(one, tl.float32)", "y = tl.cast(one, tl.float32)"),
    ("y = n * one.to(tl.int64)", "tl.cast(one, tl.int64)", "y = n * tl.cast(one, tl.int64)"),
    ("y = tl.zeros((N,), one.dtype)", "tl.full((), one, tl.int32)", "y = tl.zeros((N,), tl.full((), one, tl.int32).dtype)"),
    ("print(x)", 'print("x", x)', 'print("x", x)'),
    ("H = N // 2\n    y = tl.arange(0, H)", "HALF: tl.constexpr = BLOCK // 2", "H: tl.constexpr = N // 2\n    y = tl.arange(0, H)"),
)  # fmt: skip
MENDED_ABOVE = {"y = x + WIDTH": "WIDTH = tl.constexpr(4)"}
MENDED_HELPER = "y = helper(x)"


def refused(folder: Path, line: str, above: str = "", decorator: str = "") -> list[CompileFinding]:
    file = folder / f"advised_{len(list(folder.iterdir()))}.py"
    file.write_text(FILE.format(line=line, above=above, decorator=decorator))
    module = _loaded(file)
    x, h = torch.ones(16), torch.ones(16, 16, dtype=torch.float16)
    return explain(compile_front_end(lambda: module.kernel[(1,)](x, h, 5, 1, 0.5, N=16), module).refusals)


def _loaded(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = sys.modules[file.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("written", "shown", "typed"), LINES, ids=[written for written, *_ in LINES])
def test_what_is_advised_compiles_where_what_was_written_does_not(
    written: str, shown: str, typed: str, tmp_path: Path
) -> None:
    (finding, *_) = refused(tmp_path, written)
    assert shown in finding.says
    decorator = "@triton.jit" if written == MENDED_HELPER else ""
    assert not refused(tmp_path, typed, MENDED_ABOVE.get(written, ""), decorator)
