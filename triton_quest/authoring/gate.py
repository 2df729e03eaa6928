"""The gate: what an author must get right before a level may be given to a learner. Each complaint says what is missing.

It looks at the level files that git holds (or that the package brought), never at those that somebody is playing with.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from triton_quest.authoring import mutation
from triton_quest.authoring.mutation import Judged
from triton_quest.course import mistake, table, template
from triton_quest.course.level import COURSE, HINTS_A_LEVEL, SIZES, STAGES, Level
from triton_quest.course.table import LEVELS
from triton_quest.errors import CourseTrouble
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.runner import run as run_job
from triton_quest.records import verdict as v
from triton_quest.records.measured import Compiled, Refused
from triton_quest.records.show import Launched
from triton_quest.report.show import CallTrace
from triton_quest.report.show_data import page_data
from triton_quest.store import workspace

COURSE_FILES = {"__init__.py", "level.py", "solution.py", "hints.md", "cases.py", "reference.py", "mistakes.md"}
OPTIONAL = {"formulas.py", "variants", "__pycache__"}
MODULES = ("table", "level", "parts", "template", "case", "answer", "call", "mistake", "gaps", "words")
BESIDE_FOLDERS = {"shared", "words.md", *(f"{name}.py" for name in MODULES)}
LEVEL_FILES = {"__init__.py", "quest_setup.py"}
LEAST_MISTAKES, LEAST_VARIANTS = 8, 3
PICTURE = 78  # columns of an indented block: it must fit a terminal of 80 unwrapped
UNFINISHED = (v.Outcome.NOT_STARTED, v.Outcome.GAPS)


def run(
    tell: Callable[[str], None] = lambda what: None,
    levels: tuple[Level, ...] = LEVELS,
    course: Path = COURSE,
    show: Callable[[Judged], None] = lambda row: None,
    only: Level | None = None,
) -> list[str]:
    """Every complaint, level by level, or of one level `only`.

    `tell` is told what is being looked at, `show` gets each row of the table.
    """
    complaints = [*_names(levels), *stray_files(levels, course)] if only is None else []
    levels = tuple(level for level in levels if only in (None, level))
    for level in levels:
        if not level.folder.is_dir():
            complaints += [f"{level.slug}: there is no folder {level.folder}"] if only else []
            continue  # lies ahead
        tell(f"level {level.number}, {level.title}")
        found = list(_texts(level)) or list(_known(level)) or list(_judgements(level))
        complaints += [f"{level.slug}: {complaint}" for complaint in found]
    if not complaints:
        complaints += _mutations(levels, tell, show)
    return complaints


def _names(levels: tuple[Level, ...]) -> Iterator[str]:
    """Folders that the table names and that have no row, and names that two rows have."""
    for folder, line in table.without_a_row():
        yield f"course/table.py:{line}: the folder {folder} has no level.py, which holds the level's row"
    for name in ("slug", "file", "launcher"):
        first: dict[str, Level] = {}
        for level in levels:
            held = first.setdefault(getattr(level, name), level)
            if held is not level:
                value = getattr(level, name)
                yield f"{_line_of(level, value)}: the {name} {value} is that of level {held.number} already"


def _line_of(level: Level, value: str) -> str:
    """Where the row says `value`: course/<folder>/level.py:line."""
    path = level.folder / "level.py"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    line = next((n for n, line in enumerate(text.splitlines(), start=1) if f'"{value}"' in line), 1)
    return f"{path.parent.parent.name}/{path.parent.name}/level.py:{line}"


def stray_files(levels: tuple[Level, ...], course: Path) -> Iterator[str]:
    """Course folders without a row, files that don't belong into a course folder or beside the levels."""
    held = {level.folder.name for level in levels}
    for folder in sorted(course.iterdir()):
        if folder.name.startswith((".", "__")) or folder.name in BESIDE_FOLDERS:
            continue
        if folder.is_dir() and {path.name for path in folder.iterdir()} <= {"__pycache__"}:
            continue  # what Python leaves of a folder that an update has moved
        if folder.name not in held:
            yield f"{folder.name}: the table (course/table.py) names no such folder"
            continue
        for path in sorted(folder.iterdir()):
            if path.name not in COURSE_FILES | OPTIONAL:
                may_hold = ", ".join(sorted((COURSE_FILES | OPTIONAL) - {"__pycache__"}))
                yield f"{folder.name}: {path.name} is a stray file: a course folder holds {may_hold}"
    known = LEVEL_FILES | {level.file for level in levels if level.has_arrived}
    for name in _held_level_files():
        if name not in known:
            yield f"levels/{name} belongs to no row of the table"


