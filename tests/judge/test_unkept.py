"""Guards the remarks on lines of a kernel that change nothing, and on quotients that are cut to whole numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from triton_quest.child.judge import unkept

KERNEL = """\
@triton.jit
def kernel(x_ptr, n, N: tl.constexpr):
    \"\"\"What it does.\"\"\"
    x = tl.load(x_ptr + tl.arange(0, N))
    {line}
    tl.store(x_ptr + tl.arange(0, N), x)
"""


def told(folder: Path, line: str, text: str = KERNEL) -> list[str]:
    file = folder / "mine.py"
    file.write_text(text.format(line=line), encoding="utf-8")
    return [check.name for check in unkept.remarks(file)]


@pytest.mark.parametrize("line", ["x.to(tl.float32)", "tl.dot(x, x, x)", "x_ptr + N", "x < n", "tl.sum(x, axis=0)"])
def test_a_value_that_no_name_keeps_is_remarked_on(line: str, tmp_path: Path) -> None:
    (says,) = told(tmp_path, line)
    assert says.startswith("Line 5: nothing keeps") and f"`{line}`" in says


@pytest.mark.parametrize(
    "line",
    ["x += 1", "tl.store(x_ptr, 1.0)", "tl.atomic_add(x_ptr, 1.0)", 'print("x", x)', "tl.debug_barrier()", "..."],
)
def test_what_acts_or_is_kept_is_not(line: str, tmp_path: Path) -> None:
    assert told(tmp_path, line) == []


@pytest.mark.parametrize("line", ["y = n / 2\n    z = y.to(tl.int32)", "z = (n / 2).to(tl.int64)"])
def test_a_quotient_that_is_cut_to_a_whole_number_is_remarked_on(line: str, tmp_path: Path) -> None:
    (says,) = told(tmp_path, line)
    assert says.startswith("Line 5: `/`") and "write `n // 2`" in says


def test_a_quotient_that_stays_a_float_and_lines_outside_of_kernels_are_not(tmp_path: Path) -> None:
    assert told(tmp_path, "y = x / 2\n    z = y.to(tl.float16)") == []
    assert told(tmp_path, "", "def launcher(x):\n    x.to(torch.float32)\n") == []
