"""Writes docs/speeds.md, its pictures and the README's table from benchmarks/data/*.json: `make speeds`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from triton_quest.authoring import fingerprint  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.table import LEVELS  # noqa: E402
from triton_quest.records.race import YOURS, Ceilings, ConfigTiming, Timing  # noqa: E402
from triton_quest.report import configs as config_report  # noqa: E402
from triton_quest.report.pictures import race as race_picture  # noqa: E402
from triton_quest.report.race import Bound, RaceStanding, medal, overall, standings  # noqa: E402

DATA, DOCS, README = ROOT / "benchmarks" / "data", ROOT / "docs", ROOT / "README.md"
FIRST, LAST = "<!-- made by `make speeds` -->", "<!-- until here -->"
INTRODUCTION = """\
# How fast the reference solutions are

Made by `make speeds` from `benchmarks/data/`; don't edit it. To add a GPU, run `python benchmarks/gpu.py` on it.

Every contender ran in one process, in turn, on the same random inputs with a cold L2, timed by CUDA events; a cell is the median in
milliseconds, and ± half the distance between the second and the eighth of ten parts where that is 2 % and more. The ratio is
PyTorch's best time over the solution's. The times are the GPU's; sizes marked * take less than a launch takes the CPU, so that a program
would wait for the launches, and they don't count for a medal. At level 13 PyTorch's backends compute dq, too, since none of them gives
dk and dv alone; level 14 is timed forward and backward.
"""

DESCRIPTORS = """\
The right variant `descriptors` of `course/flash_attention/mistakes.md`: the same algorithm, and the GPU's copy engine fetches whole
tiles. It wants a last stride of 1, and its tiles need the shared memory of sm_90."""


def load(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def timings(data: dict[str, Any], level: Level, part: str = "timings") -> list[Timing]:
    return [Timing(**row) for row in data[part] if row["slug"] == level.slug]


def configs(data: dict[str, Any], level: Level) -> list[ConfigTiming]:
    """Every config of a tuned kernel at every size."""
    rows = [row for row in data.get("configs", []) if row["slug"] == level.slug]
    return [ConfigTiming(**{**row, "constants": tuple(map(tuple, row["constants"]))}) for row in rows]


def measured_on(data: dict[str, Any]) -> str:
    """ "2026-11-30 (levels 1 to 8: 2026-11-29)": the newest date, and the older ones of levels that weren't measured again"""
    newest, dates = data["date"], data.get("dates", {})
    older: dict[str, list[int]] = {}
    for level in LEVELS:
        if dates.get(level.slug, newest) != newest:
            older.setdefault(dates[level.slug], []).append(level.number)
    told = "; ".join(f"{_levels(numbers)}: {day}" for day, numbers in sorted(older.items()))
    return f"{newest} ({told})" if told else str(newest)


def _levels(numbers: list[int]) -> str:
    """ "level 3", "levels 1 to 8", "levels 1, 3, 4" """
    if len(numbers) == 1:
        return f"level {numbers[0]}"
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"levels {numbers[0]} to {numbers[-1]}"
    return f"levels {', '.join(map(str, numbers))}"


def data_files() -> list[Path]:
    """The newest measurement first."""
    return sorted(sorted(DATA.glob("*.json")), key=lambda path: str(load(path)["date"]), reverse=True)


def refuse_stale(paths: list[Path]) -> None:
    """Exits if a file's figures are those of solutions that have changed since."""
    old = {path: slugs for path in paths if (slugs := fingerprint.stale(load(path)["fingerprints"]))}
    if old:
        sys.exit(
            "\n".join(
                f"{path.name}: {', '.join(slugs)} changed since that was measured. "
                "Run `python benchmarks/gpu.py` on that GPU again, or take the file away."
                for path, slugs in old.items()
            )
        )


def markdown() -> str:
    """The whole page, with a list of the GPUs to choose from."""
    paths = data_files()
    choice = [
        f"- [{gpu}](#{anchor(gpu)}), {measured_on(load(path))}"
        for path in paths
        if (gpu := load(path)["ceilings"]["gpu"])
    ]
    return "\n".join([INTRODUCTION, *choice, "", *(line for path in paths for line in _gpu(path))]) + "\n"


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return heading.lower().replace(" ", "-")


def readme(text: str) -> str:
    """README.md with its tables anew: of each GPU and level, the largest size. The newest GPU is open, the others are folded."""
    before, rest = text.split(f"{FIRST}\n")
    after = rest.split(f"{LAST}\n")[1]
    newest, *others = data_files()
    folded = [line for path in others for line in _folded(path)]
    return "\n".join([before + FIRST, *_summary(newest), *folded, LAST, after])


def _folded(path: Path) -> Iterator[str]:
    yield from ("", "<details>", f"<summary>{load(path)['ceilings']['gpu']}</summary>", "")
    yield from _summary(path)
    yield from ("", "</details>")


def _summary(path: Path) -> Iterator[str]:
    data = load(path)
    ceilings = Ceilings(**data["ceilings"])
    yield f"| {ceilings.gpu}, {measured_on(data)} | size | rate | PyTorch's best | its time over ours |"
    yield "|---|---|--:|---|--:|"
    for level in LEVELS:
        raced = standings(timings(data, level), ceilings)
        if not raced:
            continue
        one = raced[-1]
        assert one.best is not None
        yield f"| level {level.number}, {level.title} | {one.size} | {one.rate} | {one.best.contender} | {one.ratio:.2f} |"
    yield ""
    yield f"![The races on the {ceilings.gpu}](docs/{path.stem}.svg)"


