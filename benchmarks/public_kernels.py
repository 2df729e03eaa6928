"""Judges a folder of adapted public kernels, and says which come to something else than they should.

    python benchmarks/public_kernels.py FOLDER          FOLDER/expected.csv says what each file should come to

Fetches nothing: the files are other people's, under their own licences, and each is adapted by hand until it defines a
level's launcher. The table has the columns

    file       relative to FOLDER
    level      a number or a slug
    outcome    as in `check --json`; several that would do, joined by |; `not_verified_here` for a pass without its numbers
    finding    of the failed check, or empty
    says       a piece of the first failed check's sentence or of a remark, or empty
    source     where the kernel comes from

All files go through one warm process. Exits 1 on a difference, 2 if the table can't be used.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from triton_quest.course import table as levels  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.parent.runner import Job, judge  # noqa: E402
from triton_quest.parent.warm import Warm  # noqa: E402
from triton_quest.records import verdict as v  # noqa: E402

TABLE = "expected.csv"
WITHOUT_NUMBERS = "not_verified_here"


@dataclass(frozen=True)
class Expected:
    """One line of the table."""

    file: str
    level: str
    outcome: str
    finding: str = ""
    says: str = ""
    source: str = ""


class UnusableTable(ValueError): ...


def read_table(folder: Path) -> list[tuple[Expected, Level]]:
    """Every line with its level. Raises UnusableTable with the line that can't be used."""
    known = {outcome.value for outcome in v.Outcome} | {WITHOUT_NUMBERS}
    names = {field.name for field in fields(Expected)}
    try:
        lines = list(csv.DictReader((folder / TABLE).read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise UnusableTable(f"{folder / TABLE}: {error.strerror}") from error
    rows = []
    for number, line in enumerate(lines, 2):
        where = f"{folder / TABLE}, line {number}"
        if not names >= line.keys() >= {"file", "level", "outcome"}:
            raise UnusableTable(
                f"{where}: the columns are {', '.join(sorted(names))}; file, level and outcome are needed"
            )
        row = Expected(**{name: (value or "").strip() for name, value in line.items()})
        level = levels.find(row.level)
        if level is None or not (folder / row.file).is_file():
            raise UnusableTable(f"{where}: there is no {'level ' + row.level if level is None else row.file}")
        if unknown := set(row.outcome.split("|")) - known:
            raise UnusableTable(f"{where}: no outcome is called {unknown.pop() or 'nothing'}")
        rows.append((row, level))
    return rows


def outcome_of(verdict: v.Verdict) -> str:
    others = [name for name in verdict.not_verified_here if name != v.ON_A_GPU]
    return WITHOUT_NUMBERS if verdict.passed and others else verdict.outcome.value


def differences(expected: Expected, verdict: v.Verdict) -> Iterator[str]:
    """What the verdict is that it shouldn't be, in a few words each."""
    failure = verdict.first_failure
    outcome, finding = outcome_of(verdict), (failure.finding if failure else None) or ""
    if outcome not in expected.outcome.split("|"):
        yield f"{outcome} instead of {expected.outcome}"
    if expected.finding and finding != expected.finding:
        yield f"finding {finding or 'none'} instead of {expected.finding}"
    told = [check.says if check.state is v.State.FAILED else check.name for check in verdict.checks]
    if expected.says and not any(expected.says in sentence for sentence in told):
        yield f"nothing says “{expected.says}”"


def main(words: list[str]) -> int:
    if len(words) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(words[0])
    try:
        rows = read_table(folder)
    except UnusableTable as error:
        print(error, file=sys.stderr)
        return 2
    differing, width = 0, max((len(row.file) for row, _ in rows), default=4)
    with Warm() as warm:
        for row, level in rows:
            verdict = judge(Job(level, (folder / row.file).resolve()), start=warm.start)
            found = list(differences(row, verdict))
            differing += bool(found)
            print(
                f"{row.file:<{width}}  {level.number:>2}  {outcome_of(verdict):<18}{verdict.seconds:6.1f} s  {'; '.join(found)}"
            )
            if found and verdict.cause:
                print(f"{'':<{width}}      {verdict.cause}")
    print(f"{len(rows) - differing} of {len(rows)} as expected")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
