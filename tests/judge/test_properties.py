"""Guards what properties are made of: the bytes that a launcher allocates are counted without running a kernel, and a
matrix of length x length is told from all that grows with the length alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.judge.toys import HONEST, adding, judged, subject_of
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.judge import code, properties
from triton_quest.child.judge.properties import WatchedCall
from triton_quest.course import parts
from triton_quest.course.call import Call, allocation_grows_linearly
from triton_quest.course.case import Draw
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.records import verdict as v

pytestmark = pytest.mark.usefixtures("as_a_child")

Launcher = Callable[[torch.Tensor], torch.Tensor]


def allocated_bytes(launcher: Callable[..., torch.Tensor], *inputs: torch.Tensor, **keywords: Any) -> int:
    return WatchedCall(LEVELS[0], launcher).without_kernels(*inputs, **keywords).allocated_bytes


def rows(length: int) -> tuple[torch.Tensor, ...]:
    """x: (length, 4), fp32"""
    return (torch.ones(length, 4),)


# Counting


def test_an_allocation_counts_with_its_bytes_whatever_makes_it() -> None:
    x = torch.ones(3, 5)
    assert allocated_bytes(lambda x: torch.empty_like(x), x) == 60
    assert allocated_bytes(lambda x: torch.zeros((3, 5), dtype=torch.float16), x) == 30
    assert allocated_bytes(lambda x: x.T.contiguous(), x) == 60
    assert allocated_bytes(lambda x: torch.full((10,), 1.0, dtype=torch.float64), x) == 80


def test_views_and_the_inputs_themselves_cost_nothing() -> None:
    assert allocated_bytes(lambda x: x.T[1:].unsqueeze(0).expand(4, -1, -1), torch.ones(3, 5)) == 0
    assert allocated_bytes(lambda x: x.contiguous(), torch.ones(3, 5)) == 0


def test_what_is_freed_at_once_counts_all_the_same() -> None:
    def launcher(x: torch.Tensor) -> torch.Tensor:
        for _ in range(3):
            torch.empty(100, dtype=torch.uint8)
        return x

    assert allocated_bytes(launcher, torch.ones(2)) == 300


def test_keywords_reach_the_launcher() -> None:
    def launcher(x: torch.Tensor, twice: bool = False) -> torch.Tensor:
        return torch.empty(2 if twice else 1, dtype=torch.uint8)

    assert allocated_bytes(launcher, torch.ones(1), twice=True) == 2


def test_no_kernel_runs_while_bytes_are_counted(level: Level, tmp_path: Path) -> None:
    kept: list[torch.Tensor] = []
    subject = subject_of(
        level, tmp_path / "mine.py", adding("out = torch.zeros_like(x)\nkept.append(out)\nLAUNCH\nreturn out")
    )
    subject.module.kept = kept  # type: ignore[attr-defined]
    with MemoryModel().active():  # as in a property
        assert allocated_bytes(subject.launcher, torch.ones(8), torch.ones(8)) == 32
    assert not kept[0].any()
    assert subject.launcher(torch.ones(8), torch.ones(8)).eq(2.0).all(), "and afterwards kernels run again"


def test_an_exception_of_the_launcher_gets_out_and_leaves_nothing_watched(level: Level, tmp_path: Path) -> None:
    def broken(x: torch.Tensor) -> torch.Tensor:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        allocated_bytes(broken, torch.ones(1))
    subject = subject_of(level, tmp_path / "mine.py", HONEST)
    assert subject.launcher(torch.ones(4), torch.ones(4)).eq(2.0).all()


# Growing

LINEAR: dict[str, Launcher] = {
    "one row a row": lambda x: torch.empty_like(x),
    "copies and a result": lambda x: torch.zeros_like(x.T.contiguous().T),
    "scratch of a fixed size": lambda x: torch.empty(1_000_000, dtype=torch.uint8),
    "padded to blocks of 512": lambda x: torch.empty(-(-x.shape[0] // 512) * 512, 4),
    "nothing at all": lambda x: x,
}
FASTER: dict[str, Launcher] = {
    "a square": lambda x: torch.empty(x.shape[0], x.shape[0]),
    "a square of bytes beside the result": lambda x: torch.empty(*x.shape, len(x), dtype=torch.uint8)[..., 0].T,
    "a square in pieces": lambda x: torch.stack([torch.empty(len(x)) for _ in range(len(x))]),
    "half of a square": lambda x: torch.empty(x.shape[0] * (x.shape[0] + 1) // 2),
    "a square of bits": lambda x: torch.empty(x.shape[0] ** 2 // 8, dtype=torch.uint8),
}


@pytest.mark.parametrize("way", LINEAR)
def test_what_grows_with_the_length_is_let_through(way: str) -> None:
    assert allocation_grows_linearly(WatchedCall(LEVELS[0], LINEAR[way]), rows)


@pytest.mark.parametrize("way", FASTER)
def test_what_grows_with_its_square_is_noticed(way: str) -> None:
    assert not allocation_grows_linearly(WatchedCall(LEVELS[0], FASTER[way]), rows)


def test_a_square_is_noticed_beside_a_result_of_a_heads_size() -> None:
    """At length 256 and a head dim of 128, the result in fp32 takes as many bytes as the matrix in fp16."""

    def launcher(q: torch.Tensor) -> torch.Tensor:
        torch.empty(q.shape[0], q.shape[0], dtype=torch.float16)
        return torch.empty_like(q)

    assert not allocation_grows_linearly(WatchedCall(LEVELS[0], launcher), lambda length: (torch.ones(length, 128),))


# In the pipeline


def test_a_property_about_allocation_is_checked_and_its_failure_told(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_square(call: Call, d: Draw) -> bool:
        """No matrix of n x n is allocated."""
        return allocation_grows_linearly(call, lambda length: (d.normal(length), d.normal(length)))

    monkeypatch.setattr(parts.part(level, "cases"), "PROPERTIES", (no_square,))
    assert judged(level, tmp_path / "right.py", HONEST).outcome is v.Outcome.PASSED
    square = adding("out = torch.empty_like(x)\ntorch.empty(len(x), len(x))\nLAUNCH\nreturn out")
    judgement = judged(level, tmp_path / "square.py", square)
    assert judgement.outcome is v.Outcome.PROPERTY
    assert judgement.failure.says == "This must hold, and in fp32 it doesn't: no matrix of n x n is allocated."


# What a record says


def test_a_record_tells_the_launches_with_grid_and_constants(level: Level, tmp_path: Path) -> None:
    subject = subject_of(level, tmp_path / "mine.py", HONEST)
    record = WatchedCall(level, subject.launcher)(torch.ones(40), torch.ones(40))
    (launch,) = record.launches
    assert (launch.kernel, launch.grid, launch.constants) == ("add_kernel", (3, 1, 1), {"BLOCK_SIZE": 16})
    assert launch.config is None and record.tried == () and record.allocations == (160,)
    assert record.out.eq(2.0).all() and record["out"] is record.out


def test_a_records_answer_is_overwritten_by_no_later_call(level: Level) -> None:
    buffer = torch.zeros(3)
    call = WatchedCall(level, lambda x, y: torch.add(x, y, out=buffer))
    first = call(torch.ones(3), torch.ones(3))
    call(torch.zeros(3), torch.zeros(3))
    assert first.out.eq(2.0).all()


def test_a_record_tells_what_the_autotuner_timed_and_what_it_chose(level: Level, tmp_path: Path) -> None:
    text = (level.folder / "variants" / "autotuned.py").read_text()
    subject = subject_of(level, tmp_path / "mine.py", text)
    call = WatchedCall(level, subject.launcher)
    first, again = (call(torch.ones(40), torch.ones(40)) for _ in range(2))
    assert len(first.tried) == 2 and again.tried == (), "the second call has nothing to tune"
    sizes = [tried.config["BLOCK_SIZE"] for tried in first.tried]
    for record in (first, again):
        (launch,) = record.launches
        assert launch.config is not None and launch.config.config["BLOCK_SIZE"] == launch.constants["BLOCK_SIZE"]
        assert launch.constants["BLOCK_SIZE"] in sizes and "num_warps" in launch.config.config
        assert len(launch.config.tuner.configs) == 3, "pruning left two of them"


def test_a_call_that_gives_no_answer_is_told_in_the_propertys_name(level: Level, tmp_path: Path) -> None:
    def added(call: Call, d: Draw) -> bool:
        """Sums are sums."""
        return bool(call(d.normal(3), d.normal(3)).out.any())

    subject = subject_of(level, tmp_path / "mine.py", adding("LAUNCH\nreturn None".replace("LAUNCH", "")))
    with pytest.raises(code.Stopped) as stopped:
        properties.holds(subject, added, ("fp32",), (16,))
    check = stopped.value.check
    assert check.outcome is v.Outcome.CONTRACT
    assert check.says == "`vector_add` doesn't give out, while checking in fp32: Sums are sums."
