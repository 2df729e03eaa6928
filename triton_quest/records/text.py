"""What the learner's code says (messages, names, quoted lines, output), fit for a terminal and for the database."""

from __future__ import annotations

import re

LONGEST = 4_000  # characters of one string of a record
CONTROL = re.compile(
    r"\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # sets a title, a clipboard and the like, up to its end
    r"|\x1b\[[0-9;?]*[ -/]*[@-~]"  # moves, colours, erases
    r"|\x1b[^\[]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u2028-\u202e\u2066-\u2069]"  # separates lines, or reverses what follows
)


def without_controls(text: str) -> str:
    """The text without what a terminal would obey instead of showing it; what is no character at all becomes "?"."""
    if text.isprintable():
        return text
    return CONTROL.sub("", text).encode("utf-8", "replace").decode()


def cleaned(text: str, longest: int = LONGEST) -> str:
    """As without_controls; of a long text its beginning and its end, and how much lies between."""
    if len(text) > longest:
        begin, end = longest * 2 // 3, longest // 3
        text = f"{text[:begin]} ... {len(text) - begin - end:,} characters more ... {text[-end:]}"
    return without_controls(text)
