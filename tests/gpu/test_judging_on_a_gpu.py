"""The judge's stage on a GPU: solutions pass in every dtype, known mistakes don't, and each trouble has its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import arrived
from triton_quest.course import parts
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake, apply
from triton_quest.course.table import LEVELS
from triton_quest.parent.devices import COMPILING_SECONDS
from triton_quest.parent.runner import Job, judge
from triton_quest.records import verdict as v
from triton_quest.store import workspace

pytestmark = pytest.mark.gpu
JUDGED = (LEVELS[0], LEVELS[2], LEVELS[7])  # the known mistakes of these are judged on the device too
SHOWS = ("numbers",)  # the mistakes that a device must reject; the others may need the interpreter's eyes


def judged(level: Level, file: Path, seconds: float = COMPILING_SECONDS) -> v.Verdict:
    return judge(Job(level, file, seconds, kind="judge_on_gpu"))


@pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)
def test_the_solution_passes_on_the_gpu_in_every_dtype(level: Level) -> None:
    verdict = judged(level, level.folder / "solution.py")
    assert verdict.passed, verdict.cause
    assert any("fp16, bf16, fp32" in check.name for check in verdict.checks), [check.name for check in verdict.checks]


@pytest.mark.parametrize(
    ("level", "mistake"),
    [
        pytest.param(level, mistake, id=f"{level.slug}-{mistake.key}")
        for level in JUDGED
        if level.has_arrived
        for mistake in parts.known(level).mistakes
        if mistake.caught_by in SHOWS
    ],
)
def test_a_known_mistake_is_rejected_on_the_gpu_too(level: Level, mistake: Mistake, tmp_path: Path) -> None:
    file = tmp_path / f"{mistake.key}.py"
    file.write_text(apply(mistake.edits, workspace.course_text(level, "solution.py"), mistake.key))
    verdict = judged(level, file)
    assert not verdict.passed and verdict.outcome is not v.Outcome.ERROR, verdict.detail


ADD = workspace.course_text(LEVELS[0], "solution.py")
STORE = "tl.store(out_ptr + offsets, x + y, mask=mask)"
TROUBLES = {
    "illegal_access": (STORE, "tl.store(out_ptr + offsets + 1000000000000, x + y)", v.Outcome.MEMORY),
    "behind the end": (STORE, "tl.store(out_ptr + offsets, x + y)", v.Outcome.MEMORY),
    "never written": (STORE, "tl.store(out_ptr + offsets, x + y, mask=mask & (offsets != 3))", v.Outcome.MEMORY),
    "PyTorch beside the kernel": ("    return out\n", "    return torch.add(x, y)\n", v.Outcome.RULES),
    "device_memory": (
        "torch.empty_like(x)",
        "torch.empty_like(x) if len(x) < 2 else torch.empty(2**42, device=x.device)",
        v.Outcome.OUT_OF_MEMORY,
    ),
    "hang": (STORE, "while tl.load(x_ptr) == tl.load(x_ptr):\n        " + STORE, v.Outcome.TIMEOUT),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_each_trouble_on_the_gpu_has_its_own_outcome(name: str, tmp_path: Path) -> None:
    old, new, outcome = TROUBLES[name]
    assert ADD.count(old) == 1, old
    file = tmp_path / "trouble.py"
    file.write_text(ADD.replace(old, new))
    verdict = judged(LEVELS[0], file, seconds=20.0)
    assert verdict.outcome is outcome, (verdict.cause, verdict.detail)
    assert judged(LEVELS[0], LEVELS[0].folder / "solution.py").passed, "the next judgement is none the worse for it"


def test_a_kernel_that_is_too_large_for_shared_memory_is_told_in_bytes(tmp_path: Path) -> None:
    text = workspace.course_text(LEVELS[1], "solution.py")
    tiles = "large, medium = (128, 256, 64, 8, 4), (128, 128, 32, 4, 4)"
    assert text.count(tiles) == 1
    file = tmp_path / "large.py"
    file.write_text(text.replace(tiles, "large = medium = 128, 256, 128, 8, 4"))
    verdict = judged(LEVELS[1], file)
    assert verdict.outcome is v.Outcome.COMPILE and "bytes of shared memory a program" in verdict.cause


def test_a_config_that_is_wrong_only_in_itself_is_refused_by_its_number(tmp_path: Path) -> None:
    level = next(level for level in LEVELS if level.slug == "autotuning")
    mistake = next(one for one in parts.known(level).mistakes if one.key == "group_of_none")
    file = tmp_path / "group_of_none.py"
    file.write_text(apply(mistake.edits, workspace.course_text(level, "solution.py"), mistake.key))
    verdict = judged(level, file)
    assert not verdict.passed and "config 7 of 10" in verdict.cause, verdict.cause
