"""Says of a returned tensor which elements nobody wrote, and what is known of the programs that should have."""

from __future__ import annotations

import linecache

import numpy as np
import torch

from .arguments import Argument
from .findings import Finding, Kind, Operation, Reach, Site
from .indices import Ints, box
from .programs import Programs
from .shadow import Shadow, Stamps

_NOWHERE = Site("?", 0, "")


def explain_unwritten(
    tensor: torch.Tensor, name: str | None, argument: Argument | None, shadow: Shadow, cells: Ints, programs: Programs
) -> Finding | None:
    """`cells` has the tensor's shape, or one axis more; `argument` is how a kernel last saw this very tensor."""
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
    stamp = int(should_have.min()) if all_refused else last
    return Finding(
        Kind.UNWRITTEN,
        programs.launch(stamp).kernel if stamp > 0 else "",
        programs.program(stamp) if all_refused else (),
        _only(shadow.refused_at) if all_refused else _NOWHERE,
        argument.name if argument is not None else "",
        Operation.WRITE,
        tensor=name or (argument.tensor_name if argument is not None else None),
        shape=tuple(tensor.shape),
        strides=tensor.stride(),
        elements=box(np.argwhere(missing).T),
        bad=int(missing.sum()),
        active=missing.size,
        other_program=programs.program(int(should_have.max())) if all_refused else None,
        reach=_reach(np.atleast_1d(authors), last, programs) if last > 0 and not (should_have > 0).any() else None,
    )


def _reach(authors: Stamps, last: int, programs: Programs) -> Reach:
    return Reach(
        programs.program(last), programs.grid(last), programs.is_last(last), box(np.argwhere(authors == last).T)
    )


def _only(places: set[tuple[str, int]]) -> Site:
    if len(places) != 1:
        return _NOWHERE
    file, line = next(iter(places))
    return Site(file, line, linecache.getline(file, line).strip())
