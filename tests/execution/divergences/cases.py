"""How a case of the table is written: a kernel under `@accepted(...)` or `@refused(construct, fragment, ...)`.

The keyword arguments are the kernel's, where a function makes a fresh one for each launch. In a refused kernel the
comment `# here` marks the line that must be named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import triton

VERSION = tuple(int(part) for part in triton.__version__.split(".")[:2])


@dataclass(frozen=True)
class Case:
    """`construct` is empty where the kernel must be accepted. `compiles`: what Triton's full compiler says of it.

    `marked`: the refused line carries the comment `# here`.
    """

    name: str
    launch: Callable[[], object]
    construct: str = ""
    fragment: str = ""
    compiles: bool = True
    marked: bool = True


CASES: dict[str, Case] = {}
CONSTRUCTS: set[str] = set()  # of all cases, whichever version of Triton they are for


def floats() -> torch.Tensor:
    return torch.ones(4096)


def halves() -> torch.Tensor:
    return torch.ones(4096, dtype=torch.float16)


def integers() -> torch.Tensor:
    return torch.ones(4096, dtype=torch.int32)


def add(case: Case) -> None:
    assert case.name not in CASES, case.name
    CASES[case.name] = case
    CONSTRUCTS.add(case.construct)


def _launch_of(kernel: Any, arguments: dict[str, Any]) -> Callable[[], object]:
    def launch() -> object:
        return kernel[(1,)](**{name: value() if callable(value) else value for name, value in arguments.items()})

    return launch


def accepted(**arguments: Any) -> Callable[[Any], Any]:
    def keep(kernel: Any) -> Any:
        add(Case(kernel.fn.__name__, _launch_of(kernel, arguments)))
        return kernel

    return keep


def refused(
    construct: str,
    fragment: str,
    *,
    since: tuple[int, int] = (0, 0),
    before: tuple[int, int] = (99, 0),
    compiles: bool = False,
    **arguments: Any,
) -> Callable[[Any], Any]:
    """`since`, `before`: the versions of Triton that refuse it. `compiles`: refused for its meaning only."""

    def keep(kernel: Any) -> Any:
        name, launch = kernel.fn.__name__, _launch_of(kernel, arguments)
        CONSTRUCTS.add(construct)
        if since <= VERSION < before:
            add(Case(name, launch, construct, fragment, compiles))
        else:
            add(Case(name, launch))
        return kernel

    return keep
