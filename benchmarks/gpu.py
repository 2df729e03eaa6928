"""The proof on a GPU: every solution judged and raced on it, known mistakes rejected on it. Writes a data file.

    python benchmarks/gpu.py              benchmarks/data/<gpu>.json, for the GPU of this machine
    python benchmarks/gpu.py --quick      the smallest and the largest size of each level only
    python benchmarks/gpu.py --only races     or judged: measure this part anew, and keep the file's other one

`python docs/make_speeds.py` makes the tables and the picture of docs/speeds.md from all the data files.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
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
from triton_quest.course.table import LEVELS  # noqa: E402
from triton_quest.parent.devices import COMPILING_SECONDS  # noqa: E402
from triton_quest.parent.runner import Job, judge, run  # noqa: E402
from triton_quest.records import verdict as v  # noqa: E402
from triton_quest.records.race import Ceilings, DidNotRun, Timing  # noqa: E402
from triton_quest.store import workspace  # noqa: E402

DATA = ROOT / "benchmarks" / "data"
MUTATED = ("vector-add", "softmax", "flash-attention")  # whose known mistakes are judged on the device too
AT_ONCE = max(2, (os.cpu_count() or 2) - 2)  # judgements; races run alone
STEP_SECONDS = 300.0
WITH_DESCRIPTORS = "flash-attention"  # the level whose variant `descriptors` is raced, too
DESCRIPTORS = (  # level 8's variant of that name, with the tiles that suit it on sm_90
    Edit("    (2, 64): (128, 64, 8, 3),\n", "    (2, 64): (64, 128, 4, 2),\n"),
    Edit("    (2, 128): (64, 64, 4, 3),\n", "    (2, 128): (128, 128, 8, 3),\n"),
)


def judged(level: Level, file: Path, seconds: float = COMPILING_SECONDS) -> v.Verdict:
    return judge(Job(level, file, seconds, kind="judge_on_gpu"))


def verdicts(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Each solution and each known mistake of some levels on the device: what they came to."""
    arrived = [level for level in LEVELS if level.has_arrived]
    jobs = [(level, "", "passed", level.folder / "solution.py") for level in arrived]
    for level in (level for level in arrived if level.slug in MUTATED):
        for mistake in parts.known(level).mistakes:
            path = folder / f"{level.slug}_{mistake.key}.py"
            path.write_text(apply(mistake.edits, workspace.course_text(level, "solution.py"), mistake.key))
            jobs.append((level, mistake.key, mistake.caught_by, path))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda job: judged(job[0], job[3]), jobs))
    rows = [
        {
            "slug": level.slug,
            "mistake": key,
            "meant_for": meant_for,
            "outcome": verdict.outcome.value,
            "says": verdict.cause if key else verdict.checks[-1].name,
        }
        for (level, key, meant_for, _), verdict in zip(jobs, found, strict=True)
    ]
    return [row for row in rows if not row["mistake"]], [row for row in rows if row["mistake"]]


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
        elif isinstance(record, DidNotRun):
            print(f"  {record.size:28} {record.contender:10} {record.says[:100]}", flush=True)

    ended = run(Job(level, file, STEP_SECONDS, kind="race", asked={"sizes": sizes}), tell)
    if ended.outcome is not v.Outcome.PASSED:
        print(f"  {ended.outcome.value}: {ended.failure.says if ended.failure else ended.detail}", flush=True)
    return told


def races(data: dict[str, Any], path: Path, quick: bool) -> None:
    """Race every solution, and level 8's variant with tensor descriptors beside it; what is measured is kept at once."""
    records: list[v.Record] = []
    for level in (level for level in LEVELS if level.has_arrived):
        print(f"racing level {level.number}, {level.title}", flush=True)
        records += race(level, level.folder / "solution.py", quick)
        ceilings = [record for record in records if isinstance(record, Ceilings)]
        data["ceilings"] = asdict(ceilings[0])
        data["clocks"] = [record.clocks for record in ceilings]
        data["timings"] = [asdict(record) for record in records if isinstance(record, Timing)]
        data["left_out"] = [asdict(record) for record in records if isinstance(record, DidNotRun)]
        keep(data, path)
    print("racing level 8's variant with tensor descriptors", flush=True)
    level = next(level for level in LEVELS if level.slug == WITH_DESCRIPTORS)
    variant = next(one for one in parts.known(level).variants if one.key == "descriptors")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "descriptors.py"
        file.write_text(apply((*variant.edits, *DESCRIPTORS), workspace.course_text(level, "solution.py"), variant.key))
        told = race(replace(level, races=("flash", "cudnn")), file, quick)
    data["descriptors"] = [asdict(record) for record in told if isinstance(record, Timing)]


def judge_all(data: dict[str, Any]) -> None:
    """Judge every solution and the known mistakes of some levels on the device."""
    print("judging solutions and known mistakes on the device", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        data["solutions"], data["mistakes"] = verdicts(Path(folder))
    for row in data["solutions"]:
        print(f"  {row['slug']:20} {row['outcome']}: {row['says']}", flush=True)
    rejected = data["mistakes"]
    missed = [f"{row['slug']}: {row['mistake']} ({row['meant_for']})" for row in rejected if row["outcome"] == "passed"]
    print(
        f"  {len(rejected) - len(missed)} of {len(rejected)} rejected; not seen there: {', '.join(missed)}", flush=True
    )


def keep(data: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1) + "\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="the smallest and the largest size of each level only")
    arguments.add_argument("--only", choices=("races", "judged"), help="this part alone; the other one stays as it is")
    arguments.add_argument("--out", type=Path, help="the data file (default: benchmarks/data/<gpu>.json)")
    asked = arguments.parse_args()
    if not environment.can_use_gpu():
        sys.exit("There is no NVIDIA GPU here that this torch can use.")
    name = re.sub(r"[^a-z0-9]+", "-", torch.cuda.get_device_name().lower()).strip("-")
    path = asked.out or DATA / f"{name}.json"
    data: dict[str, Any] = json.loads(path.read_text()) if asked.only and path.exists() else {}
    data |= {"schema": 1, "date": date.today().isoformat(), "fingerprints": fingerprint.of_the_solutions()}
    if asked.only != "judged":
        races(data, path, asked.quick)
    if asked.only != "races":
        judge_all(data)
    keep(data, path)
    print(f"written: {path}")


if __name__ == "__main__":
    main()
