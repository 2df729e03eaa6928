"""The check that reports how a child ended which sent no `Finished`: one for each way to end; and what a child left running."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path

from triton_quest.records import verdict as v
from triton_quest.records.text import cleaned
from triton_quest.store import files

DOING = {
    "judge": "checking",
    "judge_on_gpu": "checking",
    "race": "racing",
    "profile": "profiling",
    "compile": "compiling",
    "traffic": "counting",
    "show": "tracing",
}


@dataclass(frozen=True)
class Last:
    """What was last known of the child: `stage` is None if it never came to the learner's file."""

    stage: v.StageStarted | None
    kind: str
    file: Path
    output: str = ""
    crash: str = ""  # its stack, if it died of a signal
    text: str = ""  # of the file, as it was judged

    @property
    def during(self) -> str:
        return f" (while {DOING[self.kind]}: {self.stage.says})" if self.stage else ""

    @property
    def crash_line(self) -> int | None:
        """The innermost line of the learner's file in the stack that the dying child wrote."""
        found = re.search(rf'File "{re.escape(str(self.file))}", line (\d+)', self.crash)
        return int(found[1]) if found else None

    def source_line(self, line: int) -> str:
        lines = files.plain(self.text).split("\n")
        return cleaned(lines[line - 1].strip()) if line <= len(lines) else ""


def _failed(outcome: v.Outcome, says: str, advice: str, places: tuple[v.Place, ...] = ()) -> v.Check:
    check = v.Check(name="your code runs to its end", kind="process", state=v.State.FAILED)
    return v.failed(check, outcome, says, advice, places=places)


def never_began(last: Last, code: int) -> v.Check:
    tail = last.output.strip().splitlines()
    says = "The judge itself could not start: " + (tail[-1] if tail else f"it ended with code {code}") + "."
    return _failed(v.Outcome.ERROR, says, "That is our trouble, not yours. `doctor` says what this machine lacks.")


def wrote_to_the_channel(last: Last) -> v.Check:
    says = f"Your code wrote into a file that it didn't open, the judge's own{last.during}."
    return _failed(v.Outcome.EXIT, says, "Write only to what you opened, and to standard output.")


def closed_the_channel(last: Last) -> v.Check:
    says = f"Your code closed files that it didn't open, the judge's among them{last.during}."
    return _failed(v.Outcome.EXIT, says, "Close only what you opened: no os.closerange().")


def left(last: Last, code: int) -> v.Check:
    says = f"Your code ended the whole process with exit code {code}{last.during}."
    return _failed(v.Outcome.EXIT, says, "Take out calls such as os._exit(): the judge needs the launcher's answer.")


def killed(last: Last, number: int) -> v.Check:
    """By a signal."""
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    if number == signal.SIGKILL:
        says = f"The system ended your code, most likely because it took too much memory{last.during}."
        advice = "Look for a tensor or a block that is far larger than you meant."
        return _failed(v.Outcome.OUT_OF_MEMORY, says, advice)
    if last.stage and last.stage.stage == v.COMPILER:
        says = f"Triton crashed ({name}) while {last.stage.says}: a fault of the compiler, which something in your kernel set off."
        return _failed(v.Outcome.CRASH, says, "Try other block sizes, or take out line after line until it compiles.")
    line = last.crash_line
    where = f"Line {line}: " if line else ""
    places = (v.Place(line, last.source_line(line)),) if line else ()
    if number == signal.SIGXCPU:
        says = f"{where}Your code used up its processor time{last.during}, and was stopped."
        advice = "Look for a loop whose end depends on something that doesn't change. (`ulimit -t` in your shell may allow less.)"
        return _failed(v.Outcome.TIMEOUT, says, advice, places)
    says = f"{where}Your code crashed the Python process ({name}){last.during}."
    advice = "A crash like this comes from an access outside of a tensor: look at the pointers and masks of your loads and stores."
    return _failed(v.Outcome.CRASH, says, advice, places)


def left_running(commands: tuple[str, ...]) -> v.Check:
    """A remark: no verdict changes by it."""
    what = "a process" if len(commands) == 1 else f"{len(commands)} processes"
    says = f"Your code left {what} running, which the judge ended: {'; '.join(commands)}."
    return v.Check("no process is left running", "process", v.State.PASSED, says)


def ended_its_parent(last: Last) -> v.Check:
    """The process that had forked the child was ended, each time that the file was judged."""
    says = f"While your code ran, the process that had started it was ended{last.during}."
    return _failed(
        v.Outcome.EXIT, says, "Take out calls such as os.kill(os.getppid(), ...): end only what you started."
    )
