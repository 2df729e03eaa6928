"""How an adaptation is put in place: it names the private parts it expects, and is left out where they differ.

Nothing here knows Triton; `speed`, `bf16` and `fidelity` hold the adaptations themselves.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_ABSENT = object()


@dataclass(frozen=True)
class Need:
    """A private part, as `module:Class.attribute`, with the parameter names it must have (None: any)."""

    path: str
    parameters: tuple[str, ...] | None = None

    def complaint(self) -> str | None:
        """What is not as expected, or None."""
        module, _, attributes = self.path.partition(":")
        try:
            part: Any = importlib.import_module(module)
            for attribute in attributes.split("."):
                part = getattr(part, attribute)
        except (ImportError, AttributeError):
            return f"{self.path} is not there"
        if self.parameters is None:
            return None
        try:
            found = tuple(inspect.signature(part).parameters)
        except (TypeError, ValueError):
            return f"{self.path} has no signature to compare"
        return None if found == self.parameters else f"{self.path} takes {found}, expected {self.parameters}"


class Edits:
    """Attributes that were replaced, so that they can be put back."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        self._replaced.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def absorb(self, later: Edits) -> None:
        self._replaced.extend(later._replaced)

    def undo(self) -> None:
        while self._replaced:
            owner, name, original = self._replaced.pop()
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)


@dataclass(frozen=True)
class Patch:
    """One adaptation: what it is for, what it expects, how it is installed."""

    name: str
    install: Callable[[Edits], None]
    needs: tuple[Need, ...] = ()

    def complaint(self) -> str | None:
        """Why it does not fit this version, or None. Ask before any patch is installed: they cover each other."""
        return next((complaint for need in self.needs if (complaint := need.complaint())), None)

    def apply(self, edits: Edits) -> str | None:
        """Install, and return None; or change nothing, and return what stood in the way."""
        mine = Edits()
        try:
            self.install(mine)
        except Exception as error:  # an unknown version may break anywhere: leave this one out, keep the others
            mine.undo()
            return f"{type(error).__name__}: {error}"
        edits.absorb(mine)
        return None
