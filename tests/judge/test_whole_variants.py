"""Guards the honest: right kernels in as many styles as people write them, the official tutorials' habits among them, pass.

Each file in a level's variants/ is such a learner's file. The gate judges all of them; here one of each level shows that a pass leaves
no check out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from triton_quest.authoring import mutation
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v

WHOLE = {level: mutation.whole_variants(level) for level in LEVELS}
IN_STYLES = [level for level, files in WHOLE.items() if files]


def test_there_are_twenty_and_more() -> None:
    assert sum(map(len, WHOLE.values())) >= 20
    assert [level.slug for level in IN_STYLES] == ["vector-add", "matmul", "softmax", "autotuning"]


@pytest.mark.parametrize("level", IN_STYLES, ids=lambda level: level.slug)
def test_the_gate_judges_each_of_them_as_it_is(level: Level) -> None:
    texts = {mutant.key: mutant.text for mutant in mutation.mutants(level) if mutant.expected == "passed"}
    assert {mutation.RIGHT + file.stem: file.read_text() for file in WHOLE[level]}.items() <= texts.items()


@pytest.mark.parametrize("level", IN_STYLES, ids=lambda level: level.slug)
def test_a_pass_leaves_no_check_out(level: Level, warm: Warm) -> None:
    file: Path = next((path for path in WHOLE[level] if path.stem == "tutorial"), WHOLE[level][0])
    verdict = judge(Job(level, file), start=warm.start)
    assert verdict.passed, f"{verdict.cause}\n{verdict.first_failure}\n{verdict.detail}"
    kinds = {check.kind for check in verdict.checks if check.state is v.State.PASSED}
    assert {"read", "rules", "memory", "compile", "numbers", "property"} <= kinds, "nothing was left out"
