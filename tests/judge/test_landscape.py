"""Guards what is said of each config on a GPU, which is played: forced, compared, timed, and how near the tuner's choice is to the best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from triton.runtime.autotuner import Autotuner

from tests.judge.test_tuning import TUNED
from tests.judge.toys import subject_of
from triton_quest.child.instruments.timing import Measured
from triton_quest.child.judge import code, landscape, on_gpu, tuned_on_gpu
from triton_quest.child.measure import race
from triton_quest.course.answer import Answer
from triton_quest.course.case import Race
from triton_quest.course.level import Level
from triton_quest.records import race as records
from triton_quest.records import verdict as v

pytestmark = pytest.mark.usefixtures("as_a_child", "played_gpu")
PRUNED = 'prune_configs_by={"early_config_prune": lambda configs, args, **kwargs: configs[:1]}'
WRONG_IN_THE_SECOND = TUNED.replace("x + y", "x + y + (BLOCK == 16)")


def times(calls: dict[str, Callable[[], Any]]) -> dict[str, Measured]:
    """The first takes 2 ms, the second 3, and so on."""
    return {name: Measured(2.0 + number, 2.0, 4.0, 7) for number, name in enumerate(calls)}


def surveyed(level: Level, file: Path, text: str) -> landscape.Landscape:
    x, y = torch.ones(33), torch.full((33,), 2.0)
    launcher = subject_of(level, file, text).launcher
    found = landscape.survey("toy", "33", lambda: launcher(x, y), lambda out: bool((out == 3).all()), 66, times)
    assert found is not None
    return found


def test_each_config_is_forced_and_timed_and_the_tuners_choice_is_marked(level: Level, tmp_path: Path) -> None:
    found = surveyed(level, tmp_path / "mine.py", TUNED)
    assert [(one.place, one.constants, one.warps, one.time_ms, one.taken) for one in found.configs] == [
        (1, (("BLOCK", "32"),), 4, 2.0, True),
        (2, (("BLOCK", "16"),), 2, 3.0, False),
    ]
    assert found.best is found.taken and found.wrong is None and found.configs[0].arch == 90


def test_while_a_config_is_timed_nobody_asks_the_pruning(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, prune = [], Autotuner.prune_configs
    monkeypatch.setattr(Autotuner, "prune_configs", lambda *given: asked.append(1) or prune(*given))
    launcher = subject_of(level, tmp_path / "mine.py", TUNED).launcher
    x = torch.ones(33)

    def timed(calls: dict[str, Callable[[], Any]]) -> dict[str, Measured]:
        before = len(asked)
        assert before and all(bool((call() == 2).all()) for call in calls.values())
        assert len(asked) == before
        return times(calls)

    assert landscape.survey("toy", "33", lambda: launcher(x, x), lambda out: True, 66, timed) is not None


def test_a_config_with_another_result_is_named_and_never_timed(level: Level, tmp_path: Path) -> None:
    found = surveyed(level, tmp_path / "mine.py", WRONG_IN_THE_SECOND)
    assert found.wrong is found.configs[1] and not found.configs[1].time_ms


def test_what_pruning_drops_is_listed_and_not_run(level: Level, tmp_path: Path) -> None:
    text = WRONG_IN_THE_SECOND.replace('key=["n"]', f'key=["n"], {PRUNED}')
    found = surveyed(level, tmp_path / "mine.py", text)
    assert [one.says for one in found.configs] == ["", "pruned"] and found.wrong is None


def test_a_config_that_raises_has_its_reason(level: Level, tmp_path: Path) -> None:
    hooked = 'triton.Config({"BLOCK": 16}, num_warps=2, pre_hook=lambda args: args["z"])'
    found = surveyed(level, tmp_path / "mine.py", TUNED.replace('triton.Config({"BLOCK": 16}, num_warps=2)', hooked))
    assert found.configs[1].says == "KeyError: 'z'"


def test_a_kernel_that_is_not_tuned_has_no_landscape() -> None:
    assert landscape.survey("toy", "33", lambda: None, bool, 0, times) is None


# A race


def test_a_race_leaves_out_a_kernel_with_a_wrong_config(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = surveyed(level, tmp_path / "mine.py", WRONG_IN_THE_SECOND)
    monkeypatch.setattr(landscape, "survey", lambda *asked: found)
    told: list[v.Record] = []
    left_out: list[tuple[str, str]] = []
    given = SimpleNamespace(judged=("out",))
    size = Race("33", lambda d: (), 0)
    race._survey(level, size, lambda: None, given, Answer({}), told.append, lambda *one: left_out.append(one))  # type: ignore[arg-type,func-returns-value]
    assert told == list(found.configs)
    ((who, why),) = left_out
    assert who == records.YOURS and "config 2 of 2 (BLOCK=16, num_warps=2)" in why


# The stage on a GPU


@pytest.mark.parametrize(
    ("text", "outcome", "words"),
    [(TUNED, v.Outcome.PASSED, ""), (WRONG_IN_THE_SECOND, v.Outcome.WRONG, "runs with config 2 of 2")],
)
def test_the_stage_on_a_gpu_forces_every_config(
    level: Level, tmp_path: Path, text: str, outcome: v.Outcome, words: str
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    told: list[v.Record] = []
    assert on_gpu.run(level, file, told.append, 60.0) is outcome, told[-1]
    checks = [one for one in told if isinstance(one, v.Check)]
    assert words in checks[-1].says


def looked(monkeypatch: pytest.MonkeyPatch, level: Level, file: Path, *shares: float) -> int:
    """How many looks it takes, where the tuner's choice takes so many times as long as the best in each; raises Stopped."""
    found, looks = surveyed(level, file, TUNED), iter(shares)

    def survey(*asked: object) -> landscape.Landscape:
        first, second = found.configs
        return replace(found, configs=(replace(first, time_ms=next(looks)), replace(second, time_ms=1.0)))

    monkeypatch.setattr(landscape, "survey", survey)
    size = Race("33", lambda d: (d.normal(33), d.normal(33)), 0)
    monkeypatch.setattr(tuned_on_gpu.parts, "part", lambda *one: SimpleNamespace(RACES=(size, size)))
    monkeypatch.setattr(tuned_on_gpu.parts, "truth", lambda one: torch.add)
    tuned_on_gpu.takes_the_best(level, torch.add, file, "toy", times, device="cpu")
    return len(shares) - len(list(looks))


@pytest.mark.parametrize(("shares", "looks"), [((1.04, 9.0), 1), ((1.2, 1.03, 9.0), 2), ((1.2, 1.2, 1.0), 3)])
def test_one_look_that_finds_the_choice_near_the_best_is_enough(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shares: tuple[float, ...], looks: int
) -> None:
    assert looked(monkeypatch, level, tmp_path / "mine.py", *shares) == looks


def test_a_choice_that_is_slow_three_times_is_refused(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(code.Stopped) as stopped:
        looked(monkeypatch, level, tmp_path / "mine.py", 1.2, 1.1, 1.2)
    says = stopped.value.check.says
    assert "takes config 1 of 2" in says and "config 2 of 2 (BLOCK=16, num_warps=2) is 1.20 times as fast" in says
