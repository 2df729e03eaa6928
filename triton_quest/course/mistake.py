"""The known mistakes and the right variants of a level, and the reader of the file that holds them: `course/<slug>/mistakes.md`.

A mistake is the solution after a patch. It serves twice: in the gate every one must be rejected by the check that is meant to,
and at run time it is named where it leads to the learner's wrong output, wrong access or refused line. The file:

    ```diff
    ## Masks                                                    a topic: for the reader's eye
    ### mask_one_too_many, memory, hint 1                       its key, the kind of check that rejects it, the hint that speaks of it
    Your mask lets column `n_cols` through: compare with `<`.   what the learner reads
    -    mask = cols < n_cols
    +    mask = cols <= n_cols
    ## Right variants
    ### block_of_8192                                           must pass; the sentence says why it is right
    ...
    ```

Further words of a heading: `finding write_race` (what a check of memory or rules, or a refusal, must call it), `same as other_key` (no
output can tell the two apart; without a sentence of its own, the entry has the other's), `of other_key` (the patch changes that mistake
or variant instead of the solution). In a patch, lines with a blank before them stay, and show the place; a `-` behind a `+`, and a line
`@@`, begin the next place. What is to be changed must be whole lines, and stand once. What a heading, a sentence or a patch leaves out
is taken from the entry of that key in `course/shared/mistakes.md`, which holds what several levels have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from triton_quest.course.level import COURSE, HINTS_A_LEVEL
from triton_quest.errors import CourseTrouble

KINDS = ("memory", "rules", "numbers", "property", "compile", "contract")
VARIANTS = "## Right variants"
SHARED = COURSE / "shared" / "mistakes.md"
_FENCE = "```"  # around everything: Markdown then shows - and + in their colours
_MARKS = (" ", "+", "-", "@")
_WORD = re.compile(r"(?P<name>hint|finding|same as|of) (?P<value>\w+)")


@dataclass(frozen=True)
class Edit:
    """The lines `old` become the lines `new`; they must stand in the text exactly once. `place` is where the patch is written."""

    old: str
    new: str
    place: str = ""


@dataclass(frozen=True)
class Mistake:
    """A wrong version. `says` is true of every kernel whose output equals this one's, or that goes wrong at the same access with the
    same words; `hint` speaks of it.

    `formula` gives the wrong result in float64, from the launcher's arguments. Where it depends on the tiling, it takes the
    learner's tile lengths as keyword-only parameters of the solution's names (`*, BLOCK_N`), whatever the learner calls them.
    Without one, the mistake is run: the level's `formulas.py` has them only where running all of the level's mistakes takes more
    than the half second that naming one may take.
    """

    key: str
    edits: tuple[Edit, ...]
    caught_by: str  # the kind of the check that must reject it, one of KINDS
    says: str
    hint: int | None = None
    formula: Callable[..., Any] | None = None
    same_output_as: tuple[str, ...] = ()  # mistakes that no output can tell from this one: either may be named
    finding: str = (
        ""  # what a check of memory or rules, or a refusal, must call it; a check that calls it so, points to this hint
    )


@dataclass(frozen=True)
class Variant:
    """A right version, written differently: it must pass. `says` is why it is right."""

    key: str
    edits: tuple[Edit, ...]
    says: str


@dataclass(frozen=True)
class Known:
    """What a level's file holds, in its order."""

    mistakes: tuple[Mistake, ...]
    variants: tuple[Variant, ...]


def apply(edits: tuple[Edit, ...], text: str, key: str) -> str:
    """The edited text. Raises CourseTrouble for an edit that no longer applies, or applies in several places."""
    for edit in edits:
        places = [found.start() for found in re.finditer(f"^{re.escape(edit.old)}", text, re.MULTILINE)]
        if len(places) != 1:
            where = f"{edit.place}: " if edit.place else ""
            first = edit.old.partition("\n")[0].strip()
            raise CourseTrouble(
                f"{where}the patch of {key} fits {len(places)} places instead of one, from `{first}` on", "dev check"
            )
        text = text[: places[0]] + edit.new + text[places[0] + len(edit.old) :]
    return text


def read(folder: Path) -> Known:
    """The mistakes and variants of a level's folder. Raises CourseTrouble, with file and line, for what can't be understood."""
    paths = folder / "mistakes.md", SHARED
    return _known(*(place for path in paths for place in (_name(path), _text(path))))


@cache
def _known(name: str, text: str, shared_name: str, shared_text: str) -> Known:
    shared = _entries(shared_name, shared_text)
    own = _entries(name, text)
    for entry in own.values():
        entry.complete(shared.get(entry.key), own)
    return Known(
        tuple(entry.as_mistake(own) for entry in own.values() if not entry.is_variant),
        tuple(Variant(one.key, one.all_edits(own), one.says) for one in own.values() if one.is_variant),
    )


