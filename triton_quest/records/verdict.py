"""The records that cross the process border between the child that judges and the parent that shows.

Plain dataclasses of strings, numbers and tuples; one JSON line each on the wire. Imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar, get_args

from triton_quest.records import wire
from triton_quest.records.measured import Assembly, Compiled, Counted, Inputs, Refused
from triton_quest.records.profiling import Profiled, Workload
from triton_quest.records.race import Ceilings, ConfigTiming, DidNotRun, Lineup, Timing
from triton_quest.records.show import Answered, ErrorMap, ErrorValues, Launched, ProgramSteps, TensorValues

SCHEMA = 1
GPU = "gpu"  # the kind of what is checked on a GPU
REMARK = "remark"  # the kind of what is worth knowing and fails nothing
ON_A_GPU = (
    "the kernel on a GPU: its numbers and its speed"  # what the interpreter leaves unverified: a check of that kind
)
COMPILER = "compiler"  # the stage in which Triton's compiler is at work, and no code of the learner's
CHANNEL_CLOSED = 77  # the child's exit code when its channel to us was closed under it


class Outcome(str, Enum):
    """How a judgement ended. Everything but PASSED and ERROR (ours) is the learner's to mend."""

    PASSED = "passed"
    NOT_STARTED = "not_started"
    GAPS = "gaps"
    SYNTAX = "syntax"
    IMPORT = "import"
    CONTRACT = "contract"
    RULES = "rules"
    MEMORY = "memory"
    WRONG = "wrong"
    PROPERTY = "property"
    COMPILE = "compile"
    TIMEOUT = "timeout"
    CRASH = "crash"
    OUT_OF_MEMORY = "out_of_memory"
    EXIT = "exit"
    ERROR = "error"


