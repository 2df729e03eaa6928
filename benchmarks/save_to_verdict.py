"""How long a save waits for its verdict in the live session, beside a cold `check` of the same file: `make live`.

From the write of the file, through `saves` and `Standby`, to the verdict; everything is checked, and every file passes. Levels
take turns, and so do warm and cold, so that a machine that slows down slows all. The processor time is the child's and ours.
"""

from __future__ import annotations

import asyncio
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import track

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from triton_quest.course import template  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.table import LEVELS  # noqa: E402
from triton_quest.parent.runner import Job  # noqa: E402
from triton_quest.parent.standby import Standby  # noqa: E402
from triton_quest.parent.watching import saves  # noqa: E402
from triton_quest.store import workspace  # noqa: E402

AT_MOST = {1: 0.5, 3: None, 6: None, 8: 1.5}  # seconds of the p50, by level
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 30
COLD_EVERY = 6  # rounds
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Times:
    """Of one level, in seconds: from the start to the verdict, and of the processor."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, wall: float, processor: float) -> None:
        self.wall.append(wall)
        self.processor.append(processor)

    def p(self, percent: int) -> float:
        """The wall time that so many of a hundred don't exceed."""
        return sorted(self.wall)[math.ceil(percent / 100 * len(self.wall)) - 1]


def judged_by(standby: Standby) -> float:
    """Processor time of all children of the process at hand that have ended, and of this process."""
    (ready,) = standby._ready.values()
    fields = Path(f"/proc/{ready.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / TICKS + time.process_time()


async def save(
    level: Level, file: Path, text: str, seen: AsyncGenerator[tuple[Level, ...], None], standby: Standby
) -> tuple[float, float]:
    """Save the file and wait for its verdict: wall and processor time."""
    processor, started = judged_by(standby), time.perf_counter()
    file.write_text(text)
    saved = await anext(seen)
    verdict = await asyncio.to_thread(standby.judge, Job(level, file))
    seconds = time.perf_counter() - started
    assert saved == (level,) and verdict.passed, verdict.cause
    return seconds, judged_by(standby) - processor


def check(level: Level, file: Path) -> tuple[float, float]:
    """The same file through the command: wall and processor time."""
    words = [sys.executable, str(ROOT / "triton_quest" / "quest.py"), "check", str(level.number), "--file", str(file)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def measure(folder: Path) -> dict[Level, tuple[Times, Times]]:
    """Warm and cold."""
    texts = {
        level: template.clean_solution(workspace.course_text(level, "solution.py"))
        for level in LEVELS
        if level.number in AT_MOST
    }
    for level, text in texts.items():
        (folder / level.file).write_text(text)
    found = {level: (Times(), Times()) for level in texts}
    with Standby(("interpreter",)) as standby:
        async with aclosing(saves(folder)) as seen:
            watching = asyncio.create_task(anext(seen))
            await asyncio.sleep(0)  # it has looked at the folder
            (folder / "begin.py").write_text("pass\n")
            await watching
            for turn in track(range(ROUNDS + 1), "saving", transient=True):
                for level, text in texts.items():
                    file = folder / level.file
                    times = await save(level, file, f"{text}\n# save {turn}\n", seen, standby)
                    if turn == 0:  # waits for the process, too
                        continue
                    found[level][0].add(*times)
                    if turn % COLD_EVERY == 0:
                        found[level][1].add(*check(level, file))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder)))
    colds = len(next(iter(found.values()))[1].wall)
    busy = f"{os.getloadavg()[0]:.1f} processes on {os.cpu_count()} processors, this one's among them"
    print(f"save to verdict: {ROUNDS} saves a level; check: {colds}; {busy}.")
    print("Seconds; in brackets those of the processor, median.")
    print(f"{'level':<20}{'p50':>8}{'p95':>8}{'':>9}{'check p50':>13}{'':>9}{'ratio':>8}")
    for level, (warm, cold) in found.items():
        processors = [f"({statistics.median(times.processor):.2f})" for times in (warm, cold)]
        asked = f"   at most {AT_MOST[level.number]} s" if AT_MOST[level.number] else ""
        print(
            f"{level.number} {level.slug:<18}{warm.p(50):>8.3f}{warm.p(95):>8.3f}{processors[0]:>9}"
            f"{cold.p(50):>13.3f}{processors[1]:>9}{cold.p(50) / warm.p(50):>7.1f}x{asked}"
        )


if __name__ == "__main__":
    main()
