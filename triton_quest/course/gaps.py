"""Finds the gaps of a level in a learner's file, and stands the reference's lines in for some of them. Pure text and syntax trees.

The template and the solution share their marked gaps: what the learner wrote between the given statements belongs to a gap, however
the file is formatted. Statements that stand next to each other and belong to several gaps are parted at their TODO comments, or else
at the names that each gap gives. Where the given statements around a gap were changed, nobody can say which lines are the gap's:
`Gap.trouble` says why.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from triton_quest.course.template import GAP, open_gaps, strip_solution

TODO = re.compile(r"#\s*TODO (\d+)\b")
Block = Sequence[ast.stmt]


@dataclass(frozen=True)
class Gap:
    """One gap in a learner's file. Lines count from 1; `first` to `last` are the learner's own lines, none where first > last.

    `names` are what it gives to the lines below, `lines` what the reference has there. `trouble` is why what the learner wrote in the gap
    can't be told apart from the rest ("" where it can).
    """

    number: int
    names: tuple[str, ...]
    lines: tuple[str, ...]
    first: int = 0
    last: int = -1
    indent: str = ""
    is_open: bool = False
    trouble: str = ""


@dataclass(frozen=True)
class Filled:
    """A text in which the reference's lines stand in for gaps.

    `keeps_lines`: every other line has the number that it has in the learner's file, so that what is said of it needs no translation.
    Then `gap_of` says of each of the reference's lines for which gap it was put in.
    """

    text: str
    gap_of: dict[int, int]
    keeps_lines: bool = True


def marked(solution: str) -> tuple[Gap, ...]:
    """The gaps of a marked solution, numbered from 1, with the reference's lines."""
    gaps: list[Gap] = []
    lines: list[str] | None = None
    for line in solution.splitlines():
        mark = GAP.match(line)
        if mark:
            names = tuple(name.strip() for name in (mark["names"] or "").split(",") if name.strip())
            gaps.append(Gap(len(gaps) + 1, names, (), indent=mark["indent"]))
            lines = []
        elif lines is not None and line.strip() == "# [end]":
            gaps[-1] = replace(gaps[-1], lines=tuple(textwrap.dedent("\n".join(lines)).splitlines()))
            lines = None
        elif lines is not None:
            lines.append(line)
    return tuple(gaps)


def find(solution: str, text: str) -> tuple[Gap, ...]:
    """Every gap of the solution as it stands in a learner's text. Raises SyntaxError or ValueError for a text that doesn't parse."""
    template = strip_solution(solution)
    gaps = dict(zip(open_gaps(template), marked(solution), strict=True))
    learners = ast.parse(text)
    search = _Search(gaps, text)
    search.block(ast.parse(template).body, learners.body)
    found = [search.found.get(gap.number) or search.lost(gap) for gap in gaps.values()]
    return tuple(_where_it_waits(gap, found, learners, text.splitlines()) if gap.trouble else gap for gap in found)


def _where_it_waits(lost: Gap, found: Sequence[Gap], tree: ast.Module, lines: Sequence[str]) -> Gap:
    """A gap that can't be told, if its own placeholder still stands somewhere: then the gap is open there."""
    taken = {gap.first for gap in found}
    waiting = [s for s in ast.walk(tree) if isinstance(s, ast.stmt) and _is_placeholder(s) and s.lineno not in taken]
    own = [s for s in waiting if tuple(_bound(s)) == lost.names]
    if len(own) != 1 or not lost.names:
        return lost
    line, indent = own[0].lineno, lines[own[0].lineno - 1][: own[0].col_offset]
    return replace(lost, first=line, last=own[0].end_lineno or line, indent=indent, is_open=True, trouble="")


def fill(text: str, gaps: Iterable[Gap]) -> Filled:
    """`text` with the reference's lines in the place of these gaps' own. Each must have been found: no trouble.

    The reference is laid out in as few lines as Python allows, which take the place of the gap and, from below, of the comment above it.
    """
    lines, gap_of, keeps_lines = text.splitlines(), dict[int, int](), True
    for gap in sorted(gaps, key=lambda gap: -gap.first):
        new = [gap.indent + line for line in _compressed(gap.lines)]
        first, last = gap.first, gap.last
        while last - first + 1 < len(new) and first > 1 and lines[first - 2].lstrip().startswith("#"):
            first -= 1
        room = last - first + 1
        keeps_lines &= len(new) <= room
        lines[first - 1 : last] = [*new, *[""] * (room - len(new))]
        gap_of |= dict.fromkeys(range(first, first + len(new)), gap.number)
    return Filled("\n".join(lines) + "\n", gap_of, keeps_lines)


