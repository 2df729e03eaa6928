"""Notices, and undoes, what the learner's code does to the modules that the judge itself relies on."""

from __future__ import annotations

import ast
import builtins
import inspect
import json
import linecache
import math
import os
import time
import traceback
from operator import is_
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import torch

WATCHED: dict[str, Any] = {
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.nn.functional": torch.nn.functional,
    "numpy": numpy,
    "os": os,
    "json": json,
    "time": time,
    "math": math,
    "builtins": builtins,
    "linecache": linecache,
    "traceback": traceback,
    "inspect": inspect,
    "ast": ast,
}
UNSAID = {
    "linecache",
    "traceback",
    "inspect",
    "ast",
}  # replaced by debuggers, too: put back, and not held against anybody
MAY_CHANGE = {"torch.Storage"}  # follows torch.set_default_dtype
_TORCHS = str(Path(torch.__file__).parent)


def _is_torchs_own(value: Any, member: str) -> bool:
    """Importing torch's compiler, as `torch.library.custom_op` does, replaces functions of torch by its own wrappers."""
    code = getattr(value, "__code__", None)
    return getattr(value, "__name__", "") == member and code is not None and code.co_filename.startswith(_TORCHS)


class Snapshot:
    """The public members of the watched modules as they are now."""

    def __init__(self) -> None:
        self._members = {name: dict(vars(owner)) for name, owner in WATCHED.items()}

    def undo(self) -> list[str]:
        """Put every replaced member back; their names, as "torch.softmax"."""
        replaced = []
        for name, members in self._members.items():
            owner = WATCHED[name]
            now = vars(owner)
            if now.keys() == members.keys() and all(map(is_, now.values(), members.values())):
                continue  # as it nearly always is
            for member, value in members.items():
                if now.get(member) is not value and not isinstance(value, ModuleType) and not member.startswith("__"):
                    if f"{name}.{member}" in MAY_CHANGE or _is_torchs_own(now.get(member), member):
                        continue
                    setattr(owner, member, value)
                    if name not in UNSAID:
                        replaced.append(f"{name}.{member}")
            for member in sorted(set(now) - set(members)):  # what hides an inherited member, as torch.Tensor.abs
                if any(member in vars(base) for base in getattr(owner, "__mro__", ())[1:]):
                    delattr(owner, member)
                    replaced.append(f"{name}.{member}")
        return replaced
