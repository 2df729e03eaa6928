"""The processor time of a known mistake in the gate, beside that of an older build: `make gate-sample OLDER=../older`.

    python benchmarks/gate_sample.py OLDER [MISTAKES_A_LEVEL] [ROUNDS]

OLDER is a worktree with a `.venv` of its own. Of each level the same mistakes and variants are judged by both builds, one after the
other, in a warm process each; every difference between the verdicts is told. The time is that of the judging processes.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
SERVE = "--serve"
COMPARED = ("name", "kind", "state", "outcome", "says", "cause", "evidence", "finding", "hint", "case")  # of each check


def processor_seconds(pid: int) -> float:
    """Of a process, and of all its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def text_of(mutant: Any) -> str:
    """The mistake's or variant's text; in an older build it is still to be made."""
    if hasattr(mutant, "text"):
        return str(mutant.text)
    from triton_quest.authoring import mutation

    solution = mutation.workspace.course_text(mutant.level, "solution.py")
    return str(mutation.apply(mutant.edits, solution, mutant.key))


def serve(folder: Path) -> None:
    """In the Python of a build: say what can be judged, and judge what is asked for, a line each."""
    sys.path[0] = os.getcwd()  # the build, instead of this file's folder
    from triton_quest.authoring import mutation

    try:
        from triton_quest.course.table import LEVELS
    except ImportError:  # an older build
        from triton_quest.levels import LEVELS  # type: ignore[attr-defined, no-redef]

    arrived = [level for level in LEVELS if (level.folder / "solution.py").is_file()]
    population = {(one.level.slug, one.key): one for level in arrived for one in mutation.mutants(level)}
    job = getattr(mutation, "job_of", lambda mutant, file: mutation.Job(mutant.level, file))
    solutions = {level.slug: SimpleNamespace(level=level, key=level.slug) for level in arrived}
    print(json.dumps(list(population)), flush=True)
    with mutation.Warm() as warm:
        warm.wait()
        for line in sys.stdin:
            slug, key, *text = json.loads(line)
            mutant = solutions[slug] if text else population[slug, key]
            if hasattr(warm, "prepare"):
                warm.prepare(mutant.level)
                warm.wait()
            file = folder / f"{mutant.key.replace(': ', '_')}.py"
            file.write_text(text[0] if text else text_of(mutant))
            before = processor_seconds(warm.pid)
            verdict = mutation.judge(job(mutant, file), start=warm.start)
            seconds = processor_seconds(warm.pid) - before
            told = [[getattr(check, name) for name in COMPARED] for check in verdict.checks]
            print(json.dumps([seconds, told], default=str), flush=True)


class Build:
    """One of the two, ready to judge."""

    def __init__(self, tree: Path, folder: str) -> None:
        self._process = subprocess.Popen(
            [str(tree / ".venv/bin/python"), str(Path(__file__).resolve()), SERVE, folder],
            cwd=tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.population: list[tuple[str, str]] = [(slug, key) for slug, key in self._answer()]

    def judge(self, mutant: tuple[str, ...]) -> tuple[float, Any]:
        """Seconds of the processor, and the verdict. A third part is the text, of a file that is no mutant."""
        assert self._process.stdin
        print(json.dumps(mutant), file=self._process.stdin, flush=True)
        seconds, verdict = self._answer()
        return seconds, verdict

    def close(self) -> None:
        self._process.communicate()

    def _answer(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


def sample(population: list[tuple[str, str]], wanted: int) -> list[tuple[str, str]]:
    """So many of each level, evenly spread over its mistakes and variants."""
    chosen = []
    for slug in dict.fromkeys(slug for slug, _ in population):
        of_level = [one for one in population if one[0] == slug]
        last, count = len(of_level) - 1, min(wanted, len(of_level))
        chosen += [of_level[number * last // max(1, count - 1)] for number in range(count)]
    return chosen


def main(older: Path, wanted: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        builds = Build(older, folder), Build(ROOT, folder)
        both = [one for one in builds[1].population if one in set(builds[0].population)]
        chosen = sample(both, wanted)
        found: dict[tuple[str, str], list[tuple[float, float]]] = {one: [] for one in chosen}
        print(f"{'level':<20}{'mistake or variant':<44}{'older':>8}{'now':>8}{'ratio':>8}")
        for _ in range(rounds):
            for one in chosen:
                (before, was), (now, verdict) = (build.judge(one) for build in builds)
                found[one].append((before, now))
                differs = "" if was == verdict else "   another verdict"
                print(f"{one[0]:<20}{one[1][:42]:<44}{before:>8.2f}{now:>8.2f}{now / max(before, 0.01):>8.2f}{differs}")
        for build in builds:
            build.close()
    least = [tuple(map(min, zip(*times, strict=True))) for times in found.values()]  # what disturbs only adds
    totals = [sum(column) for column in zip(*least, strict=True)]
    ratios = statistics.median(now / max(before, 0.01) for before, now in least)
    print(
        f"{len(chosen)} of {len(both)}, the least of {rounds}: {totals[0]:.1f} s and {totals[1]:.1f} s of the processor."
    )
    print(f"All together {totals[1] / totals[0]:.2f}, in the median {ratios:.2f} of the older build's time.")


if __name__ == "__main__":
    if sys.argv[1] == SERVE:
        serve(Path(sys.argv[2]))
    else:
        more = [int(word) for word in sys.argv[2:]]
        main(Path(sys.argv[1]).resolve(), *(more + [5, 1][len(more) :]))
