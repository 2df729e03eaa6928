"""Outputs compared whole, in the tests that import these fixtures into their conftest.py.

What is expected stands beside the tests in `__snapshots__/`, a text file each; `-vv` shows the whole of a difference. After a change
that is meant, write them anew and read what changed:

    python -m pytest tests/commands --snapshot-update && git diff tests/commands/__snapshots__
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.conftest import Answer


def normalised(text: str, places: Mapping[str, str]) -> str:
    """Text without what differs between two runs: seconds, dates, paths, spaces at the ends of lines."""
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, places[place])
    text = re.sub(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?", "<date>", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "YYYY-MM-DD hh:mm", text)
    text = re.sub(r"\b\d+\.\d s\b", "<seconds> s", text)
    return "\n".join(line.rstrip() for line in text.splitlines())


class OutputExtension(SingleFileSnapshotExtension):
    """A text file for each output, so that a change of one is read as a diff."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def expect_text(snapshot: SnapshotAssertion) -> Callable[[str, str], None]:
    """expect_text(name, text): the text is that of the test's snapshot of this name."""
    texts = snapshot.use_extension(OutputExtension)

    def compare(name: str, text: str) -> None:
        assert text == texts(name=name)

    return compare


@pytest.fixture
def expect_output(expect_text: Callable[[str, str], None]) -> Callable[..., None]:
    """expect_output(name, answer): the whole of it is that of the snapshot. `places`: paths and what replaces them."""

    def compare(name: str, answer: Answer, places: Mapping[str, str] | None = None) -> None:
        parts = [f"$ {answer.line}", answer.out, *(["(on stderr)", answer.err] if answer.err else [])]
        told = normalised("\n".join([*parts, f"exit code {answer.code}"]), places or {})
        expect_text(name, told + "\n")

    return compare
