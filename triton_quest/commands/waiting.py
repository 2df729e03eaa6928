"""Runs a job while a terminal shows what is being looked at."""

from __future__ import annotations

from rich.console import Console
from rich.status import Status as Spinner

from triton_quest import verdict as v
from triton_quest.execution.runner import Ending, Job, Start, run, start_cold


def run_and_show(console: Console, job: Job, first: str, quiet: bool, start: Start = start_cold) -> Ending:
    """Run the job to its end. `first` is shown until the child says what it does."""
    if quiet or not console.is_terminal:
        return run(job, start=start)
    spinner_name = "line" if console.options.ascii_only else "dots"
    with Spinner(first, console=console, spinner=spinner_name) as spinner:

        def tell(record: v.Record) -> None:
            if isinstance(record, v.StageStarted):
                spinner.update(record.says)

        return run(job, tell, start)
