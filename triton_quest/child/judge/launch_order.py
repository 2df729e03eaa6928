"""Adds to a failed check which launch arguments stand in the place of others, where no known mistake is shown to be the cause."""

from __future__ import annotations

from dataclasses import replace

from triton_quest.child.instruments.memory.findings import Finding
from triton_quest.child.judge import memory
from triton_quest.child.sentences import launch_order
from triton_quest.records import verdict as v

KINDS = ("memory", "numbers", "property", "rules")
OF_A_LAUNCH = frozenset(  # what a compiler says of arguments of another kind than the kernel takes
    {
        "float_for_a_whole_number",
        "float_offset",
        "dot_types",
        "tensor_for_a_number",
        "pointer_arithmetic",
        "not_a_pointer",
        "unexplained",
    }
)
OF_ANOTHER_KIND = frozenset({"offset_beyond_int32"})


def explained(check: v.Check, finding: Finding | None, text: str) -> v.Check:
    """`check` with what the launch passes for what as its cause, and without a cure for the line that met it."""
    is_theirs = check.finding in OF_A_LAUNCH if check.kind == "compile" else check.kind in KINDS
    if not is_theirs or check.finding in OF_ANOTHER_KIND or (check.cause and not check.cause.startswith("Probably")):
        return check
    cause = launch_order.tell(text)
    if not cause:
        return check
    says = check.says
    if finding is not None:
        says = says.replace(memory.in_words(finding), memory.in_words(finding, with_cure=False))
    return replace(check, says=says, cause=cause, evidence="")
