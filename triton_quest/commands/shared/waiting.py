"""What a terminal shows while a child is at work: the stage that it has come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status as Spinner

from triton_quest.parent.runner import Ending, Job, Start, run, start_cold
from triton_quest.records import verdict as v


@contextmanager
def showing_stages(console: Console, first: str, quiet: bool) -> Iterator[Callable[[v.Record], None]]:
    """A callback for the child's records that shows its stage, `first` until there is one. Nothing is shown if `quiet`, or in a pipe."""
    if quiet or not console.is_terminal:
        yield lambda record: None
        return
    spinner_name = "line" if console.options.ascii_only else "dots"
    with Spinner(first, console=console, spinner=spinner_name) as spinner:

        def tell(record: v.Record) -> None:
            if isinstance(record, v.StageStarted):
                spinner.update(record.says)

        yield tell


Runner = Callable[[Job, str, Start], Ending]  # the job, what is shown until its first stage, how its child is started


def run_and_show(console: Console, job: Job, first: str, quiet: bool, start: Start = start_cold) -> Ending:
    """Run the job to its end, and show its stages meanwhile."""
    with showing_stages(console, first, quiet) as tell:
        return run(job, tell, start)


def shown_on(console: Console, quiet: bool) -> Runner:
    """What runs jobs and shows their stages on this console."""
    return lambda job, first, start: run_and_show(console, job, first, quiet, start)