@dataclass
class _Entry:
    """A heading, and what stands under it."""

    key: str
    place: str  # file:line of the heading
    is_variant: bool
    kind: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)  # (name, value), as in ("hint", "3")
    says: str = ""
    edits: tuple[Edit, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for known, value in self.options if known == name)

    def complete(self, shared: _Entry | None, own: dict[str, _Entry]) -> None:
        """Take what is missing from what several levels share, and complain of what is missing still."""
        if shared is not None:
            self.kind, self.says = self.kind or shared.kind, self.says or shared.says
            self.edits = self.edits or shared.edits
        for key in self.values("same as")[:1]:
            self.says = self.says or (own[key].says if key in own else "")
        if not self.says:
            raise CourseTrouble(f"{self.place}: {self.key} has no sentence: what does the learner read?")
        if not self.edits:
            raise CourseTrouble(
                f"{self.place}: {self.key} has no patch: lines that begin with - and +, below the sentence"
            )
        if not self.kind and not self.is_variant:
            raise CourseTrouble(f"{self.place}: {self.key} doesn't say what rejects it: {', '.join(KINDS)}")

    def all_edits(self, own: dict[str, _Entry]) -> tuple[Edit, ...]:
        edits = self.edits
        for key in self.values("of"):
            if key not in own or own[key].values("of"):
                raise CourseTrouble(
                    f"{self.place}: {key}, which {self.key} is to change, is no patch of the solution in this file"
                )
            edits = own[key].edits + edits
        return edits

    def as_mistake(self, own: dict[str, _Entry]) -> Mistake:
        alike = self.values("same as")
        for key in alike:
            if key not in own or own[key].is_variant:
                raise CourseTrouble(f"{self.place}: {self.key} is the same as {key}, which is no mistake in this file")
        hint = next(map(int, self.values("hint")), None)
        finding = next(iter(self.values("finding")), "")
        return Mistake(self.key, self.all_edits(own), self.kind, self.says, hint, None, alike, finding)


def _name(path: Path) -> str:
    return f"{path.parents[1].name}/{path.parent.name}/{path.name}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise CourseTrouble(f"{_name(path)} can't be read: {trouble}", "dev check") from None


def _entries(name: str, text: str) -> dict[str, _Entry]:
    """Every entry of a file by its key, in order."""
    lines = text.splitlines()
    entries: dict[str, _Entry] = {}
    entry, is_variant = None, False
    patch: list[tuple[str, str]] = []  # the lines of the entry's patch so far, each with its place
    for number, line in enumerate([*lines, "# the end"], start=1):
        place = f"{name}:{number}"
        if line.startswith(("#", _FENCE)):
            if entry is not None and patch:
                entry.edits = tuple(_edits(patch))
            entry, patch = None, []
        if line.startswith("### "):
            entry = _heading(line[4:], place, is_variant)
            if entry.key in entries:
                raise CourseTrouble(f"{place}: {entry.key} stands in {entries[entry.key].place} already")
            entries[entry.key] = entry
        elif line.startswith("## "):
            is_variant = line.rstrip() == VARIANTS
        elif entry is not None and (line[:1] in _MARKS or patch):
            if line.strip() and line[0] not in _MARKS:
                raise CourseTrouble(f"{place}: in the patch of {entry.key} a line begins with -, +, @@ or a blank")
            patch.append((place, line))
        elif entry is not None:
            entry.says = f"{entry.says} {line.strip()}".strip()
    return entries


def _heading(text: str, place: str, is_variant: bool) -> _Entry:
    key, *words = (word.strip() for word in text.split(","))
    if not re.fullmatch(r"\w+", key):
        raise CourseTrouble(f"{place}: a heading begins with a key of letters, digits and _, not with `{key}`")
    entry = _Entry(key, place, is_variant)
    for word in words:
        option = _WORD.fullmatch(word)
        if option is not None:
            entry.options.append((option["name"], option["value"]))
        elif word in KINDS and not entry.kind:
            entry.kind = word
        else:
            raise CourseTrouble(
                f"{place}: `{word}` is neither a kind ({', '.join(KINDS)}) nor hint, finding, same as or of"
            )
    for hint in entry.values("hint"):
        if not hint.isdecimal() or not 1 <= int(hint) <= HINTS_A_LEVEL:
            raise CourseTrouble(f"{place}: hint {hint} of {key} doesn't exist: they are 1 to {HINTS_A_LEVEL}")
    return entry


def _edits(patch: list[tuple[str, str]]) -> Iterator[Edit]:
    """The places of a patch, each an edit. Blank lines at its end part it from the next heading."""
    while not patch[-1][1].strip():
        patch.pop()
    places: list[list[tuple[str, str]]] = [[]]
    for where, line in patch:
        if line.startswith("@"):
            places.append([])
            continue
        if line.startswith("-") and places[-1] and places[-1][-1][1].startswith("+"):
            places.append([])
        places[-1].append((where, line or " "))
    for lines in filter(None, places):
        old = "".join(f"{line[1:]}\n" for _, line in lines if line[0] != "+")
        new = "".join(f"{line[1:]}\n" for _, line in lines if line[0] != "-")
        if not old or old == new:
            raise CourseTrouble(
                f"{lines[0][0]}: the patch needs a line to change, or one that shows where the + lines go"
            )
        yield Edit(old, new, lines[0][0])
