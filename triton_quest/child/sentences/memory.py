"""Tells the learner what the memory model found: what happened, on which line, and what to do. Pure text."""

from __future__ import annotations

from dataclasses import replace

from triton_quest.child.instruments.memory.findings import Box, Finding, Guard, Idle, Kind, Limit, Operation, Reach

_VERBS = {Operation.READ: "reads", Operation.WRITE: "writes", Operation.ATOMIC: "updates"}
_NOUNS = {Operation.READ: "load", Operation.WRITE: "store", Operation.ATOMIC: "atomic"}
_AT_PLACE_OR_MASK = "look at how a program finds its place, and at the mask"
_AT_ONCE = "on a GPU the programs run at the same time"


def tell(finding: Finding, with_cure: bool = True) -> str:
    """The finding as a sentence. Without the cure that fits such a finding in general, where a more particular one is known."""
    if finding.kind in (Kind.OUT_OF_BOUNDS_READ, Kind.OUT_OF_BOUNDS_WRITE):
        return _out_of_bounds(finding, with_cure)
    if finding.kind is Kind.UNINITIALISED_READ:
        return _uninitialised(finding, with_cure)
    return _TELLERS[finding.kind](finding)


def tell_without_line(finding: Finding) -> str:
    """The finding as a sentence that is the same wherever in a file it happens."""
    return tell(replace(finding, site=replace(finding.site, line=0), mask_is_given=False))


def places(name: str, box: Box, shape: tuple[int, ...]) -> str:
    """`x_ptr[896..1023]`, `q[0, 1, 96..127, :]`; of a box that isn't full, its corners."""
    if box.full:
        whole = [(0, size - 1) if len(shape) > 1 else None for size in shape or (1,)]
        bounds = zip(box.first, box.last, whole, strict=True)
        parts = [":" if (low, high) == every and low < high else _range(low, high) for low, high, every in bounds]
        return f"{name}[{', '.join(parts)}]"
    first, last = (f"{name}[{', '.join(map(str, corner))}]" for corner in (box.first, box.last))
    return f"elements between {first} and {last}"


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}..{high}"


def _program(ids: tuple[int, ...]) -> str:
    return f"program {ids}"


def _name(finding: Finding) -> str:
    return finding.tensor or f"the tensor passed as {finding.argument}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(finding: Finding) -> str:
    """`x has 1000 elements`, `x has shape (96, 72)`, `x has shape (8, 97) and strides (128, 1)`."""
    name, shape = _name(finding), finding.shape
    if not shape:
        return f"{name} is a single number"
    if 0 in shape:
        return f"{name} has no elements"
    dense, expected = True, 1
    for size, stride in zip(reversed(shape), reversed(finding.strides), strict=True):
        dense, expected = dense and (size == 1 or stride == expected), expected * size
    if not dense:
        return f"{name} has shape {shape} and strides {finding.strides}"
    return f"{name} has {_count(shape[0], 'element')}" if len(shape) == 1 else f"{name} has shape {shape}"


def _lanes(finding: Finding, where: str) -> str:
    if finding.active == 1:
        return ""
    which = f"all {finding.active}" if finding.bad == finding.active else f"{finding.bad} of its {finding.active}"
    return f" ({which} lanes {'is' if finding.bad == 1 else 'are'} {where})"


def _out_of_bounds(finding: Finding, with_cure: bool) -> str:
    assert finding.elements is not None
    who = f"{_program(finding.program)} {_VERBS[finding.operation]}"
    if finding.between and not finding.limits:
        where = f"between the elements of {finding.argument}, {_count(finding.offset, 'place')} after its first"
        lanes = _lanes(finding, "there")
    else:
        where = places(finding.argument, finding.touched or finding.elements, finding.shape)
        lanes = _lanes(finding, "between its elements" if finding.between else "outside")
    way_out = _way_out(finding, with_cure)
    return f"{who} {where}; {_size(finding)}{lanes}. Line {finding.line}{f': {way_out}' if way_out else '.'}"


def _way_out(finding: Finding, with_cure: bool) -> str:
    """What is wrong with the access, and what cures that in general. "" where there is only the cure, and it isn't asked for."""
    noun = _NOUNS[finding.operation]
    if finding.guard is Guard.DESCRIPTOR:
        return f"the descriptor of this {noun} has a shape or strides that don't fit {_name(finding)}."
    if finding.guard is Guard.BLOCK_POINTER:
        return f"this {noun} needs `boundary_check` for each dimension that its blocks may leave."
    if finding.ignores_strides and not finding.limits:
        return f"its offsets fit a contiguous tensor, and {_name(finding)} isn't: multiply each index by its stride."
    elsewhere = next((limit for limit in finding.limits if limit.at is not None and limit.size), None)
    if elsewhere is not None:
        return (
            f"{_elsewhere(elsewhere, finding)}{': check how the program finds its place there' if with_cure else ''}."
        )
    cure = "check how its offsets are computed"
    if finding.limits:
        conditions = " or ".join(_condition(limit, len(finding.shape)) for limit in finding.limits)
        cure = f"lanes with {conditions} must be masked off"
    if finding.guard is Guard.NONE:
        return f"this {noun} has no mask{f'; {cure}' if with_cure else ''}."
    if finding.ignores_strides:
        cure = f"if its offsets leave out the strides of {_name(finding)}, multiply by them; else {cure}"
        with_cure = True  # it is a particular one
    if finding.guard is Guard.MASK:
        return f"the mask of this {noun} lets them through{f'; {cure}' if with_cure else ''}."
    if not with_cure:
        return ""
    return f"{cure}." if finding.limits else f"{cure[0].upper()}{cure[1:]}."


