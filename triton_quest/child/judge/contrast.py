"""What sets a failing case apart from those that passed: as data of what the launcher was given, with no guess at the cause.

A case's purpose says what the course made it for, and is read as the reason of a failure that has another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from triton_quest.child.judge.blocks import block_sizes
from triton_quest.child.judge.watch import Run

MOST = 2  # traits that are told
MUCH = 4.0  # so many times as large is another size of numbers


@dataclass(frozen=True)
class Traits:
    """A run without its tensors. `facts`: what its arguments have, in words; `lengths` of each axis; `reach`: its largest number."""

    case: str
    dtype: str
    facts: tuple[tuple[str, str], ...]  # (the tensor, what it has or is)
    lengths: tuple[tuple[str, int], ...]
    reach: float


def traits(run: Run) -> Traits:
    tensors = run.given.tensors
    lengths = tuple(
        (f"axis {axis} of `{name}`", size) for name, x in tensors.items() for axis, size in enumerate(x.shape)
    )
    largest = [float(x[torch.isfinite(x)].abs().max()) for x in _floating(tensors) if torch.isfinite(x).any()]
    return Traits(run.case.name, run.dtype, tuple(_facts(run)), lengths, max(largest, default=0.0))


def advice(failing: Traits, right: Sequence[Traits]) -> str:
    """A sentence on what no passed case has; "" where nothing of the kind is known."""
    passed = list({(one.case, one.dtype): one for one in right}.values())
    if not passed:
        return "No case comes out right: look at what they all have, rather than at this one."
    if any(other.case == failing.case for other in passed):
        dtypes = " and ".join(dict.fromkeys(other.dtype for other in passed if other.case == failing.case))
        return f"The same case is right in {dtypes}."
    apart = list(_apart(failing, passed))[:MOST]
    if not apart:
        return ""
    which = "the case that is" if len(passed) == 1 else f"the {len(passed)} cases that are"
    return f"What sets this case apart from {which} right: {', and '.join(apart)}."


def _apart(failing: Traits, passed: Sequence[Traits]) -> Iterator[str]:
    if all(other.dtype != failing.dtype for other in passed):
        yield f"it is in {failing.dtype}"
    known = {fact for other in passed for fact in other.facts}
    by_fact = dict[str, list[str]]()
    for name, fact in failing.facts:
        if (name, fact) not in known:
            by_fact.setdefault(fact, []).append(name)
    yield from (_in_words(names, fact) for fact, names in by_fact.items())
    longest = dict[str, int]()
    for other in passed:
        for axis, size in other.lengths:
            longest[axis] = max(size, longest.get(axis, 0))
    longer = [(axis, size) for axis, size in failing.lengths if size > longest.get(axis, size)][:MOST]
    if longer:
        axes = " and ".join(f"{axis} is {size} long" for axis, size in longer)
        yield f"{axes} (at most {' and '.join(str(longest[axis]) for axis, _ in longer)} there)"
    most = max(other.reach for other in passed)
    if failing.reach > MUCH * most:
        yield f"its numbers reach {failing.reach:.3g} (at most {most:.3g} there)"


def _in_words(names: Sequence[str], fact: str) -> str:
    """ "causal is False", "`q` and `k` have several heads" """
    if fact.startswith("="):
        return f"{names[0]}{fact}"
    verb = fact.partition(" ")[0]
    plural = {"has": "have", "is": "are", "isn't": "aren't"}[verb] + fact[len(verb) :] if len(names) > 1 else fact
    return f"{' and '.join(f'`{name}`' for name in names)} {plural}"


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    blocks = block_sizes(run.launches)
    yield from ((name, f"={value}") for name, value in run.given.keywords.items())
    for name, x in run.given.tensors.items():
        if x.ndim == 4 and x.shape[0] > 1:
            yield name, "has several batches"
        if x.ndim == 4 and x.shape[1] > 1:
            yield name, "has several heads"
        if not x.is_contiguous():
            yield name, "isn't contiguous"
        if any(size % block for size in x.shape for block in blocks if size > block):
            yield name, "has a rest after its last whole block"
        if x.is_floating_point() and x.numel() > 1 and bool((x < 0).all()):
            yield name, "has negative numbers alone"


def _floating(tensors: dict[str, torch.Tensor]) -> Iterator[torch.Tensor]:
    return (x for x in tensors.values() if x.is_floating_point())
