"""Guards the child's half of `quest profile`, as far as it goes without a GPU: the result is PyTorch's before anything is measured."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from triton_quest.child.measure import profile_kernel as child
from triton_quest.course import parts
from triton_quest.course.case import Draw, Race
from triton_quest.course.level import Level
from triton_quest.records import verdict as v
from triton_quest.records.profiling import Workload


@pytest.mark.usefixtures("as_a_child")
@pytest.mark.parametrize("right", [True, False])
def test_the_child_compares_with_pytorch_before_anybody_profiles(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    level = replace(level, races=("eager",))
    small = Race("n = 40", lambda d: (d.normal(40), d.normal(40)), 480)
    monkeypatch.setattr(parts.part(level, "cases"), "RACES", (small,))
    monkeypatch.setattr(child, "Draw", lambda name, dtype, device: Draw(name, dtype))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "toy")
    monkeypatch.setattr(torch.cuda.nvtx, "range", lambda name: nullcontext())
    file = tmp_path / "mine.py"
    text = (level.folder / "solution.py").read_text()
    file.write_text(text if right else text.replace("x + y, mask=mask", "x - y, mask=mask"))
    records: list[v.Record] = []
    outcome = child.run(level, file, records.append, 60.0, tool="nsys")
    if right:
        assert outcome is v.Outcome.PASSED and Workload("n = 40", 0, 480, "toy") in records
    else:
        (check,) = [record for record in records if isinstance(record, v.Check)]
        assert outcome is v.Outcome.WRONG and check.says.startswith("At n = 40 your kernel's result isn't PyTorch's")