def _elsewhere(limit: Limit, finding: Finding) -> str:
    """All lanes are at one index of a dimension, and it is outside."""
    where = f"dimension {limit.dimension}" if len(finding.shape) > 1 else _name(finding)
    end = f"ends at index {limit.size - 1}" if limit.above else "begins at index 0"
    what = "the whole block is" if finding.active > 1 else "this element would be"
    return f"{where} {end}, and {what} at {limit.at}"


def _condition(limit: Limit, dimensions: int) -> str:
    index, bound = limit.index_name, limit.size_name or limit.size
    if index is None:
        size = f"`{bound}`" if limit.size_name else bound
        sides = ["below 0"] * limit.below + [f"of {size} or more"] * limit.above
        return f"an index {' or '.join(sides)}" + (f" in dimension {limit.dimension}" if dimensions > 1 else "")
    return " or ".join([f"`{index} < 0`"] * limit.below + [f"`{index} >= {bound}`"] * limit.above)


def _no_tensor(finding: Finding) -> str:
    through = "a null pointer" if finding.kind is Kind.NULL_POINTER else f"the address {finding.offset:#x}"
    return (
        f"{_program(finding.program)} {_VERBS[finding.operation]} through {through}, which belongs to none of the "
        f"tensors passed to {finding.kernel}. Line {finding.line}: start from a pointer argument, and add offsets."
    )


def _misaligned(finding: Finding) -> str:
    return (
        f"{_program(finding.program)} {_VERBS[finding.operation]} {finding.access_bytes} bytes at byte "
        f"{finding.offset} of {finding.argument}; they must start at a multiple of {finding.access_bytes}. "
        f"Line {finding.line}: offsets count elements of the pointer's type, so check its casts."
    )


def _unwritten(finding: Finding) -> str:
    assert finding.elements is not None
    name = finding.tensor or "the answer"
    where = places(name, finding.elements, finding.shape) if finding.shape else name
    told = f"{where} {'is' if finding.bad == 1 else 'are'} never written"
    if finding.bad == finding.active:
        told = f"no program writes any element of {name}" if finding.active > 1 else f"no program writes {name}"
    elif finding.written is not None and not finding.elements.full:
        told = f"only {places(name, finding.written, finding.shape)} is ever written"
        told += f" ({finding.active - finding.bad} of {finding.active} elements)"
    elif finding.active > 1:
        told += f" ({finding.bad} of {finding.active} elements)"
    return f"{told}{_why_unwritten(finding)}"


def _why_unwritten(finding: Finding) -> str:
    """What is known of the stores that should have written there. A mask that the template gives isn't blamed itself."""
    if finding.stored_into is not None and not finding.idle and not finding.program:
        if not finding.stored_into:
            return ": no kernel has come to a `tl.store`."
        return f": all stores go into {' and '.join(finding.stored_into)}."
    store = f"the store in line {finding.line}" if finding.line else "a store"
    if finding.program:
        if finding.mask_is_given:
            return (
                ". The store that should write them is given, and so is its mask: look at what your lines hand to it."
            )
        one = finding.program == finding.other_program
        who = f"Program {finding.program} comes" if one else _several(finding)
        them = "it" if finding.bad == 1 else "them"
        return f". {who} to {them}, but the mask of {store} stops {'it' if one else 'them'}."
    reach, idle = finding.reach, finding.idle
    if idle is not None and (reach is None or not reach.is_last_of_grid):
        look = "the mask is given, so look at what it is made of" if finding.mask_is_given else _AT_PLACE_OR_MASK
        return f". {_who_is_idle(idle)}, since each of {'its' if idle.count == 1 else 'their'} lanes is masked off: {look}."
    if reach is not None:
        return f". {_how_far(finding, reach)}"
    return "."


def _how_far(finding: Finding, reach: Reach) -> str:
    last = f"the last of the grid {reach.grid}" if reach.is_last_of_grid else "the last program that writes"
    wrote = places(finding.tensor or "the answer", reach.wrote, finding.shape)
    them = "it" if finding.bad == 1 else "them"
    others = them if finding.elements is not None and finding.elements.full else "the others"
    return f"No store comes to {others}: {_program(reach.program)}, {last}, writes {wrote}."


def _who_is_idle(idle: Idle) -> str:
    of = f"of the grid {idle.grid} store nothing"
    if idle.count == 1:
        return f"Program {idle.first} of the grid {idle.grid} stores nothing"
    if idle.in_a_row:
        return f"Programs {idle.first} to {idle.last} {of}"
    return f"{idle.count} programs {of}, the first of them {idle.first}"


