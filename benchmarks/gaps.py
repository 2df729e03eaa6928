"""What gaps cost a check, in processor time: `make latency`.

    with half of the gaps open     against the finished file                       at most 1.3x
    the gap at fault               besides the check of a wrong file               at most 1 s in levels 1 to 5, 2 s from 6 on

Both files of a pair are judged alternately in this process, warmed up. Medians of `ROUNDS`; of the gap at fault the longest of a few
known mistakes.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import types
from pathlib import Path

os.environ["TRITON_INTERPRET"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.modules["quest_setup"] = types.ModuleType("quest_setup")  # the device is chosen already

import torch  # noqa: E402

from triton_quest.child.judge import at_fault, hints, pipeline  # noqa: E402
from triton_quest.course import gaps, parts, template  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.mistake import apply  # noqa: E402
from triton_quest.course.table import LEVELS  # noqa: E402

ROUNDS = 5
MISTAKES = 4  # of each level
SHOWN = (1, 2, 3, 6, 8)


def half_open(solution: str) -> str:
    """The learner's file with the first half of its gaps filled in."""
    empty = template.strip_solution(solution)
    found = gaps.find(solution, empty)
    return gaps.fill(empty, found[: len(found) // 2]).text


def seconds(level: Level, file: Path, text: str) -> float:
    """Processor seconds of one judgement."""
    file.write_text(text, encoding="utf-8")
    began = time.process_time()
    pipeline.run(level, file, lambda record: None, 600.0)
    return time.process_time() - began


def at_fault_seconds(level: Level, file: Path, solution: str) -> tuple[float, int]:
    """The longest search for the gap at fault, and in how many of the wrong files one was found."""
    taken: list[float] = []
    found = 0
    search = at_fault.Trials.fault

    def timed(self: at_fault.Trials, *lines: object) -> at_fault.Fault | at_fault.NotFound:
        nonlocal found
        began = time.process_time()
        result = search(self, *lines)  # type: ignore[arg-type]
        taken.append(time.process_time() - began)
        found += isinstance(result, at_fault.Fault)
        return result

    at_fault.Trials.fault = timed  # type: ignore[method-assign]
    try:
        known = [one for one in parts.known(level).mistakes if 0 not in hints.touched(one, solution)]
        for mistake in known[:: max(1, len(known) // MISTAKES)][:MISTAKES]:
            seconds(level, file, template.clean_solution(apply(mistake.edits, solution, mistake.key)))
    finally:
        at_fault.Trials.fault = search  # type: ignore[method-assign]
    return max(taken), found


def main() -> None:
    torch.set_num_threads(1)
    pipeline.warm_up()
    print(f"{'level':<8}{'finished':>10}{'half open':>11}{'ratio':>8}{'at fault':>11}{'found':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for number in SHOWN:
            level = LEVELS[number - 1]
            file, solution = Path(folder) / level.file, (level.folder / "solution.py").read_text(encoding="utf-8")
            texts = template.clean_solution(solution), half_open(solution)
            pairs = [tuple(seconds(level, file, text) for text in texts) for _ in range(ROUNDS)]
            finished, opened = (statistics.median(column) for column in zip(*pairs, strict=True))
            longest, found = at_fault_seconds(level, file, solution)
            least = at_fault.FEW if number < at_fault.LARGE_CASES else at_fault.MORE
            asked = f"   at most 1.3x, {least:.0f} s"
            print(
                f"{number:<8}{finished:>8.2f} s{opened:>9.2f} s{opened / finished:>7.2f}x{longest:>9.2f} s{found:>6} of {MISTAKES}{asked}"
            )


if __name__ == "__main__":
    main()
