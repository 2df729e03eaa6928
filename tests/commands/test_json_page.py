"""docs/json.md against real answers: every key that a command prints stands in its table, and no table has one that never comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.commands import kernels
from tests.conftest import ROOT, Quest
from tests.course.conftest import kind_judge  # noqa: F401  a fixture

VARYING = ("constants", "environment", "laws", "loops", "roofline", "versions")  # objects whose keys differ
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
FIRST_CELL = re.compile(r"^\| (`.+?`) \|", re.MULTILINE)
MISMATCH = "A mismatch"
GRADE = "`grade --json`"  # a line a file: tests/grading/test_command.py
GATE = "`dev check --json`"
FILES = {
    "wrong.py": kernels.WRONG,
    "right.py": kernels.RIGHT,
    "loop.py": kernels.product(16, 16, 16),
    "product.py": kernels.product(64, 64, 32),
    "large.py": kernels.product(256, 256, 256),
}
QUICK = {  # a section of the page, and what is typed for it
    "A failure": ("check 99",),
    "The overview: `python quest.py --json`": ("",),
    "`start --json`": ("start 1",),
    "`hint --json`": ("hint 1",),
    "`solution --json`": ("solution 1 --give-up",),
    "`history --json`": ("check 1", "history 1", "history 1 1"),
    "`restore --json`": ("check 1", "restore 1 1"),
    "`reset --json`": ("reset 1 --yes",),
    "`init --json`": ("init other",),
    "`dev build --json`": ("dev build",),
    "`notebook --json`": ("notebook somewhere",),
}
SLOW = {
    "`check --json`": ("check 1", "check 1 --file wrong.py", "check 1"),
    "`achievements --json`": ("check 1", "check 1", "achievements"),
    "`compile --json`": (
        "compile 1 --file right.py --target sm_90 --asm ttgir",
        "compile 2 --file product.py --target sm_80",
        "compile 2 --file large.py --target sm_80",
    ),
    "`traffic --json`": ("traffic 1 --file right.py",),
    "`show --json`": ("show 1 --errors --file wrong.py", "show 2 --file loop.py"),
    "`doctor --json`": ("doctor",),
}


def sections() -> dict[str, set[str]]:
    """The keys of each section of the page."""
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    return {
        title: {key for cell in FIRST_CELL.findall(body) for key in re.findall(r"`([^`]+)`", cell)}
        for title, body in SECTION.findall(text)
    }


def keys_of(value: Any, at: str = "") -> Iterator[str]:
    """Every key of an answer as the page writes it: `checks[].name`, `kernels[].constants.*`."""
    if isinstance(value, list):
        for one in value:
            yield from keys_of(one, f"{at}[]")
    elif isinstance(value, dict):
        varies = at.rpartition(".")[2] in VARYING
        for name, below in value.items():
            key = f"{at}.{'*' if varies else name}".lstrip(".")
            yield key
            yield from keys_of(below, key)


def within_mismatch(keys: set[str]) -> set[str]:
    """The keys that belong to a mismatch, as its own section has them."""
    return {f"mismatch.{key.partition('mismatch.')[2]}" for key in keys if "mismatch." in key}


def compare(quest: Quest, title: str, lines: tuple[str, ...]) -> None:
    for name, text in FILES.items():
        (quest.workspace.root / name).write_text(text)
    page, seen = sections()[title], set[str]()
    for line in lines:
        answer = quest.inside(f"{line} --json".strip()).json()
        quest.file(1).write_text(kernels.RIGHT)
        if line.split()[:1] == lines[-1].split()[:1]:  # others only prepare it
            seen |= set(keys_of(answer))
    keys = {key for key in seen if "mismatch." not in key}
    assert (sorted(keys - page), sorted(page - keys)) == ([], [])
    assert within_mismatch(seen) <= sections()[MISMATCH]


@pytest.mark.parametrize("title", QUICK)
def test_every_key_of_an_answer_is_on_the_page_and_the_reverse(quest: Quest, title: str) -> None:
    compare(quest, title, QUICK[title])


@pytest.mark.slow
@pytest.mark.parametrize("title", SLOW)
def test_every_key_of_an_answer_of_the_child_is_on_the_page_and_the_reverse(quest: Quest, title: str) -> None:
    compare(quest, title, SLOW[title])


@pytest.mark.usefixtures("kind_judge")
def test_every_key_of_the_gates_answer_is_on_the_page_and_the_reverse(quest: Quest) -> None:
    compare(quest, GATE, ("dev check 1",))


def test_the_page_has_a_section_for_each_of_these_and_no_other() -> None:
    assert set(sections()) == {*QUICK, *SLOW, GATE, MISMATCH, GRADE}


def test_keys_are_found_at_every_depth() -> None:
    answer = {"a": [{"b": {"c": 1}}, {"b": {"d": 2}}], "constants": {"BLOCK": "64"}}
    assert set(keys_of(answer)) == {"a", "a[].b", "a[].b.c", "a[].b.d", "constants", "constants.*"}
