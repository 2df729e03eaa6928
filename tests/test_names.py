"""A class name means one thing: no class of what is shown shares its name with another class of the package."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / "triton_quest"
ROOMS = ("commands", "screen", "report", "progress")


def classes() -> dict[str, list[Path]]:
    """The files in which each class name is defined, level files apart."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        if place.parts[0] != "levels":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(place)
    return found


def test_a_class_name_of_these_rooms_is_defined_once() -> None:
    found = classes()
    assert len(found) > 100 and found["SessionApp"] == [Path("screen/session/app.py")]
    shared = {name: places for name, places in found.items() if len(places) > 1}
    assert {name: places for name, places in shared.items() if any(place.parts[0] in ROOMS for place in places)} == {}
