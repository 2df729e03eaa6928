"""Guards the live session's judgements on a GPU: each in a fresh process that was started ahead, and none spoils the next."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.execution.conftest import is_gone
from tests.execution.learner import at_import, first_level, in_launcher, solved
from tests.gpu.test_judging_on_a_gpu import ADD, STORE
from triton_quest.parent.runner import Job
from triton_quest.parent.standby import Cancelled, Standby
from triton_quest.records import verdict as v

pytestmark = [pytest.mark.gpu, pytest.mark.slow]
BOTH = ("interpreter", "gpu")


def test_saves_in_a_row_are_judged_on_both_and_a_cancelled_one_leaves_the_gpu_usable(tmp_path: Path) -> None:
    level, file = first_level(), tmp_path / "mine.py"
    with Standby(BOTH) as standby:
        for _ in range(2):
            file.write_text(solved(level))
            verdict = standby.judge(Job(level, file))
            assert verdict.passed and verdict.device == "both", verdict.cause
        cancelled, devices = threading.Event(), list[str]()

        def cancel_on_the_gpu(record: v.Record) -> None:
            if isinstance(record, v.StageStarted) and record.stage == "gpu":
                devices.append("gpu")
                cancelled.set()

        with pytest.raises(Cancelled):
            standby.judge(Job(level, file), cancel_on_the_gpu, cancelled)
        assert devices
        assert standby.judge(Job(level, file)).passed


def test_a_launcher_that_kills_its_parent_on_the_gpu_harms_neither_us_nor_the_next_save(tmp_path: Path) -> None:
    level, file = first_level(), tmp_path / "mine.py"
    with Standby(("gpu",)) as standby:
        file.write_text(solved(level, at_import("import os"), in_launcher("os.kill(os.getppid(), 9)")))
        assert standby.judge(Job(level, file)).outcome is v.Outcome.EXIT
        file.write_text(solved(level))
        assert standby.judge(Job(level, file)).passed


def test_an_illegal_access_leaves_the_next_save_alone_and_no_process_is_left_behind(tmp_path: Path) -> None:
    level, file = first_level(), tmp_path / "mine.py"
    with Standby(("gpu",)) as standby:
        file.write_text(ADD.replace(STORE, "tl.store(out_ptr + offsets + 1000000000000, x + y)"))
        assert standby.judge(Job(level, file)).outcome is v.Outcome.MEMORY
        file.write_text(ADD)
        assert standby.judge(Job(level, file)).passed
        left = [ready.process.pid for ready in standby._ready.values()]
    assert left and all(is_gone(pid) for pid in left)
