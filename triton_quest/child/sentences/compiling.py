"""Says in the learner's terms why a GPU's compiler refuses a line, and what to write instead.

Pure: from `Refusal`s, which the compile stage collects, to `CompileFinding`s. The sentences are data: `refusal_table/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from string import Formatter

from triton_quest.child.triton.refusals import Refusal, RefusedBy
from triton_quest.machine.targets import Arch, find, name_of

from .refusal_table import TABLE, Row
from .refusal_table.facts import Facts

UNEXPLAINED = "unexplained"
LINES = frozenset({"set_line", "set_at", "set_before", "again_at"})  # the facts that name a line


@dataclass(frozen=True)
class CompileFinding:
    """One refused line, for all `targets` (as Triton names them) that refuse it. `reason` is Triton's own, one line.

    `construct` is a row of the table, or "unexplained"; `facts` fill its sentence, those left out that name a line.
    `compiles` where the line means something else on a GPU; `runs` where the interpreter takes it.
    """

    construct: str
    sentence: str
    kernel: str
    function: str
    file: str
    line: int
    source_line: str
    targets: tuple[Arch, ...]
    reason: str
    error_type: str
    compiles: bool
    facts: tuple[tuple[str, str], ...]
    runs: bool = True

    @property
    def says(self) -> str:
        return f"Line {self.line}: {self.sentence}" if self.line else self.sentence


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _facts(row: Row, refusal: Refusal) -> Facts | None:
    """What fills the row's sentence; None where the row isn't about this refusal."""
    if row.node and refusal.node not in row.node.split("|"):
        return None
    if row.error and refusal.error_type not in row.error.split("|"):
        return None
    reason, code = re.search(row.reason, refusal.reason, re.DOTALL), re.search(row.code, refusal.code, re.DOTALL)
    if reason is None or code is None:
        return None
    groups = {**reason.groupdict(default=""), **code.groupdict(default="")}
    found = row.fact(refusal, groups) if row.fact else {}
    return None if found is None else {**groups, **found}


def _explain(refusal: Refusal) -> tuple[str, str, Facts, bool]:
    """The row's key, its sentence, what fills it, and whether the interpreter takes the line."""
    common = {
        "kernel": refusal.kernel,
        "function": refusal.function,
        "target": name_of(refusal.target),
        "code": _first_line(refusal.code) or refusal.source_line,
    }
    for row in TABLE:
        facts = _facts(row, refusal)
        if facts is not None:
            filled = {**common, **facts}
            used = {name for _, name, _, _ in Formatter().parse(row.says) if name}
            return row.key, row.says.format_map(filled), {name: filled[name] for name in used}, row.runs
    reason = _first_line(refusal.reason).rstrip(".")
    said = f": {reason}." if reason else ", and gives no reason."
    facts = {"code": common["code"], "reason": reason}
    return UNEXPLAINED, f"Triton's compiler refuses `{common['code']}`{said}", facts, True


def explain(refusals: Iterable[Refusal]) -> list[CompileFinding]:
    """One finding per refused line and cause, in the order in which they were met, with all targets that refuse it."""
    found: dict[tuple[str, int, str, str], CompileFinding] = {}
    for refusal in refusals:
        construct, sentence, facts, runs = _explain(refusal)
        lineless = tuple(sorted((name, fact) for name, fact in facts.items() if name not in LINES))
        finding = CompileFinding(
            construct, sentence, refusal.kernel, refusal.function, refusal.file, refusal.line, refusal.source_line,
            (refusal.target,), _first_line(refusal.reason), refusal.error_type, refusal.by is RefusedBy.MEANING, lineless, runs,
        )  # fmt: skip
        key = (refusal.file, refusal.line, construct, sentence if construct == UNEXPLAINED else "")
        first = found.setdefault(key, finding)
        if refusal.target not in first.targets:
            found[key] = replace(first, targets=(*first.targets, refusal.target))
    return list(found.values())


def is_too_large(refusal: Refusal) -> bool:
    """Whether a kernel is refused because it needs more shared memory than the target has."""
    return refusal.error_type == "OutOfResources" and "shared memory" in refusal.reason


def too_large_for(refusal: Refusal, dtype: str) -> str:
    """The remark on a kernel that doesn't fit this target, and fits another one or in another dtype."""
    required, limit = (int(size) / 1024 for size in re.findall(r"(?:Required|Hardware limit): (\d+)", refusal.reason))
    target = find(refusal.target)
    chip = f"{target.an_example} ({target.name})" if target else name_of(refusal.target)
    return (
        f"`{refusal.kernel}` needs {required:.0f} KB of shared memory a program in {dtype}, and {chip} has {limit:.0f} KB: "
        f"with these blocks it doesn't run there in {dtype}."
    )
