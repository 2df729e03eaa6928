"""A verdict on one screen: what was checked, the first failure in full, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from triton_quest.records import verdict as v
from triton_quest.screen.console import Glyphs
from triton_quest.screen.picture import picture

COMMENT = re.compile(r"\s{2,}# .*$")  # behind a line that is shown
OUTPUT_LINES, LONGEST = 30, 300  # what is shown of the learner's prints

TITLES = {
    v.Outcome.PASSED: "passed",
    v.Outcome.NOT_STARTED: "not started yet",
    v.Outcome.GAPS: "not finished yet",
    v.Outcome.SYNTAX: "not Python yet",
    v.Outcome.IMPORT: "can't be imported",
    v.Outcome.CONTRACT: "not what was asked for",
    v.Outcome.RULES: "against the rules",
    v.Outcome.MEMORY: "memory error",
    v.Outcome.WRONG: "wrong numbers",
    v.Outcome.PROPERTY: "a property is broken",
    v.Outcome.COMPILE: "not fit for a GPU",
    v.Outcome.TIMEOUT: "out of time",
    v.Outcome.CRASH: "an exception or a crash",
    v.Outcome.OUT_OF_MEMORY: "out of memory",
    v.Outcome.EXIT: "ended early",
    v.Outcome.ERROR: "our own trouble, not yours",
}


KINDS = {  # what the kinds of checks that passed are called where they stand in one line
    "read": "the file",
    "memory": "memory",
    "compile": "the compiler",
    "property": "properties",
    "gpu": "the GPU",
}


def verdict(
    judged: v.Verdict, title: str, g: Glyphs, is_brief: bool = False, is_verbose: bool = False
) -> RenderableType:
    """Everything but the next step, which depends on the learner's progress.

    `is_brief`: what passed before a failure is counted. `is_verbose`: each check has a line, also in a pass, which tells of them in one.
    """
    style = "good.heading" if judged.passed else "bad.heading"
    heading = Text().append(f"{g.passed if judged.passed else g.failed} Level {judged.level}, {title}: ", style)
    heading.append(TITLES[judged.outcome], style)
    heading.append(f"   {judged.seconds:.1f} s", "soft")
    parts: list[RenderableType] = [heading, Text()]
    found = judged.first_failure
    is_right_so_far = found is not None and found.outcome is v.Outcome.GAPS
    if (judged.passed or (is_right_so_far and not is_brief)) and not is_verbose:
        parts.append(passed_line(judged.checks, g))
    else:
        parts.append(checklist(judged.checks, g, is_brief and found is not None, is_verbose))
    if found is not None:
        parts += [Text(), failure(found, g, is_brief)]
        if judged.gaps and found.outcome not in (v.Outcome.NOT_STARTED, v.Outcome.GAPS):
            parts += [Text(), gap_line(judged.gaps)]
    elif judged.outcome is v.Outcome.ERROR:
        parts += [Text(), Text(judged.detail.strip(), "soft")]
    if judged.output.strip():
        parts += [Text(), Text("Your code printed:", "soft"), _output(judged.output)]
    return Group(*parts)


def passed_line(checks: Sequence[v.Check], g: Glyphs) -> RenderableType:
    """ "14 checks passed: the file, rules, memory, numbers", then what is remarked on or wasn't verified here, a line each."""
    passed = [check for check in checks if check.state is v.State.PASSED and check.kind != v.REMARK]
    kinds = ", ".join(dict.fromkeys(KINDS.get(check.kind, check.kind) for check in passed))
    grid = _grid()
    grid.add_row(*_row(v.State.PASSED, f"{_passed(passed)}: {kinds}", g))
    for check in checks:
        if check not in passed:
            grid.add_row(*_line(check, g))
    return grid


def gap_line(gaps: Sequence[v.GapState]) -> Text:
    """ "TODO 1-3: right so far   TODO 4: wrong   TODO 5, 6: open", and why what isn't told isn't."""
    by_state: dict[v.GapStanding, list[v.GapState]] = {}
    for gap in gaps:
        by_state.setdefault(gap.state, []).append(gap)
    styles = {v.GapStanding.RIGHT: "good", v.GapStanding.WRONG: "bad"}
    told = [
        Text(f"TODO {_ranges([gap.number for gap in alike])}: {state.value}", styles.get(state, "soft"))
        for state, alike in by_state.items()
    ]
    line = Text("   ").join(told)
    for why in dict.fromkeys(gap.why for gap in by_state.get(v.GapStanding.NOT_TOLD, ()) if gap.why):
        line.append(f"\n(not told: {why})", "soft")
    return line


def _ranges(numbers: Sequence[int]) -> str:
    """ "1-3, 5" """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def checklist(checks: Sequence[v.Check], g: Glyphs, is_brief: bool = False, is_verbose: bool = False) -> RenderableType:
    """A line a check. The passed cases of the numbers are counted in one unless `is_verbose`, with `is_brief` all that passed."""
    grid = _grid()
    cases = [check for check in checks if check.kind == "numbers" and check.state is v.State.PASSED and not is_verbose]
    passed = [check for check in checks if check.state is v.State.PASSED and check.kind != v.REMARK]
    if is_brief and passed:
        grid.add_row(*_row(v.State.PASSED, _passed(passed), g))
    for check in checks:
        if is_brief and check in passed:
            continue
        if check not in cases:
            grid.add_row(*_line(check, g))
        elif check is cases[0]:
            grid.add_row(*_row(v.State.PASSED, _count(cases), g))
    return grid


