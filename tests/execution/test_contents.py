"""Kernels that compile alike have the same contents, and no others: what went through once isn't compiled again."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from triton_quest.child.triton import arithmetic, frontend
from triton_quest.child.triton.contents import Unknown, contents
from triton_quest.child.triton.frontend import compile_front_end
from triton_quest.child.triton.language import twin_of
from triton_quest.child.triton.lowering import FrontEnd

TEXT = """
import triton
import triton.language as tl

FACTOR = tl.constexpr(2)
WORD = "a"

@triton.jit
def twice(x):
    return x * FACTOR

@triton.jit
def kernel(x_ptr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(x_ptr + i, twice(tl.load(x_ptr + i)))
"""


def module(folder: Path, name: str, text: str) -> ModuleType:
    (folder / f"{name}.py").write_text(text)
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


def contents_of(folder: Path, name: str, text: str) -> object:
    return contents(twin_of(module(folder, name, text).kernel))


def test_the_same_text_on_other_lines_of_another_file_has_the_same_contents(tmp_path: Path) -> None:
    assert contents_of(tmp_path, "one", TEXT) == contents_of(tmp_path, "two", "# a line\n" + TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x * FACTOR", "x + FACTOR"),
        ("tl.constexpr(2)", "tl.constexpr(3)"),
        ("tl.constexpr(2)", "tl.constexpr(2.0)"),
        ("tl.constexpr(2)", "2"),
        ("FACTOR = tl.constexpr(2)", ""),
        ("def twice", "def helper"),
        ("BLOCK: tl.constexpr", "BLOCK"),
    ],
)
def test_what_the_compiler_sees_is_part_of_the_contents(tmp_path: Path, old: str, new: str) -> None:
    changed = TEXT.replace(old, new)
    assert contents_of(tmp_path, "one", TEXT) != contents_of(tmp_path, "two", changed)


def test_what_the_compiler_cannot_see_is_no_part_of_the_contents(tmp_path: Path) -> None:
    changed = TEXT.replace('WORD = "a"', 'WORD = "b"')
    assert contents_of(tmp_path, "one", TEXT) == contents_of(tmp_path, "two", changed)


def test_of_an_object_that_may_be_anything_the_contents_are_unknown(tmp_path: Path) -> None:
    with pytest.raises(Unknown):
        contents_of(tmp_path, "one", TEXT.replace("tl.constexpr(2)", "object()"))


def test_a_kernel_that_calls_itself_has_contents(tmp_path: Path) -> None:
    text = TEXT.replace("return x * FACTOR", "return twice(x)")
    assert contents_of(tmp_path, "one", text) == contents_of(tmp_path, "two", text)


def test_a_kernel_that_went_through_is_not_lowered_again_and_is_reported_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = module(tmp_path, "one", TEXT + "# once\n"), module(tmp_path, "two", "\n" + TEXT)
    first = compile_front_end(lambda: one.kernel[(1,)](torch.zeros(16), BLOCK=16), one)
    monkeypatch.setattr("triton_quest.child.triton.frontend.FrontEnd", None)
    again = compile_front_end(lambda: two.kernel[(1,)](torch.zeros(16), BLOCK=16), two)
    assert not first.refusals and not again.refusals
    shown = [(one.kernel, one.target, one.shared_bytes, one.constants) for one in first.compiled]
    assert shown == [(one.kernel, one.target, one.shared_bytes, one.constants) for one in again.compiled]
    assert [target for _, target, *_ in shown] == [80, 90]


DOT = """
import triton
import triton.language as tl

@triton.jit
def kernel(x_ptr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i[:, None] * BLOCK + i[None, :]){cast}
    tl.store(x_ptr + i[:, None] * BLOCK + i[None, :], tl.dot(x, x).to(x_ptr.dtype.element_ty))
"""


@pytest.mark.parametrize(("cast", "shares"), [("", True), (".to(tl.float8e5)", False)])
def test_targets_share_a_front_end_only_where_it_asked_nothing_that_they_answer_differently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cast: str, shares: bool
) -> None:
    made, again = [], FrontEnd.again
    monkeypatch.setattr(frontend, "FAR_FROM_THE_LIMIT", 0)
    monkeypatch.setattr(FrontEnd, "again", lambda self, backend: made.append(backend) or again(self, backend))
    learner = module(tmp_path, f"dot_{shares}", DOT.format(cast=cast))
    report = compile_front_end(lambda: learner.kernel[(1,)](torch.zeros(32, 32), BLOCK=32), learner)
    assert not report.refusals and [one.target for one in report.compiled] == [80, 90]
    assert bool(made) is shares


DIVIDING = """
import triton
import triton.language as tl

@triton.jit
def half(x, n):
    return x // n

@triton.jit
def kernel(x_ptr, n, step, BLOCK: tl.constexpr):
    for start in range(0, n, step):
        i = start + tl.arange(0, BLOCK)
        tl.store(x_ptr + i, half(i, n) + i % n)
"""


def test_what_the_front_end_notes_of_a_kernel_is_noted_again_where_it_stands_now(tmp_path: Path) -> None:
    noted = []
    for name, text in (("first", DIVIDING), ("second", "\n\n" + DIVIDING)):
        learner = module(tmp_path, name, text)
        before = (set(arithmetic.compiled.truncated), set(arithmetic.compiled.run_time_steps))
        compile_front_end(lambda kernel=learner.kernel: kernel[(1,)](torch.zeros(16), 5, 7, BLOCK=16), learner)
        found = arithmetic.compiled.truncated - before[0], arithmetic.compiled.run_time_steps - before[1]
        assert {file for places in found for file, _, _ in places} == {learner.__file__}
        noted.append([sorted((line, column) for _, line, column in places) for places in found])
    assert noted[1] == [[(line + 2, column) for line, column in places] for places in noted[0]]
    assert [len(places) for places in noted[0]] == [2, 1]


def test_a_helper_that_stands_elsewhere_makes_other_contents(tmp_path: Path) -> None:
    assert contents_of(tmp_path, "one", DIVIDING) != contents_of(
        tmp_path, "two", DIVIDING.replace("@triton.jit\ndef kernel", "\n@triton.jit\ndef kernel")
    )
