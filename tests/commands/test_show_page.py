"""`show --html` without a browser: what the page carries, and what keeps it from being written. tests/browser/ opens it."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.benchmark.traces import RECORDS
from tests.commands import kernels
from tests.conftest import Quest
from triton_quest.records.show import NEVER_WRITTEN
from triton_quest.report.show import CallTrace, Position
from triton_quest.report.show_data import bytes_of, page_data

OURS, NOT_YET = 2, 1
OUTSIDE_ONESELF = re.compile(
    r"""(?:src|href|action)=(?!"data:,")|url\(|https?://(?!www\.w3\.org)|@import|fetch\(|import\("""
)


def carried(page: str) -> Any:
    """The data that the page's script reads."""
    return json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[0])


def numbers(values: str) -> list[float | None]:
    """As the script decodes them: None where nothing was written."""
    data = base64.b64decode(values)
    codes = [int.from_bytes(data[at : at + 3], "big") for at in range(0, len(data), 3)]
    return [None if code == NEVER_WRITTEN else struct.unpack(">f", struct.pack(">I", code << 8))[0] for code in codes]


@pytest.fixture
def page_of(quest: Quest) -> Callable[[str], str]:
    def write(text: str) -> str:
        quest.file(1).write_text(text)
        answer = quest.inside("show 1 --html page.html")
        assert "page.html" in answer.said
        return (quest.workspace.root / "page.html").read_text(encoding="utf-8")

    return write


def test_a_page_carries_the_steps_and_the_values_and_nothing_from_elsewhere(page_of: Callable[[str], str]) -> None:
    page = page_of(kernels.RIGHT)
    assert OUTSIDE_ONESELF.findall(page) == [] and len(page) < 1_500_000
    data = carried(page)
    (launch,) = data["launches"]
    x, y, out = (numbers(data["values"][tensor["values"]]) for tensor in launch["tensors"])
    assert len(out) == launch["tensors"][2]["shape"][0]
    assert out == [pytest.approx(a + b, rel=1e-3, abs=1e-3) for a, b in zip(x, y, strict=True)]
    assert [step[3] for step in {tuple(at): steps for at, steps in launch["programs"]}[(2,)]] == [[128, 144]] * 3
    assert "add_kernel" in page and 'data-program="2"' in page and 'id="L1"' in page


def test_what_no_program_wrote_has_no_value(page_of: Callable[[str], str]) -> None:
    data = carried(page_of(kernels.RIGHT.replace("mask=mask)", "mask=mask & (offsets != 3))")))
    values = numbers(data["values"][data["launches"][0]["tensors"][2]["values"]])
    assert [at for at, value in enumerate(values) if value is None] == [3]


def test_text_of_the_learner_is_shown_and_never_obeyed(page_of: Callable[[str], str]) -> None:
    page = page_of(kernels.RIGHT + "\n# </script><script>alert(1)</script>\n")
    assert "alert(1)" in page and "<script>alert" not in page


def test_a_trace_that_is_too_large_says_which_programs_are_drawn_instead() -> None:
    trace = CallTrace.of(RECORDS)
    whole = page_data(trace, trace.start, RECORDS, None)
    assert whole.says == () and len(whole.data["launches"][0]["programs"]) == 12
    size = len(json.dumps(whole.data))
    cut = page_data(trace, Position(0, (2, 3)), RECORDS, None, most=size // 2)
    kept = [tuple(program) for program, _ in cut.data["launches"][0]["programs"]]
    assert 0 < len(kept) < 12 and (2, 3) in kept, "the page begins at a program that it doesn't have"
    assert f"{len(kept)} of 12 programs of matmul_kernel" in cut.says[0] and len(json.dumps(cut.data)) <= size


@pytest.mark.parametrize(
    ("line", "says"), [("--html page.txt", "page.txt is no page"), ("--html nowhere/page.html", "can't be written")]
)
def test_a_place_that_takes_no_page_is_a_sentence(quest: Quest, line: str, says: str) -> None:
    quest.file(1).write_text(kernels.RIGHT)
    answer = quest.inside(f"show 1 {line}")
    assert answer.code == OURS and says in answer.said


def test_an_unfinished_file_has_no_page(quest: Quest) -> None:
    quest.file(1).write_text(kernels.UNFINISHED)
    answer = quest.inside("show 1 --html page.html")
    assert answer.code == NOT_YET and "no page was made" in answer.said
    assert not Path(quest.workspace.root / "page.html").exists()


@pytest.mark.parametrize(
    ("dtype", "size"), [("fp32", 4), ("bf16", 2), ("int64", 8), ("bool", 1), ("float8_e4m3fn", 1), ("uint8", 1)]
)
def test_an_element_has_its_size(dtype: str, size: int) -> None:
    assert bytes_of(dtype) == size
