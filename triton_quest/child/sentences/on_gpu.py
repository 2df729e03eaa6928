"""What the troubles of a real GPU mean to the learner. Pure: from the exception's type and text to an outcome and sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from triton_quest.records import verdict as v


@dataclass(frozen=True)
class GpuTrouble:
    """`says` is filled with the groups of the pattern that fitted."""

    key: str
    outcome: v.Outcome
    says: str
    advice: str


@dataclass(frozen=True)
class _Row:
    pattern: str  # of "TypeName: text"
    trouble: GpuTrouble


FIND_THE_LINE = "The interpreter finds the line: check with --device interpreter, and look at masks and strides."

_TABLE = (
    _Row(
        r"shared memory, Required: (?P<required>\d+), Hardware limit: (?P<limit>\d+)",
        GpuTrouble(
            "shared_memory",
            v.Outcome.COMPILE,
            "Your kernel needs {required} bytes of shared memory a program, and this GPU has {limit}.",
            "Take smaller blocks, or a smaller num_stages: each stage keeps one more set of tiles there.",
        ),
    ),
    _Row(
        r"OutOfResources: .*out of resource: (?P<what>[\w ]+), Required: (?P<required>\d+), Hardware limit: (?P<limit>\d+)",
        GpuTrouble(
            "resources",
            v.Outcome.COMPILE,
            "Your kernel needs {required} of this GPU's {what}, and there are {limit}.",
            "Take smaller blocks, or fewer warps.",
        ),
    ),
    _Row(
        r"an illegal memory access was encountered",
        GpuTrouble(
            "illegal_access",
            v.Outcome.MEMORY,
            "Your kernel touched memory that belongs to no tensor, and the GPU stopped it (illegal memory access).",
            FIND_THE_LINE,
        ),
    ),
    _Row(
        r"misaligned address",
        GpuTrouble(
            "misaligned",
            v.Outcome.MEMORY,
            "Your kernel touched an address that no element begins at, and the GPU stopped it (misaligned address).",
            FIND_THE_LINE,
        ),
    ),
    _Row(
        r"OutOfMemoryError|CUDA out of memory|CUDA error: out of memory",
        GpuTrouble(
            "device_memory",
            v.Outcome.OUT_OF_MEMORY,
            "Your launcher asked for more memory than this GPU has free.",
            "Look for a tensor that is far larger than you meant, or close what else runs on the GPU.",
        ),
    ),
    _Row(
        r"device-side assert",
        GpuTrouble(
            "assert",
            v.Outcome.CRASH,
            "A tl.device_assert in your kernel failed on the GPU.",
            "Its message is below, in what your code printed.",
        ),
    ),
    _Row(
        r"too many resources requested for launch|invalid configuration|invalid argument|unspecified launch failure|"
        r"launch failure|launch timed out",
        GpuTrouble(
            "launch",
            v.Outcome.CRASH,
            "The GPU could not run this launch: {text}.",
            "Look at the grid (at most 65535 programs along axes 1 and 2), at num_warps and at the block sizes.",
        ),
    ),
    _Row(
        r"CompilationError|PTXASError|PassManager|failed to legalize|MLIR",
        GpuTrouble(
            "compile",
            v.Outcome.COMPILE,
            "Triton's compiler refuses your kernel for this GPU: {text}.",
            "Check with --device interpreter as well: the judge explains there what a compiler refuses.",
        ),
    ),
)


def explain(trouble: BaseException) -> GpuTrouble | None:
    """The row that fits an exception out of a launch, filled in; None where it is no trouble of the GPU's."""
    text = f"{type(trouble).__name__}: {trouble}"
    for row in _TABLE:
        found = re.search(row.pattern, text)
        if found:
            groups = {
                name: f"{int(value):,}" if value.isdigit() else value for name, value in found.groupdict().items()
            }
            says = row.trouble.says.format(text=_last_line(str(trouble)), **groups)
            return GpuTrouble(row.trouble.key, row.trouble.outcome, says, row.trouble.advice)
    return None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no message"
