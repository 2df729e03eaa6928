"""What checking every load and store costs: the levels' solutions with and without the memory model, as ratios.

Both run alternately in one process, in the adapted interpreter, over all cases of the level in fp32. At most 1.5x.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import types
from pathlib import Path

os.environ["TRITON_INTERPRET"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.modules["quest_setup"] = types.ModuleType("quest_setup")

import torch  # noqa: E402

from triton_quest.child.instruments.memory.model import MemoryModel  # noqa: E402
from triton_quest.child.judge import code, given  # noqa: E402
from triton_quest.child.triton.interpreter import enable  # noqa: E402
from triton_quest.course import parts  # noqa: E402
from triton_quest.course.case import Draw  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.table import LEVELS  # noqa: E402

ROUNDS = 15


def seconds(level: Level, launcher: given.Launcher, checked: bool) -> float:
    """Processor time of all cases once."""
    inputs = [(case, case.inputs(Draw(case.name, torch.float32))) for case in parts.part(level, "cases").CASES]
    started = time.process_time()
    for case, arguments in inputs:
        if checked:
            with MemoryModel().active():
                launcher(*arguments, **case.keywords)
        else:
            launcher(*arguments, **case.keywords)
    return time.process_time() - started


def main() -> None:
    enable()
    torch.set_num_threads(1)
    print(f"{'level':<18}{'bare':>9}{'checked':>10}{'ratio':>8}")
    for level in LEVELS:
        if not level.has_arrived:
            continue
        launcher = code.launcher_of(code.load(level.folder / "solution.py"), level)
        seconds(level, launcher, True)
        pairs = [(seconds(level, launcher, False), seconds(level, launcher, True)) for _ in range(ROUNDS)]
        bare, checked = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{level.slug:<18}{bare * 1000:>6.0f} ms{checked * 1000:>7.0f} ms{checked / bare:>7.2f}x   at most 1.5x")


if __name__ == "__main__":
    main()
