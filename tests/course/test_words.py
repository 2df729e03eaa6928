"""Guards the page of words: each term once, short, met where it says; every term that a level prints in bold is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import triton_quest
from tests.conftest import arrived
from triton_quest.course import template, words
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.course.words import Word
from triton_quest.errors import QuestError
from triton_quest.store import workspace

BOLD = re.compile(r"\*\*([^*]+)\*\*")
EMPHASIS = {"below", "on", "above"}  # where a tile of level 5 lies: told under "diagonal"
LONGEST = 30  # words: two lines of a terminal
PACKAGE = Path(triton_quest.__file__).parent
SAID_IN = {  # where the sentences of a command stand
    "check": ("child/sentences/memory.py",),
    "compile": ("report/reading.py",),
    "traffic": ("screen/traffic.py",),
}


def text_of(level: Level) -> str:
    """All that a learner reads in the level's file."""
    return " ".join(workspace.level_template(level).split())


def names(text: str, term: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(term)}s?(?!\w)", text, re.IGNORECASE) is not None


def test_every_heading_of_the_page_is_a_word() -> None:
    headings = re.findall(r"^## (.+)$", words.FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(headings) == len(words.words()) > 50


def test_each_term_is_there_once_in_the_singular_and_told_in_two_lines_at_most() -> None:
    terms = [word.name.lower() for word in words.words()]
    assert len(set(terms)) == len(terms)
    assert [term for term in terms if f"{term}s" in terms] == []
    for word in words.words():
        assert word.says.endswith(".") and len(word.says.split()) <= LONGEST, word.name


@pytest.mark.parametrize("word", words.words(), ids=lambda word: word.name)
def test_a_term_is_met_where_the_page_says(word: Word) -> None:
    if word.level is not None:
        assert names(text_of(LEVELS[word.level - 1]), word.name)
    else:
        assert word.command in SAID_IN
        said = " ".join((PACKAGE / path).read_text(encoding="utf-8") for path in SAID_IN[word.command])
        assert names(said.replace("_", " "), word.name)


@pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)
def test_every_term_that_a_level_prints_in_bold_is_on_the_page(level: Level) -> None:
    source = workspace.course_text(level, "solution.py")
    bold = [" ".join(term.split()) for term in BOLD.findall(template.briefing(source) + template.more(source))]
    terms = {term.lower() for term in bold if not term.endswith((".", "?"))} - EMPHASIS  # the others begin a paragraph
    known = {word.name.lower() for word in words.words()}
    assert {term for term in terms if not {term, term.removesuffix("s")} & known} == set()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("lane", "lane"),
        ("Lanes", "lane"),
        ("offsets", "offsets"),
        ("l2", "L2"),
        ("tf32", "TF32"),
        (" online-softmax ", "online softmax"),
        ("mma_sync", "mma.sync"),
    ],
)
def test_a_word_is_found_however_it_is_typed(typed: str, name: str) -> None:
    assert words.find(typed).name == name


@pytest.mark.parametrize(
    ("typed", "next_command"),
    [
        ("strid", "words stride"),
        ("acumulator", "words accumulator"),
        ("softmx", "words softmax"),
        ("xyzzy", "words"),
        ("", "words"),
    ],
)
def test_a_word_that_is_not_there_leads_to_the_nearest_or_to_all(typed: str, next_command: str) -> None:
    with pytest.raises(QuestError) as trouble:
        words.find(typed)
    assert trouble.value.next_command == next_command