class State(str, Enum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_VERIFIED_HERE = "not_verified_here"


class GapStanding(str, Enum):
    """What is known of one gap."""

    OPEN = "open"
    RIGHT = "right so far"
    WRONG = "wrong"
    NOT_TOLD = "not told"


@dataclass(frozen=True)
class Place:
    """A line of the learner's file."""

    line: int
    source: str = ""


@dataclass(frozen=True)
class Picture:
    """Where a matrix is wrong, in few cells: "." right, "+" partly wrong, "#" wrong."""

    cells: tuple[str, ...]
    shape: tuple[int, ...]  # of the matrix, in elements
    cell: tuple[int, ...]  # rows and columns of elements in a cell
    tile: tuple[int, ...]  # rows and columns of cells in a tile of the learner's; 0: no border to draw
    at: tuple[int, ...] = ()  # which matrix of a batch


@dataclass(frozen=True)
class Mismatch:
    """The worst wrong element of the smallest failing case. Numbers are strings, so that nan and inf survive JSON."""

    inputs: str  # "x (1025,), y (1025,), fp32"
    index: tuple[int, ...]
    expected: str
    actual: str
    wrong: int
    total: int
    region: str  # "elements 1024 to 1024 of 1025"
    max_abs_error: str
    allowed: str
    shape: tuple[int, ...] = ()
    neighbours: tuple[tuple[str, str, str, bool], ...] = ()  # (index, expected, actual, wrong)
    picture: Picture | None = None
    answer: str = ""  # the name of the tensor that is wrong; "" where the level has a single one


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `name` says what, `says` what was found, `advice` what to do about it."""

    record: ClassVar[str] = "check"
    name: str
    kind: str
    state: State
    says: str = ""
    advice: str = ""
    outcome: Outcome | None = None  # what the whole judgement becomes if this check failed
    finding: str | None = None
    case: str | None = None
    dtype: str | None = None
    places: tuple[Place, ...] = ()
    mismatch: Mismatch | None = None
    hint: int | None = None
    cause: str = ""  # what probably went wrong, where the numbers carry it
    evidence: str = ""


@dataclass(frozen=True)
class GapState:
    """One gap of the level in the learner's file. `line` is its first, 0 where it can't be found; `why`: of what is not told."""

    number: int
    line: int
    names: tuple[str, ...]
    state: GapStanding
    why: str = ""


@dataclass(frozen=True)
class Gaps:
    """Every gap of the level, in their order, as far as is known by now: the last of these records counts."""

    record: ClassVar[str] = "gaps"
    gaps: tuple[GapState, ...]


@dataclass(frozen=True)
class StageStarted:
    """The child turns to the next stage. `seconds` is what it may take until the next record."""

    record: ClassVar[str] = "stage"
    stage: str
    says: str
    seconds: float | None = None


@dataclass(frozen=True)
class Finished:
    """The child is done: nothing comes after this record. `outcome` is set when no check carries it."""

    record: ClassVar[str] = "finished"
    outcome: Outcome
    seconds: float
    detail: str = ""


Record = (
    Check
    | Gaps
    | StageStarted
    | Finished
    | Inputs
    | Compiled
    | Refused
    | Assembly
    | Counted
    | Lineup
    | Ceilings
    | Timing
    | ConfigTiming
    | DidNotRun
    | Profiled
    | Workload
    | Launched
    | ProgramSteps
    | Answered
    | ErrorMap
    | TensorValues
    | ErrorValues
)
_KINDS: dict[str, type[Record]] = {kind.record: kind for kind in get_args(Record)}

encode = wire.encode


def decode(line: bytes) -> Record:
    """The record of one line. Raises ValueError for anything that `encode` didn't write."""
    return wire.decode(line, _KINDS)


@dataclass(frozen=True)
class Verdict:
    """What one judgement of one file came to."""

    level: int
    slug: str
    outcome: Outcome
    device: str
    seconds: float
    checks: tuple[Check, ...] = ()
    output: str = ""  # what the learner's code printed
    detail: str = ""  # for the log: how the child ended
    not_verified_here: tuple[str, ...] = field(default=())
    gaps: tuple[GapState, ...] = ()  # of a file with open gaps, or a wrong one whose gaps tell something
    file_changed: bool = False  # the file holds another text by now than the one that was judged

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    @property
    def first_failure(self) -> Check | None:
        return next((check for check in self.checks if check.state is State.FAILED), None)

    @property
    def cause(self) -> str:
        """One sentence for a list of attempts."""
        failure = self.first_failure
        return failure.says if failure else ("passed" if self.passed else self.detail)

    def as_json(self) -> dict[str, Any]:
        """The contract of `check --json`."""
        checks = []
        for check in self.checks:
            shown = asdict(check)
            shown["outcome"] = shown.pop("state").value
            checks.append({key: value.value if isinstance(value, Enum) else value for key, value in shown.items()})
        return {
            "schema": SCHEMA,
            "level": self.level,
            "slug": self.slug,
            "passed": self.passed,
            "outcome": self.outcome.value,
            "device": self.device,
            "seconds": round(self.seconds, 3),
            "checks": checks,
            "gaps": [{**asdict(gap), "state": gap.state.value} for gap in self.gaps],
            "not_verified_here": list(self.not_verified_here),
            "output": self.output,
            **({"file_changed": True} if self.file_changed else {}),
            **({"error": self.detail.strip().rpartition("\n")[2]} if self.outcome is Outcome.ERROR else {}),
        }


def together(interpreted: Verdict, on_gpu: Verdict) -> Verdict:
    """One verdict of the two that a machine with a GPU gives: all checks, and the GPU's outcome after a pass before it."""
    checks = tuple(check for check in interpreted.checks if check.kind != GPU) + on_gpu.checks
    return replace(
        on_gpu,
        device="both",
        seconds=interpreted.seconds + on_gpu.seconds,
        checks=checks,
        output=interpreted.output + on_gpu.output,
        not_verified_here=tuple(check.name for check in checks if check.state is State.NOT_VERIFIED_HERE),
    )


def failed(check: Check, outcome: Outcome, says: str, advice: str = "", **more: Any) -> Check:
    """`check`, failed: what was found, what to do, and what that makes of the whole judgement."""
    return replace(check, state=State.FAILED, outcome=outcome, says=says, advice=advice, **more)


def remark(says: str) -> Check:
    """What is worth knowing, and fails nothing."""
    return Check(name=says, kind=REMARK, state=State.PASSED)


def out_of_time(stage: StageStarted, place: Place | None = None) -> Check:
    """The check that reports a stage that took longer than its `seconds`. `place`: where the learner's code was."""
    limit = f"{stage.seconds or 0:.0f}"
    seconds = f"{limit} second" + ("" if limit == "1" else "s")
    check = Check("your code comes to an end", "process", State.FAILED, places=(place,) if place else ())
    if stage.stage == COMPILER:
        says = f"Triton was still {stage.says} after {seconds}, and was stopped."
        advice = (
            'Large blocks take long, and fp32 dots with input_precision="ieee" longest: take smaller blocks, or give it '
            "more time with --time-limit. Once compiled, a kernel stays in Triton's cache."
        )
        return failed(check, Outcome.TIMEOUT, says, advice)
    where = f" It was in line {place.line}." if place else ""
    says = f"Your code was still running after {seconds} ({stage.says}), and was stopped.{where}"
    return failed(check, Outcome.TIMEOUT, says, "Look for a loop whose end depends on something that doesn't change.")
