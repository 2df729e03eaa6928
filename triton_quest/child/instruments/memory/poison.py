"""Puts NaN into the masked-off lanes of a load that has no `other`: undefined on a GPU, 0 in the interpreter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import Argument
from .evidence import Access, Evidence
from .findings import Finding, Kind
from .frames import learner_frame, position

_VALUES: dict[str, Any] = {"fp16": np.nan, "fp32": np.nan, "fp64": np.nan, "bf16": 0x7FC0}
"""By Triton's name of the element type; the interpreter holds bf16 as bits. Integer lanes stay 0."""


class Poison:
    """`sites`: the loads whose lanes were filled, each once; with `only` one of them, no other load is touched."""

    def __init__(self, evidence: Evidence, *, enabled: bool, only: Finding | None) -> None:
        self.evidence, self.enabled, self.only = evidence, enabled, only
        self.sites: list[Finding] = []
        self.value: Any = None  # of the load now running; None: leave its lanes alone

    def value_for(self, pointer: Any) -> Any:
        kind = getattr(getattr(pointer, "type", None), "scalar", None)
        element_type = getattr(kind, "element_ty", None)
        return _VALUES.get(element_type.name) if self.enabled and element_type is not None else None

    def fill(self, values: NDArray[Any], access: Access, argument: Argument | None) -> None:
        if argument is None:
            return
        only = self.only
        if only is not None and (only.argument, only.file, only.line) != (argument.name, *position(learner_frame())):
            return
        masked_off = ~access.active()
        values[masked_off] = self.value
        at = self.evidence.news(Kind.POISONED_LANE, argument)
        if at is not None:
            self.sites.append(
                replace(
                    self.evidence.blank(Kind.POISONED_LANE, access, argument, at),
                    bad=int(masked_off.sum()),
                    active=values.size,
                )
            )