def _texts(level: Level) -> Iterator[str]:
    """What can be seen without running anything."""
    missing = sorted(name for name in COURSE_FILES if not (level.folder / name).is_file())
    if missing:
        yield f"{', '.join(missing)} missing in {level.folder}"
        return
    for name in sorted(COURSE_FILES):
        try:
            workspace.course_text(level, name)
        except UnicodeDecodeError as trouble:
            yield f"{name} is not UTF-8 text (byte {trouble.start})"
            return
    try:
        expected = workspace.level_template(level)
        gaps = template.open_gaps(expected)
        own_gaps = template.open_gaps(workspace.course_text(level, "solution.py"))
    except (CourseTrouble, SyntaxError) as trouble:
        yield f"solution.py: {trouble}"
        return
    if not gaps:
        yield "solution.py marks no gap: there would be nothing to do"
    if own_gaps:
        yield "solution.py has a `...` of its own"
    if not template.briefing(expected):
        yield "solution.py has no docstring: it is the level's briefing"
    told = [*template.briefing(expected).splitlines(), *template.more(expected).splitlines()]
    wide = [line for line in told if line.startswith("    ") and len(line) > PICTURE]
    if wide:
        yield f"solution.py: a drawn line of the briefing is wider than {PICTURE} columns: {wide[0].strip()[:40]} ..."
    held = held_text(level)
    if held is None:
        yield f"levels/{level.file} is not there: quest dev build, then git add it"
    elif held != expected:
        yield f"levels/{level.file} is stale: quest dev build, then git add it"
    yield from _hints(level)
    yield from _row(level)


def _hints(level: Level) -> Iterator[str]:
    hints = template.split_hints(workspace.course_text(level, "hints.md"))
    if len(hints) != HINTS_A_LEVEL:
        yield f"hints.md has {len(hints)} hints (## 1. title ...) instead of {HINTS_A_LEVEL}"
    for number, (title, text) in enumerate(hints, start=1):
        if not text:
            yield f"hints.md: hint {number}, “{title}”, is empty"


def _known(level: Level) -> Iterator[str]:
    """The mistakes and the right variants: enough of them, and every patch applies to today's solution."""
    try:
        known = mistake.read(level.folder)
    except CourseTrouble as trouble:
        yield str(trouble)
        return
    patches = [(one.key, one.edits) for one in known.mistakes] + [(one.key, one.edits) for one in known.variants]
    for key, edits in patches:
        try:
            mistake.apply(edits, workspace.course_text(level, "solution.py"), key)
        except CourseTrouble as trouble:
            yield str(trouble)
    right = len(known.variants) + len(mutation.whole_variants(level))
    if len(known.mistakes) < LEAST_MISTAKES or right < LEAST_VARIANTS:
        yield (
            f"mistakes.md holds {len(known.mistakes)} mistakes, and with variants/ {right} right variants: "
            f"{LEAST_MISTAKES} and {LEAST_VARIANTS} at least are needed"
        )


def _row(level: Level) -> Iterator[str]:
    """The stages, and what `compile` and `traffic` call the launcher with."""
    for stage in level.stages:
        if stage not in STAGES:
            yield f"{_line_of(level, stage)}: there is no stage {stage}: they are {', '.join(STAGES)}"
    letters = [letter for shape in level.shapes for letter in shape.letters]
    unknown = sorted(set(letters) - SIZES.keys())
    if not level.inputs:
        yield 'level.py: the row has no inputs: a shape for each argument of the launcher, as in ("B H S D",) * 3'
    elif unknown:
        yield f"level.py: the row's inputs have letters without a size in SIZES: {', '.join(unknown)}"
    elif not level.grown or not set(level.grown) <= set(letters):
        yield f"level.py: {level.grows}, which the row lets grow, stands in none of its inputs"