def _several(finding: Finding) -> str:
    return f"Programs {finding.program} to {finding.other_program} come"


def _write_race(finding: Finding) -> str:
    return (
        f"{_two(finding)} write different values to {_where(finding)}; {_AT_ONCE}, and either may be the last. "
        f"Line {finding.line}: give each program elements of its own, or use `tl.atomic_add`."
    )


def _lane_race(finding: Finding) -> str:
    return (
        f"{_program(finding.program)} writes different values to the same element in one store, at "
        f"{_where(finding)}; on a GPU any of them may stay. "
        f"Line {finding.line}: give each lane an element of its own."
    )


def _own_store_read(finding: Finding) -> str:
    reads = finding.operation is Operation.READ
    return (
        f"{_program(finding.program)} {'reads back' if reads else 'updates'} {_where(finding)}, which other lanes of the same program "
        f"stored; on a GPU the lanes are threads that don't wait for each other, so the old value may still be there. "
        f"Line {finding.line}: write `tl.debug_barrier()` between the store and this {_NOUNS[finding.operation]}, or keep the values "
        f"in variables."
    )


def _own_atomic_read(finding: Finding) -> str:
    return (
        f"{_program(finding.program)} reads back {_where(finding)}, which an atomic of the same program updates before; on a GPU the "
        f"threads don't wait for each other, so the old value may still be there. Line {finding.line}: write `tl.debug_barrier()` "
        f"between the atomic and this load, or keep the values in variables."
    )


def _own_load_overtaken(finding: Finding) -> str:
    return (
        f"{_program(finding.program)} stores other values to {_where(finding)}, which other lanes of the same program load before; "
        f"on a GPU the lanes are threads that don't wait for each other, so those may find the new value. Line {finding.line}: write "
        f"`tl.debug_barrier()` between the load and this store, or store elsewhere."
    )


def _own_stores_meet(finding: Finding) -> str:
    return (
        f"{_program(finding.program)} stores other values to {_where(finding)}, where other lanes of the same program have stored; "
        f"on a GPU the lanes are threads that don't wait for each other, so either value may stay. Line {finding.line}: write "
        f"`tl.debug_barrier()` between the two stores, or store each element once."
    )


def _read_write_race(finding: Finding) -> str:
    other = _program(finding.other_program) if finding.other_program is not None else "other programs"
    deeds = ("reads", "writes") if finding.operation is Operation.READ else ("writes", "reads")
    theirs = deeds[1] if finding.other_program is not None else deeds[1][:-1]
    return (
        f"{_program(finding.program)} {deeds[0]} {_where(finding)}, which {other} {theirs} in the same launch; "
        f"{_AT_ONCE}, in any order. "
        f"Line {finding.line}: split the work into two launches, or let one program do both."
    )


def _uninitialised(finding: Finding, with_cure: bool) -> str:
    way_out = f"write there first, or allocate {_name(finding)} with `torch.zeros`."
    if finding.written_elsewhere:
        look_at = (
            "at the mask of its store" if finding.masked_there else f"at its grid, which is {finding.written_elsewhere}"
        )
        way_out = f"the launch before this one left it out: look {look_at}."
        with_cure = with_cure or not finding.masked_there  # the grid is a fact that helps whatever the cause is
    return (
        f"{_program(finding.program)} {_VERBS[finding.operation]} {_where(finding)}, where nothing has been "
        f"written yet. Line {finding.line}{f': {way_out}' if with_cure else '.'}"
    )


def _poisoned(finding: Finding) -> str:
    return (
        f"the masked-off lanes of the load at line {finding.line} have no `other`, and their value reached the "
        f"answer; on a GPU it may be anything. Line {finding.line}: pass as `other` what changes nothing, "
        f"like 0.0 in a sum or -inf in a maximum."
    )


def _equal_values(finding: Finding) -> str:
    return (
        f"{_two(finding)} write the same values to {_where(finding)}: harmless, but done twice (line {finding.line})."
    )


def _two(finding: Finding) -> str:
    return f"programs {finding.other_program} and {finding.program}"


def _where(finding: Finding) -> str:
    assert finding.elements is not None
    return places(finding.argument, finding.elements, finding.shape)


_TELLERS = {
    Kind.NULL_POINTER: _no_tensor,
    Kind.FOREIGN_POINTER: _no_tensor,
    Kind.MISALIGNED: _misaligned,
    Kind.UNWRITTEN: _unwritten,
    Kind.WRITE_RACE: _write_race,
    Kind.LANE_RACE: _lane_race,
    Kind.OWN_STORE_READ: _own_store_read,
    Kind.OWN_ATOMIC_READ: _own_atomic_read,
    Kind.OWN_LOAD_OVERTAKEN: _own_load_overtaken,
    Kind.OWN_STORES_MEET: _own_stores_meet,
    Kind.READ_WRITE_RACE: _read_write_race,
    Kind.POISONED_LANE: _poisoned,
    Kind.EQUAL_VALUES_WRITTEN_TWICE: _equal_values,
}