def _grid() -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=3, justify="right", no_wrap=True)
    grid.add_column()
    return grid


def _passed(passed: Sequence[v.Check]) -> str:
    return f"{len(passed)} check{'' if len(passed) == 1 else 's'} passed"


def _line(check: v.Check, g: Glyphs) -> tuple[Text, Text]:
    if check.kind == v.REMARK:
        return Text(g.skipped, "soft"), Text(check.name, "soft")
    return _row(check.state, check.name, g)


def _count(cases: Sequence[v.Check]) -> str:
    names = {check.case for check in cases}
    dtypes = sorted({check.dtype for check in cases if check.dtype}, reverse=True)
    plural = "case" if len(names) == 1 else "cases"
    listed = " and ".join(filter(None, [", ".join(dtypes[:-1]), *dtypes[-1:]]))
    return f"the numbers are right: {len(names)} {plural}{', in ' if listed else ''}{listed}"


def _row(state: v.State, name: str, g: Glyphs) -> tuple[Text, Text]:
    mark, style = {
        v.State.PASSED: (g.passed, "good"),
        v.State.FAILED: (g.failed, "bad"),
        v.State.SKIPPED: (g.skipped, "soft"),
        v.State.NOT_VERIFIED_HERE: (g.unverified, "soft"),
    }[state]
    text = Text(name, "" if state in (v.State.PASSED, v.State.FAILED) else "soft")
    if state is v.State.NOT_VERIFIED_HERE:
        text.append(": not verified here", "soft")
    return Text(mark, style), text


def failure(check: v.Check, g: Glyphs, is_brief: bool = False) -> RenderableType:
    """A failed check in full: what was found, where, why, what to do about it; below that the numbers that show it."""
    parts: list[RenderableType] = [Text(check.says, "bold")]
    if check.places:
        lines = Table.grid(padding=(0, 1, 0, 0))
        lines.add_column(no_wrap=True)
        lines.add_column()
        for place in check.places[:8]:
            lines.add_row(Text(f"  line {place.line:>3}:", "soft"), Text(COMMENT.sub("", place.source), "place"))
        parts.append(lines)
    if check.cause:
        parts += [Text(), Text(check.cause, "bold"), *([Text(check.evidence, "soft")] if check.evidence else [])]
    if check.advice:
        parts += [Text(), Text(check.advice)]
    if check.hint:
        parts.append(Text(f"Hint {check.hint} of 6 speaks of this.", "soft"))
    if check.mismatch:
        parts += [Text(), _mismatch(check.mismatch, g, is_brief)]
    return Group(*parts)


def _mismatch(mismatch: v.Mismatch, g: Glyphs, is_brief: bool = False) -> RenderableType:
    """The worst element, its neighbours (`is_brief`: unless a picture shows them), and the picture."""
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="soft")
    for name in ("index", "expected", "your result", ""):
        table.add_column(name, justify="right" if name in ("expected", "your result") else "left", no_wrap=True)
    rows = mismatch.neighbours or (("", mismatch.expected, mismatch.actual, True),)
    if is_brief and mismatch.picture:
        rows = tuple(row for row in rows if row[-1])[:1] or rows
    for index, expected, actual, wrong in rows:
        table.add_row(
            f"{mismatch.answer}[{index}]".replace("[", r"\["), expected, actual, Text("wrong" if wrong else "", "bad")
        )
    worst = Text(_worst(mismatch), "soft")
    shown = Padding(Group(table, worst), (0, 0, 0, 2))
    if mismatch.picture is None:
        return shown
    if all(set(row) == {"#"} for row in mismatch.picture.cells):
        return Group(shown, Text(f"  {_all_wrong(mismatch.picture)}", "soft"))
    return Group(shown, Text(), picture(mismatch.picture, g))


def _all_wrong(drawn: v.Picture) -> str:
    """What stands in the place of a picture in which everything is wrong."""
    rows, columns = drawn.shape
    what = f"matrix [{', '.join(map(str, drawn.at))}], " if drawn.at else ""
    size = f"{rows:,} x {columns:,}" if rows > 1 else f"{columns:,}"
    return f"{what}{size}: every element is wrong"


def _worst(mismatch: v.Mismatch) -> str:
    if mismatch.max_abs_error == "nan":  # no error that can be measured
        return "inf and nan must stand where they are expected, and nowhere else"
    return f"largest error {mismatch.max_abs_error}, allowed {mismatch.allowed}"


def _output(output: str) -> Text:
    lines = [line if len(line) <= LONGEST else line[:LONGEST] + " ..." for line in output.rstrip("\n").splitlines()]
    if len(lines) > OUTPUT_LINES:
        cut = len(lines) - OUTPUT_LINES
        lines = [*lines[: OUTPUT_LINES // 2], f"... {cut} more lines ...", *lines[-OUTPUT_LINES // 2 :]]
    return Text("\n".join(f"  {line}" for line in lines), "soft")
