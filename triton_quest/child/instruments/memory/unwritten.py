"""Says of a returned tensor which elements nobody wrote, and what is known of the programs that should have."""

from __future__ import annotations

import linecache

import numpy as np
import torch

from .arguments import Argument
from .findings import Box, Finding, Idle, Kind, Operation, Reach, Site
from .indices import Bools, Ints, box
from .programs import Programs
from .shadow import Shadow, Stamps

_NOWHERE = Site("?", 0, "")


def explain_unwritten(
    tensor: torch.Tensor,
    name: str | None,
    argument: Argument | None,
    shadow: Shadow,
    cells: Ints,
    programs: Programs,
    stored_into: tuple[str, ...] | None,
) -> Finding | None:
    """`cells` has the tensor's shape, or one axis more; `argument` is how a kernel last saw this very tensor.

    `stored_into` are the tensors that the call stored into, if this one isn't among them.
    """
    if shadow.author is None or shadow.refused is None or not cells.size:
        return None
    authors, refused = shadow.author.take(cells), shadow.refused.take(cells)
    if authors.ndim > tensor.dim():
        authors, refused = authors.min(axis=-1), refused.max(axis=-1)
    missing = np.atleast_1d(authors < 0)
    if not missing.any():
        return None
    should_have = np.atleast_1d(refused)[missing]
    all_refused = bool((should_have > 0).all())
    last = int(authors.max())
    idle = None if all_refused else _idle(shadow, programs)
    stamp = int(should_have.min()) if all_refused else last
    places = shadow.refused_at if all_refused else set(shadow.idle.values())
    return Finding(
        Kind.UNWRITTEN,
        programs.launch(stamp).kernel if stamp > 0 else "",
        programs.program(stamp) if all_refused else (),
        _only(places) if all_refused or idle else _NOWHERE,
        argument.name if argument is not None else "",
        Operation.WRITE,
        tensor=name or (argument.tensor_name if argument is not None else None),
        shape=tuple(tensor.shape),
        strides=tensor.stride(),
        elements=box(np.argwhere(missing).T),
        bad=int(missing.sum()),
        active=missing.size,
        other_program=programs.program(int(should_have.max())) if all_refused else None,
        reach=_reach(np.atleast_1d(authors), last, programs) if last > 0 and not should_have.any() else None,
        written=_written(missing),
        idle=idle,
        stored_into=stored_into,
    )


def _reach(authors: Stamps, last: int, programs: Programs) -> Reach:
    return Reach(
        programs.program(last), programs.grid(last), programs.is_last(last), box(np.argwhere(authors == last).T)
    )


def _written(missing: Bools) -> Box | None:
    """The box of the elements that were written, where they fill one."""
    if missing.all():
        return None
    written = box(np.argwhere(~missing).T)
    return written if written.full else None


def _idle(shadow: Shadow, programs: Programs) -> Idle | None:
    """The programs of the last launch that has such, all of whose stores into this tensor were masked off in each lane."""
    authors = set() if shadow.author is None else set(np.unique(shadow.author).tolist())
    stamps = sorted(stamp for stamp in shadow.idle if stamp not in authors)
    if not stamps:
        return None
    of_the_last = [stamp for stamp in stamps if programs.launch(stamp) is programs.launch(stamps[-1])]
    first, last = of_the_last[0], of_the_last[-1]
    in_a_row = last - first + 1 == len(of_the_last)
    return Idle(programs.program(first), programs.program(last), len(of_the_last), in_a_row, programs.grid(first))


def _only(places: set[tuple[str, int]]) -> Site:
    if len(places) != 1:
        return _NOWHERE
    file, line = next(iter(places))
    return Site(file, line, linecache.getline(file, line).strip())
