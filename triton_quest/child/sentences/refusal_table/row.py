"""One row of the table of refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from triton_quest.child.triton.refusals import Refusal

from .facts import Facts


@dataclass(frozen=True)
class Row:
    """Fits by a pattern in Triton's reason, the kind of node ("Break|Continue"), a pattern in the refused code, the
    type of error, and a fact about the source, which is None where the row doesn't fit. What is empty fits everything.

    `says` is a template, filled by the patterns' named groups, by the facts, and by {code}, {kernel}, {function} and
    {target}. `runs`: the interpreter takes the line; where it doesn't, nothing does.
    """

    key: str
    says: str
    reason: str = ""
    node: str = ""
    code: str = ""
    error: str = ""
    fact: Callable[[Refusal, Facts], Facts | None] | None = None
    runs: bool = True