def _gpu(path: Path) -> Iterator[str]:
    data = load(path)
    ceilings = Ceilings(**data["ceilings"])
    yield f"## {ceilings.gpu}"
    yield ""
    yield (
        f"{measured_on(data)}, torch {ceilings.torch}, Triton {ceilings.triton}. Measured on it: copies {ceilings.copy_gbs:,.0f} GB/s, "
        f"matrix products {ceilings.matmul_tflops:.0f} TFLOP/s in fp16 (clocks, power and temperature right after: {ceilings.clocks} °C)."
    )
    yield ""
    yield f"![The races on the {ceilings.gpu}]({path.stem}.svg)"
    for level in LEVELS:
        rows = timings(data, level)
        if rows:
            found = standings(rows, ceilings)
            ratio = overall(found)
            won = medal(level, ratio)
            yield from (
                "",
                f"### Level {level.number}, {level.title}" + _sum(ratio) + (f", {won.value}" if won else ""),
                "",
            )
            yield from _table(rows, found)
            yield from _configs(configs(data, level))
    for level in LEVELS:
        rows = timings(data, level, "descriptors") if "descriptors" in data else []
        if rows:
            found = standings(rows, ceilings)
            heading = f"### Beyond level {level.number}: with tensor descriptors{_sum(overall(found))}"
            yield from ("", heading, "", DESCRIPTORS, "")
            yield from _table(rows, found)
    yield from _judged(data)


def _sum(ratio: float | None) -> str:
    return f": {ratio:.2f}" if ratio else ""


def _table(rows: list[Timing], found: tuple[RaceStanding, ...]) -> Iterator[str]:
    names = list(dict.fromkeys(row.contender for row in rows if row.contender != YOURS))
    heads = ["size", *names, "solution", "rate", "of the bound", "ratio"]
    yield "| " + " | ".join(heads) + " |"
    yield "|---|" + "--:|" * (len(heads) - 1)
    at = {(row.size, row.contender): row for row in rows}
    for one in found:
        mark = "*" if one.bound is Bound.LAUNCH else ""
        cells = [_cell(at.get((one.size, name))) for name in (*names, YOURS)]
        share = "" if mark else f"{one.share:.0%} {one.bound.value}"
        told = f"{one.ratio:.2f}" if one.ratio else ""
        yield "| " + " | ".join([one.size + mark, *cells, one.rate, share, told]) + " |"


def _configs(found: list[ConfigTiming]) -> Iterator[str]:
    """A row a config and a column a size, in TFLOP/s; what the tuner took is bold."""
    if not found:
        return
    sizes = list(dict.fromkeys(one.size for one in found))
    names = config_report.varying(one.constants for one in found)
    yield from ("", f"Every config, {', '.join(names)}, in TFLOP/s; bold is what the tuner took:", "")
    yield "| tile | warps | stages | registers | spilled | shared memory | " + " | ".join(sizes) + " |"
    yield "|---|" + "--:|" * (5 + len(sizes))
    for place in dict.fromkeys(one.place for one in found):
        mine = {one.size: one for one in found if one.place == place}
        one = next((one for one in mine.values() if one.registers), next(iter(mine.values())))
        takes = [one.warps, one.stages, one.registers, one.spilled_bytes, f"{one.shared_bytes / 1024:.0f} KB"]
        cells = [_rate_of(mine.get(size)) for size in sizes]
        yield "| " + " | ".join([config_report.tile(one.constants, names), *map(str, takes), *cells]) + " |"


def _rate_of(one: ConfigTiming | None) -> str:
    if one is None or not one.time_ms:
        return one.says if one is not None and len(one.says) < 10 else ""
    return f"**{one.tflops:.0f}**" if one.taken else f"{one.tflops:.0f}"


def _cell(timing: Timing | None) -> str:
    if timing is None:
        return ""
    spread = 100 * (timing.high_ms - timing.low_ms) / 2 / timing.time_ms
    return f"{timing.time_ms:.3f}" + (f" ±{spread:.0f}%" if spread >= 2 else "")


def _judged(data: dict[str, Any]) -> Iterator[str]:
    passed = [row["slug"] for row in data["solutions"] if row["outcome"] == "passed"]
    rejected = [row for row in data["mistakes"] if row["outcome"] != "passed"]
    unseen = [f"{row['mistake']} ({row['meant_for']})" for row in data["mistakes"] if row["outcome"] == "passed"]
    levels = ", ".join(dict.fromkeys(row["slug"] for row in data["mistakes"]))
    yield ""
    yield "### Judged on the device"
    yield ""
    yield f"{len(passed)} of {len(data['solutions'])} solutions pass there in fp16, bf16 and fp32."
    yield f"Of the known mistakes of {levels}, {len(rejected)} of {len(data['mistakes'])} are rejected on it."
    yield f"What it can't see is left to the interpreter and the compiler: {', '.join(unseen)}." if unseen else ""


def pictures() -> None:
    os.environ.setdefault("MPLBACKEND", "agg")
    for path in data_files():
        data = load(path)
        ceilings = Ceilings(**data["ceilings"])
        races = {level: rows for level in LEVELS if (rows := timings(data, level))}
        note = f"{measured_on(data)}, torch {ceilings.torch}, Triton {ceilings.triton}; medians, cold L2, random inputs"
        tuned = {level: found for level in LEVELS if (found := configs(data, level))}
        race_picture.save(DOCS / f"{path.stem}.svg", races, ceilings.gpu, note, tuned)


if __name__ == "__main__":
    refuse_stale(data_files())
    (DOCS / "speeds.md").write_text(markdown(), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
    pictures()
