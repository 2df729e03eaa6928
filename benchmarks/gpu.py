"""The proof on a GPU: every solution judged and raced on it, known mistakes rejected on it. Writes a data file.

    python benchmarks/gpu.py              benchmarks/data/<gpu>.json, for the GPU of this machine
    python benchmarks/gpu.py --quick      the smallest and the largest size of each level only
    python benchmarks/gpu.py --only races     or judged: measure this part anew, and keep the file's other one
    python benchmarks/gpu.py --levels 9,10 --minutes 8     these levels, as far as the minutes go; the file's others stay

`python docs/make_speeds.py` makes the tables and the picture of docs/speeds.md from all the data files.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from triton_quest import environment  # noqa: E402
from triton_quest.authoring import fingerprint  # noqa: E402
from triton_quest.course import parts  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.mistake import Edit, apply  # noqa: E402
from triton_quest.course.table import LEVELS, find  # noqa: E402
from triton_quest.parent.devices import COMPILING_SECONDS  # noqa: E402
from triton_quest.parent.runner import Job, judge, run  # noqa: E402
from triton_quest.records import verdict as v  # noqa: E402
from triton_quest.records.race import Ceilings, ConfigTiming, DidNotRun, Timing  # noqa: E402
from triton_quest.store import workspace  # noqa: E402

DATA = ROOT / "benchmarks" / "data"
MUTATED = (  # whose known mistakes are judged on the device too
    "vector-add",
    "softmax",
    "flash-attention",
    "autotuning",
    "grouped-query-attention",
    "softmax-backward",
    "attention-for-training",
    "key-value-gradients",
    "flash-attention-backward",
)
AT_ONCE = max(2, (os.cpu_count() or 2) - 2)  # judgements; races run alone
STEP_SECONDS = 300.0
WITH_DESCRIPTORS = "flash-attention"  # the level whose variant `descriptors` is raced, too
DESCRIPTORS = (  # level 8's variant of that name, with the tiles that suit it on sm_90
    Edit("    (2, 64): (128, 64, 8, 3),\n", "    (2, 64): (64, 128, 4, 2),\n"),
    Edit("    (2, 128): (64, 64, 4, 3),\n", "    (2, 128): (128, 128, 8, 3),\n"),
)


class Budget:
    """How long may be measured: nothing is begun after it. What isn't begun for that is kept by name."""

    def __init__(self, minutes: float | None, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._end = now, now() + 60 * minutes if minutes is not None else None
        self.left_out: list[str] = []

    def allows(self, what: str) -> bool:
        allowed = self._end is None or self._now() < self._end
        self.left_out += [] if allowed else [what]
        return allowed


def merge(data: dict[str, Any], part: str, slugs: Collection[str], rows: Iterable[dict[str, Any]]) -> None:
    """Put `rows` in the place of what the part held of these levels; the rows of a part stand in the order of the levels."""
    order = {level.slug: level.number for level in LEVELS}
    kept = [row for row in data.get(part, []) if row["slug"] not in slugs]
    data[part] = sorted([*kept, *rows], key=lambda row: order.get(row["slug"], 0))


def judged(level: Level, file: Path, seconds: float = COMPILING_SECONDS) -> v.Verdict:
    return judge(Job(level, file, seconds, kind="judge_on_gpu"))


def verdicts(folder: Path, levels: Sequence[Level], budget: Budget) -> list[dict[str, Any]]:
    """Each solution and each known mistake of some levels on the device: what they came to."""
    jobs = [(level, "", "passed", level.folder / "solution.py") for level in levels]
    for level in (level for level in levels if level.slug in MUTATED):
        for mistake in parts.known(level).mistakes:
            path = folder / f"{level.slug}_{mistake.key}.py"
            path.write_text(apply(mistake.edits, workspace.course_text(level, "solution.py"), mistake.key))
            jobs.append((level, mistake.key, mistake.caught_by, path))

    def row(job: tuple[Level, str, str, Path]) -> dict[str, Any] | None:
        level, key, meant_for, path = job
        if not budget.allows(f"judging {level.slug} {key}".rstrip()):
            return None
        verdict = judged(level, path)
        says = verdict.cause if key else verdict.checks[-1].name
        found = {"slug": level.slug, "mistake": key, "meant_for": meant_for}
        return {**found, "outcome": verdict.outcome.value, "says": says}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [found for found in pool.map(row, jobs) if found is not None]


def race(level: Level, file: Path, quick: bool) -> list[v.Record]:
    """Every record of one file's race."""
    races = parts.part(level, "cases").RACES
    sizes = (races[0].name, races[-1].name) if quick else None
    told: list[v.Record] = []

    def tell(record: v.Record) -> None:
        told.append(record)
        if isinstance(record, Timing):
            rate = f"{record.tflops:6.0f} TFLOP/s" if record.flops else f"{record.gbs:6.0f} GB/s"
            print(f"  {record.size:28} {record.contender:10} {record.time_ms:9.3f} ms  {rate}", flush=True)
        elif isinstance(record, ConfigTiming):
            timed = f"{record.time_ms:9.3f} ms  {record.tflops:6.0f} TFLOP/s" if record.time_ms else record.says[:60]
            taken = " taken" if record.taken else ""
            print(f"  {record.size:28} config {record.place:2} {timed}{taken}", flush=True)
        elif isinstance(record, DidNotRun):
            print(f"  {record.size:28} {record.contender:10} {record.says[:100]}", flush=True)

    ended = run(Job(level, file, STEP_SECONDS, kind="race", asked={"sizes": sizes}), tell)
    if ended.outcome is not v.Outcome.PASSED:
        print(f"  {ended.outcome.value}: {ended.failure.says if ended.failure else ended.detail}", flush=True)
    return told


def races(data: dict[str, Any], path: Path, quick: bool, levels: Sequence[Level], budget: Budget) -> None:
    """Race every solution, and level 8's variant with tensor descriptors beside it; what is measured is kept at once."""
    for level in levels:
        if not budget.allows(f"racing {level.slug}"):
            continue
        print(f"racing level {level.number}, {level.title}", flush=True)
        records = race(level, level.folder / "solution.py", quick)
        ceilings = [record for record in records if isinstance(record, Ceilings)]
        data["ceilings"] = data.get("ceilings") or asdict(ceilings[0])
        data["clocks"] = [*data.get("clocks", []), *(record.clocks for record in ceilings)]
        for part, kind in (("timings", Timing), ("left_out", DidNotRun), ("configs", ConfigTiming)):
            merge(data, part, {level.slug}, (asdict(record) for record in records if isinstance(record, kind)))
        data.setdefault("dates", {})[level.slug] = date.today().isoformat()
        data.setdefault("fingerprints", {})[level.slug] = fingerprint.of_the_solutions()[level.slug]
        keep(data, path)
    level = next((level for level in levels if level.slug == WITH_DESCRIPTORS), None)
    if level is None or not budget.allows("racing level 8's variant with tensor descriptors"):
        return
    print("racing level 8's variant with tensor descriptors", flush=True)
    variant = next(one for one in parts.known(level).variants if one.key == "descriptors")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "descriptors.py"
        file.write_text(apply((*variant.edits, *DESCRIPTORS), workspace.course_text(level, "solution.py"), variant.key))
        told = race(replace(level, races=("flash", "cudnn")), file, quick)
    data["descriptors"] = [asdict(record) for record in told if isinstance(record, Timing)]


def judge_all(data: dict[str, Any], levels: Sequence[Level], budget: Budget) -> None:
    """Judge every solution and the known mistakes of some levels on the device."""
    print("judging solutions and known mistakes on the device", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        rows = verdicts(Path(folder), levels, budget)
    for row in (row for row in rows if not row["mistake"]):
        print(f"  {row['slug']:20} {row['outcome']}: {row['says']}", flush=True)
    rejected = [row for row in rows if row["mistake"]]
    for part, found in (("solutions", [row for row in rows if not row["mistake"]]), ("mistakes", rejected)):
        merge(data, part, {row["slug"] for row in found}, found)
    missed = [f"{row['slug']}: {row['mistake']} ({row['meant_for']})" for row in rejected if row["outcome"] == "passed"]
    print(
        f"  {len(rejected) - len(missed)} of {len(rejected)} rejected; not seen there: {', '.join(missed)}", flush=True
    )


def keep(data: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1) + "\n")


def chosen(words: str | None) -> list[Level]:
    """The levels that `--levels` names by number or slug, or all that have arrived. Exits for a name that is none."""
    arrived = [level for level in LEVELS if level.has_arrived]
    if words is None:
        return arrived
    found = {word.strip(): find(word) for word in words.split(",")}
    unknown = [word for word, level in found.items() if level is None or not level.has_arrived]
    if unknown:
        sys.exit(
            f"There is no level {', '.join(unknown)}. The levels: {', '.join(str(level.number) for level in arrived)}."
        )
    return [level for level in arrived if level in found.values()]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="the smallest and the largest size of each level only")
    arguments.add_argument("--only", choices=("races", "judged"), help="this part alone; the other one stays as it is")
    arguments.add_argument("--levels", help="these alone, as in 9,10; the file's others stay as they are")
    arguments.add_argument("--minutes", type=float, help="begin nothing after so many; what isn't begun stays as it is")
    arguments.add_argument("--out", type=Path, help="the data file (default: benchmarks/data/<gpu>.json)")
    asked = arguments.parse_args()
    levels = chosen(asked.levels)
    if not environment.can_use_gpu():
        sys.exit("There is no NVIDIA GPU here that this torch can use.")
    name = re.sub(r"[^a-z0-9]+", "-", torch.cuda.get_device_name().lower()).strip("-")
    path = asked.out or DATA / f"{name}.json"
    merges = bool(asked.only or asked.levels or asked.minutes is not None)
    data: dict[str, Any] = json.loads(path.read_text()) if merges and path.exists() else {}
    data |= {"schema": 1, "date": date.today().isoformat()}
    budget = Budget(asked.minutes)
    if asked.only != "judged":
        races(data, path, asked.quick, levels, budget)
    if asked.only != "races":
        judge_all(data, levels, budget)
    keep(data, path)
    print(f"written: {path}")
    if budget.left_out:
        print(f"no time was left for: {', '.join(budget.left_out)}")


if __name__ == "__main__":
    main()
