"""Judge what many people handed in, keep a line each, and make a teacher's report of it."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from triton_quest.commands.shared.context import OK, TROUBLE, Context
from triton_quest.errors import QuestError
from triton_quest.grading import formats, local, on_ray, sandbox, submissions
from triton_quest.grading import run as grading
from triton_quest.grading.alike import alike
from triton_quest.grading.judging import Manner, Started
from triton_quest.grading.results import NAME, Grade, Results
from triton_quest.parent import devices
from triton_quest.records import wire
from triton_quest.screen import grades as screen
from triton_quest.screen.console import make_console

LOCAL = "local"
UNSAFE = "Every file runs with all that you may do on this machine: --no-sandbox."


@dataclass(frozen=True)
class GradeOptions:
    """What the command line asks for. `results`: None for a file in the folder itself."""

    folder: Path
    results: Path | None
    form: str
    report: Path | None
    engine: str
    workers: int | None
    no_sandbox: bool
    on_gpu: bool
    seconds: float


def run(context: Context, asked: GradeOptions) -> int:
    """Exit code 0: every file was judged, passed or not; 2: one wasn't, or a trouble of ours."""
    manner, address = _manner(asked), _address(asked.engine)
    found = submissions.find(asked.folder)
    if not found.submissions and not found.unusable:
        raise QuestError(
            f"{asked.folder} holds no level file: they are called level1_….py, level2_….py and so on.", "grade --help"
        )
    console = make_console(sys.stderr)
    if asked.no_sandbox:
        context.tell(UNSAFE)
    with Results(asked.results or asked.folder / NAME) as results:
        planned = grading.plan(found, results)
        if planned.known and console.is_terminal:
            console.print(f"[soft]{len(planned.known)} are graded already: only what changed is judged.[/]")
        with screen.running(console, planned.to_judge) as bar:
            engine = _engine(asked, manner, address, bar.start)
            try:
                for grade in grading.grade(planned, found, results, engine, asked.engine):
                    bar.done(grade)
            except KeyboardInterrupt:
                raise QuestError("Stopped. What is judged is kept; the same command goes on from there.") from None
        standing = grading.standing(found, results)
        _print(context, asked.form, standing, found, results.path)
    if asked.report is not None:
        from triton_quest.screen import grade_pages  # jinja2 is loaded where pages are asked for

        index = grade_pages.write(asked.report, standing, alike(found.submissions))
        console.print(f"The report: {index}", soft_wrap=True, markup=False)
    return OK if all(grade.was_judged for grade in standing) else TROUBLE


def _manner(asked: GradeOptions) -> Manner:
    """Raises QuestError where files can't be judged as it is asked."""
    if not asked.no_sandbox:
        sandbox.require()
    if asked.on_gpu and not asked.no_sandbox:
        raise QuestError(
            "The GPU stage can't run in the sandbox: say --no-sandbox, too, if you trust every file.", "grade --help"
        )
    where = ("interpreter", "gpu") if asked.on_gpu else ("interpreter",)
    if asked.engine == LOCAL:
        for device in where:
            devices.choose(device)
    return Manner(asked.seconds, not asked.no_sandbox, where)


def _address(engine: str) -> str | None:
    """Of a cluster, None for whatever is here. Raises QuestError for an engine that there isn't."""
    if engine in (LOCAL, on_ray.SCHEME):
        return None
    if engine.startswith(f"{on_ray.SCHEME}://"):
        return engine
    raise QuestError(f"There is no engine “{engine}”: it is local, ray, or ray://HOST:PORT.", "grade --help")


def _engine(asked: GradeOptions, manner: Manner, address: str | None, on_start: Started) -> grading.Engine:
    def engine(to_judge: Sequence[submissions.Submission]) -> Generator[local.Result, None, None]:
        if asked.engine == LOCAL:
            return local.judge_all(to_judge, manner, on_start, asked.workers)
        return on_ray.judge_all(to_judge, manner, on_start, address)

    return engine


def _print(context: Context, form: str, standing: Sequence[Grade], found: submissions.Found, kept_in: Path) -> None:
    if form == "text":
        context.show(screen.summary(standing, found, kept_in, context.glyphs))
    elif form == "json":
        for grade in standing:
            sys.stdout.write(wire.encode(grade).decode())
    else:
        sys.stdout.write(formats.FORMATS[form](standing))