def _compressed(lines: Sequence[str]) -> list[str]:
    """The same statements in as few lines as can be: simple ones joined by semicolons, a block of simple ones behind its head."""
    out: list[str] = []
    simple: list[str] = []
    for statement in ast.parse("\n".join(lines)).body:
        if not _bodies(statement):
            simple.append(ast.unparse(statement))
            continue
        out += ["; ".join(simple)] * bool(simple)
        simple.clear()
        (body, *others) = _bodies(statement)
        if others or any(_bodies(inner) for inner in body):
            out += ast.unparse(statement).splitlines()
        else:
            head = ast.unparse(statement).splitlines()[0]
            out.append(f"{head} {'; '.join(map(ast.unparse, body))}")
    return [*out, *["; ".join(simple)] * bool(simple)]


class _Search:
    """Walks the template's blocks beside the learner's."""

    def __init__(self, gaps: dict[int, Gap], text: str) -> None:
        self.found: dict[int, Gap] = {}
        self._gaps, self._lines = gaps, text.splitlines()
        self._todos = _todo_lines(text)

    def lost(self, gap: Gap) -> Gap:
        return replace(gap, trouble=f"the given lines around TODO {gap.number} aren't there any more")

    def block(self, given: Block, theirs: Block) -> None:
        """Match the statements of one block, and look into those that both have."""
        keys = [f"gap {self._gaps[s.lineno].number}" if self._is_gap(s) else _key(s) for s in given]
        matcher = SequenceMatcher(None, keys, [_key(s) for s in theirs], autojunk=False)
        at, their_at = 0, 0
        for match in matcher.get_matching_blocks():
            between, written = given[at : match.a], theirs[their_at : match.b]
            self._group(between, written, theirs, their_at)
            for ours, learners in zip(
                given[match.a : match.a + match.size], theirs[match.b : match.b + match.size], strict=True
            ):
                for one, other in zip(_bodies(ours), _bodies(learners), strict=True):
                    self.block(one, other)
            at, their_at = match.a + match.size, match.b + match.size

    def _is_gap(self, statement: ast.stmt) -> bool:
        return statement.lineno in self._gaps and _is_placeholder(statement)

    def _group(self, between: Block, written: Block, theirs: Block, before: int) -> None:
        """The gaps among `between`, where the learner has the statements `written`."""
        gaps = [self._gaps[s.lineno] for s in between if self._is_gap(s)]
        changed = [s for s in between if not self._is_gap(s)]
        if not gaps:
            if changed:  # a given statement that holds gaps in its own block
                self._inside(changed)
            return
        if changed:
            self._trouble(gaps, _changed(changed[0]))
            self._inside(changed)
            return
        shares = self._shares(gaps, written)
        if shares is None:
            numbers = ", ".join(str(gap.number) for gap in gaps)
            self._trouble(gaps, f"the comments that part TODO {numbers} are gone or out of order")
            return
        previous = theirs[before - 1] if before else None
        following = theirs[before + len(written)] if before + len(written) < len(theirs) else None
        for gap, share in zip(gaps, shares, strict=True):
            self.found[gap.number] = self._placed(gap, share, previous, following)
            previous = share[-1] if share else previous

    def _inside(self, changed: Block) -> None:
        """The gaps in the blocks of given statements that the learner changed: none of them can be told."""
        for statement in changed:
            for node in ast.walk(statement):
                if isinstance(node, ast.stmt) and self._is_gap(node):
                    gap = self._gaps[node.lineno]
                    self.found.setdefault(gap.number, replace(gap, trouble=_changed(statement)))

    def _trouble(self, gaps: list[Gap], why: str) -> None:
        for gap in gaps:
            self.found[gap.number] = replace(gap, trouble=why)

    def _shares(self, gaps: list[Gap], written: Block) -> list[list[ast.stmt]] | None:
        """The statements of each gap: parted at the TODO comments, or at the names; None where neither carries it."""
        if len(gaps) == 1:
            return [list(written)]
        starts = [self._todos.get(gap.number, 0) for gap in gaps]
        if all(starts) and starts == sorted(starts):
            ends = [*starts[1:], len(self._lines) + 2]
            first = starts[0]
            if all(s.lineno > first for s in written):
                return [[s for s in written if a < s.lineno < b] for a, b in zip(starts, ends, strict=True)]
        return _by_names(gaps, written)

    def _placed(self, gap: Gap, share: list[ast.stmt], previous: ast.stmt | None, following: ast.stmt | None) -> Gap:
        if not share:  # deleted: the reference's lines would stand below the comment, or the statement before
            line = self._todos.get(gap.number, 0)
            while line and line < len(self._lines) and self._lines[line].lstrip().startswith("#"):
                line += 1
            at = line or (previous.end_lineno or 0 if previous else 0)
            return replace(gap, first=at + 1, last=at, indent=self._indent(following or previous, gap), is_open=False)
        first, last = _first_line(share[0]), share[-1].end_lineno or share[-1].lineno
        alone = all(
            other is None or other in share or not first <= other.lineno <= last for other in (previous, following)
        ) and (previous is None or (previous.end_lineno or 0) < first)
        indent = self._lines[first - 1][: share[0].col_offset]
        is_open = any(_is_placeholder(s) for part in share for s in ast.walk(part) if isinstance(s, ast.stmt))
        trouble = "" if alone and not indent.strip() else "it shares a line with given code"
        return replace(
            gap,
            first=first,
            last=last,
            indent=indent if not indent.strip() else gap.indent,
            is_open=is_open,
            trouble=trouble,
        )

    def _indent(self, sibling: ast.stmt | None, gap: Gap) -> str:
        if sibling is None:
            return gap.indent
        return self._lines[sibling.lineno - 1][: sibling.col_offset]


