"""The pages in docs/ for whoever reads the code: what they name is there, and their drawings fit a terminal."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.commands.test_documents import PAGES
from tests.conftest import ROOT

PACKAGE = ROOT / "triton_quest"
DRAWN = 78  # columns of an indented block
TERM = re.compile(r"^\| \*\*(.+?)\*\* \| (.+?) \| (.+?) \|$", re.MULTILINE)
PLACE = re.compile(r"`([\w/]+\.py)` `(\w+)`")


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


@cache
def names_in(path: Path) -> frozenset[str]:
    """What a module defines at its top: classes, functions, constants."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return frozenset(names)


def missing(text: str) -> list[str]:
    """The places "`module.py` `Name`" of a text that aren't in the package."""
    return [
        f"{path} {name}"
        for path, name in PLACE.findall(text)
        if not (PACKAGE / path).is_file() or name not in names_in(PACKAGE / path)
    ]


@pytest.mark.parametrize("name", PAGES)
def test_every_name_that_a_page_gives_with_its_module_is_defined_there(name: str) -> None:
    assert missing(page(name)) == []


def test_a_name_that_a_module_doesnt_define_is_found() -> None:
    text = "`course/level.py` `Level`, `course/level.py` `Stage`, `course/gone.py` `Level`"
    assert missing(text) == ["course/level.py Stage", "course/gone.py Level"]


def test_the_glossary_has_each_word_once_in_order_with_a_place() -> None:
    terms = TERM.findall(page("glossary"))
    words = [word for word, _, _ in terms]
    assert len(terms) == page("glossary").count("\n| **") > 40
    assert words == sorted(set(words), key=str.lower)
    assert [word for word, _, where in terms if not PLACE.search(where)] == []


@pytest.mark.parametrize("name", PAGES)
def test_drawings_fit_78_columns(name: str) -> None:
    wide = [line for line in page(name).splitlines() if line.startswith("    ") and len(line) > DRAWN]
    assert wide == []


def test_contributing_leads_to_every_page() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in PAGES if f"(docs/{name}.md)" not in text] == []


def test_every_finding_is_a_script_that_the_folders_page_lists_with_what_was_seen() -> None:
    folder = ROOT / "findings"
    listed = re.findall(r"^\| `(\w+\.sh)` \|", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in folder.iterdir() if path.name != "README.md")
    for name in listed:
        text = (folder / name).read_text(encoding="utf-8")
        assert [part for part in ("# One would guess:", "# What happens:", "# Seen on 20") if part not in text] == []
        assert "the behaviour has changed" in text, f"{name} can't fail"
