"""What a GPU would refuse of a learner's kernel, as facts. The sentences belong to `child/sentences/compiling.py`.

Imports neither torch nor triton, so that what explains a refusal needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from triton_quest.machine.targets import Arch


class RefusedBy(Enum):
    """LAUNCH: arguments, options or grid. COMPILER: Triton itself. MEANING: it compiles, and means something else."""

    LAUNCH = "launch"
    COMPILER = "compiler"
    MEANING = "meaning"


@dataclass(frozen=True)
class Refusal:
    """One refused line. `function` is the kernel itself or the helper that holds the line; `reason` is Triton's own.

    `node` is the Python construct ("Break", "BoolOp"; empty where there is none), `code` its text, and `source` the
    text of the whole function, which begins on line `first_line` of `file`.
    """

    by: RefusedBy
    kernel: str
    target: Arch
    function: str
    file: str
    line: int
    source_line: str
    error_type: str
    reason: str
    node: str = ""
    code: str = ""
    source: str = ""
    first_line: int = 1
    constants: tuple[tuple[str, str], ...] = ()  # the kernel's constexpr parameters in this launch
    pointers: tuple[str, ...] = ()  # its parameters for which the launch passes a tensor