def _todo_lines(text: str) -> dict[int, int]:
    """The line of each TODO's comment, by its number; of a number that stands twice, none."""
    lines: dict[int, list[int]] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        found = TODO.match(token.string) if token.type == tokenize.COMMENT else None
        if found:
            lines.setdefault(int(found[1]), []).append(token.start[0])
    return {number: places[0] for number, places in lines.items() if len(places) == 1}


def _by_names(gaps: list[Gap], written: Block) -> list[list[ast.stmt]] | None:
    """Each gap ends with the last statement that gives one of its names, before the next gap's first."""
    if not all(gap.names for gap in gaps[:-1]):  # nothing says where such a gap ends
        return None
    shares: list[list[ast.stmt]] = [[] for _ in gaps]
    here, given = 0, set[str]()
    for statement in written:
        gives = set(_bound(statement))
        further = next((i for i in range(here, len(gaps)) if gives & set(gaps[i].names)), None)
        is_whole = given >= set(gaps[here].names) and shares[here]
        if further is None and is_whole and here + 1 < len(gaps) and not gaps[here + 1].names:
            further = here + 1
        if further is not None and further != here:
            here, given = further, set()
        given |= gives
        shares[here].append(statement)
    for gap, mine, next_one in zip(gaps, shares, shares[1:], strict=False):
        while len(mine) > 1 and _leads_to(mine[-1], gap, next_one):
            next_one.insert(0, mine.pop())
    return shares if all(shares) else None


def _leads_to(statement: ast.stmt, gap: Gap, next_one: list[ast.stmt]) -> bool:
    """Whether the last statement of `gap` gives none of its names, and one that the next gap's statements read."""
    gives = set(_bound(statement))
    read = {node.id for one in next_one for node in ast.walk(one) if isinstance(node, ast.Name)}
    return not gives & set(gap.names) and bool(gives & read)


def _bound(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _is_placeholder(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr)) else None
    return isinstance(value, ast.Constant) and value.value is ...


def _changed(statement: ast.stmt) -> str:
    if isinstance(statement, ast.FunctionDef):
        return f"the given function `{statement.name}` isn't there any more"
    return f"the given line `{ast.unparse(statement).splitlines()[0][:60]}` was changed"


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    first: int = min([statement.lineno, *(d.lineno for d in decorators)])
    return first


def _key(statement: ast.stmt) -> str:
    """What makes two statements the same: all of a simple one; of one with a block its head, since gaps may lie inside."""
    bodies = _bodies(statement)
    if not bodies:
        return ast.dump(statement)
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return f"{type(statement).__name__} {statement.name}"
    fields = {
        name: value
        for name, value in ast.iter_fields(statement)
        if name not in ("body", "orelse", "finalbody", "handlers")
    }
    shown = ", ".join(ast.dump(value) if isinstance(value, ast.AST) else repr(value) for value in fields.values())
    return f"{type(statement).__name__} {shown} {len(bodies)}"


def _bodies(statement: ast.stmt) -> list[list[ast.stmt]]:
    return [body for name in ("body", "orelse", "finalbody") if (body := getattr(statement, name, None))]
