"""Guards the honest: right kernels in as many styles as people write them, the official tutorials' habits among them, pass.

Each file in styles/ is a learner's file, judged in a warm process as `check` and `play` do.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from triton_quest.course import table as levels
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v

STYLES = sorted((Path(__file__).parent / "styles").glob("level*.py"))


def test_there_are_twenty_and_more_of_each_of_the_first_levels() -> None:
    assert len(STYLES) >= 20
    assert {path.name.partition("_")[0] for path in STYLES} == {"level1", "level2", "level3"}


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.stem)
def test_an_honest_file_passes_whatever_its_style(style: Path, warm: Warm) -> None:
    level = levels.find(style.name.partition("_")[0])
    assert level
    verdict = judge(Job(level, style), start=warm.start)
    assert verdict.passed, f"{verdict.cause}\n{verdict.first_failure}\n{verdict.detail}"
    kinds = {check.kind for check in verdict.checks if check.state is v.State.PASSED}
    assert {"read", "rules", "memory", "compile", "numbers", "property"} <= kinds, "nothing was left out"