def _judgements(level: Level) -> Iterator[str]:
    """The template must be refused as unfinished, and the solution accepted, by the judge that learners meet."""
    with tempfile.TemporaryDirectory() as folder:
        unfinished = Path(folder) / level.file
        unfinished.write_text(workspace.level_template(level), encoding="utf-8")
        of_template = judge(Job(level, unfinished))
        if of_template.outcome not in UNFINISHED:
            yield f"the template is judged “{of_template.outcome.value}” instead of unfinished: {of_template.cause}"
    of_solution = judge(Job(level, level.folder / "solution.py"))
    if not of_solution.passed:
        yield f"the solution is judged “{of_solution.outcome.value}”: {of_solution.cause}"
    elif of_template.outcome in UNFINISHED:
        yield from list(_compiled(level)) or _traced(level)


def _compiled(level: Level) -> Iterator[str]:
    """On the inputs of its row the solution must compile all the way, with every register that it asks for."""
    ended = run_job(Job(level, level.folder / "solution.py", kind="compile"))
    if ended.outcome is not v.Outcome.PASSED:
        refused = [one.says for one in ended.all(Refused)] or [ended.failure.says if ended.failure else ended.detail]
        yield f"the solution doesn't compile with the inputs of its row: {refused[0]}"
    for kernel in ended.all(Compiled):
        if kernel.spilled_bytes:
            yield f"the solution's {kernel.kernel} spills {kernel.spilled_bytes} bytes a thread on {kernel.target}: smaller blocks"


def _traced(level: Level) -> Iterator[str]:
    """`show` must have something to draw: a call that comes to its end, with several programs along each axis."""
    ended = run_job(Job(level, level.folder / "solution.py", kind="show", asked={"with_values": True}))
    if ended.outcome is not v.Outcome.PASSED:
        reason = ended.failure.says if ended.failure else ended.detail.strip().rpartition("\n")[2]
        yield f"cases.py: the solution can't be traced on SHOWN: {reason}"
    elif any(size == 1 for launch in ended.all(Launched) for size in launch.grid):
        yield "cases.py: SHOWN gives a single program along an axis of the grid: make it larger"
    else:
        trace = CallTrace.of(ended.records)
        yield from (f"cases.py: SHOWN: {says}" for says in page_data(trace, None, ended.records, None).says)


def _mutations(levels: tuple[Level, ...], tell: Callable[[str], None], show: Callable[[Judged], None]) -> Iterator[str]:
    """Every known mistake must be rejected by the check that is meant to, every right variant accepted."""
    try:
        population = tuple(mutant for level in levels if level.has_arrived for mutant in mutation.mutants(level))
    except CourseTrouble as trouble:
        yield str(trouble)
        return
    tell(f"{len(population)} known mistakes and right variants")
    with tempfile.TemporaryDirectory() as folder:
        for row in mutation.judge_all(population, Path(folder)):
            show(row)
            if not row.ok:
                where = f"{row.mutant.level.slug}: {row.mutant.key}"
                yield f"{where} should come to “{row.mutant.expected}” and came to “{row.got}”: {row.says}"


# What git holds


def held_text(level: Level) -> str | None:
    """The level file in git's index; outside of a clone, the package's."""
    shown = _git("show", f":triton_quest/levels/{level.file}")
    if shown is not None:
        return shown
    path = workspace.PACKAGE / "levels" / level.file
    return path.read_text(encoding="utf-8") if path.is_file() and not _in_git() else None


def _held_level_files() -> list[str]:
    listed = _git("ls-files", "triton_quest/levels")
    if listed is not None and _in_git():
        return sorted(Path(line).name for line in listed.splitlines())
    return sorted(path.name for path in (workspace.PACKAGE / "levels").glob("*.py"))


def _in_git() -> bool:
    return bool(_git("ls-files", "triton_quest/levels/__init__.py"))


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=workspace.PACKAGE.parent, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
