"""Proton, the profiler that comes with Triton: the tree of scopes that it writes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from triton_quest import environment
from triton_quest.records.profiling import Scope

SUFFIX = ".hatchet"
METADATA = "__proton_launch_metadata"  # the scope of what Proton itself launches to read `launch_metadata`


def is_here() -> bool:
    """Whether the installed Triton has it, read from its files."""
    triton = environment.found_by_child("triton")
    folder = os.path.dirname(triton.origin) if triton is not None and triton.origin else ""
    return os.path.exists(os.path.join(folder, "profiler", "__init__.py"))


def scopes_of(file: Path) -> list[Scope]:
    """Every scope and kernel, parents before their children. Raises ValueError for what is no such tree."""
    roots = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(roots, list):
        raise ValueError(f"{file.name} is no tree of Proton's")
    return [
        scope for root in roots if "frame" in root for child in root.get("children", ()) for scope in _of(child, ())
    ]


def _of(node: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[Scope]:
    name = str(node["frame"]["name"])
    if name == METADATA:
        return
    path, children = (*above, name), node.get("children", ())
    below = [scope for child in children for scope in _of(child, path)]
    direct = [scope for scope in below if len(scope.path) == len(path) + 1]
    told = node.get("metrics", {})
    flops = sum(float(value) for key, value in told.items() if key.startswith("flops"))
    yield Scope(
        path,
        float(told.get("time (ns)", 0.0)) / 1e6 + sum(scope.time_ms for scope in direct),
        int(told.get("count", 0)) or sum(scope.count for scope in direct),
        flops or sum(scope.flops for scope in direct),
        float(told.get("bytes", 0.0)) or sum(scope.bytes for scope in direct),
    )
    yield from below
