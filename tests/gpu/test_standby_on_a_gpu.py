"""What stands by on a GPU: every judgement gets a process that no other used, and none is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.execution.conftest import is_gone
from tests.gpu.test_judging_on_a_gpu import ADD, STORE
from triton_quest import verdict as v
from triton_quest.execution.devices import COMPILING_SECONDS
from triton_quest.execution.runner import Job
from triton_quest.execution.standby import Cancelled, Standby
from triton_quest.levels import LEVELS

pytestmark = pytest.mark.gpu


@pytest.fixture
def standby() -> Iterator[Standby]:
    with Standby(("gpu",)) as ready:
        yield ready


def job(folder: Path, text: str) -> Job:
    file = folder / "add.py"
    file.write_text(text)
    return Job(LEVELS[0], file, COMPILING_SECONDS, kind="judge_on_gpu")


def test_an_illegal_access_leaves_the_next_save_alone(standby: Standby, tmp_path: Path) -> None:
    beyond = ADD.replace(STORE, "tl.store(out_ptr + offsets + 1000000000000, x + y)")
    assert standby.judge(job(tmp_path, beyond)).outcome is v.Outcome.MEMORY
    verdict = standby.judge(job(tmp_path, ADD))
    assert verdict.passed and verdict.device == "gpu", verdict.cause


def test_a_judgement_that_is_cancelled_ends_at_once_and_the_next_one_passes(standby: Standby, tmp_path: Path) -> None:
    cancelled, heard = threading.Event(), list[v.Record]()

    def cancel(record: v.Record) -> None:
        heard.append(record)
        if isinstance(record, v.StageStarted):
            cancelled.set()

    with pytest.raises(Cancelled):
        standby.judge(job(tmp_path, ADD), cancel, cancelled)
    assert not any(isinstance(record, v.Finished) for record in heard)
    assert standby.judge(job(tmp_path, ADD)).passed


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with Standby(("gpu",)) as standby:
        assert standby.judge(job(tmp_path, ADD)).passed
        left = [ready.process.pid for ready in standby._ready.values()]
    assert left and all(is_gone(pid) for pid in left)
