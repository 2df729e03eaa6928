"""A verdict on one screen: what was checked, the first failure in full, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from triton_quest.records import verdict as v
from triton_quest.screen.console import Glyphs
from triton_quest.screen.picture import picture

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


def verdict(judged: v.Verdict, title: str, g: Glyphs, is_brief: bool = False) -> RenderableType:
    """Everything but the next step, which depends on the learner's progress. `is_brief`: what passed before a failure is counted."""
    style = "good.heading" if judged.passed else "bad.heading"
    heading = Text().append(f"{g.passed if judged.passed else g.failed} Level {judged.level}, {title}: ", style)
    heading.append(TITLES[judged.outcome], style)
    heading.append(f"   {judged.seconds:.1f} s", "soft")
    parts: list[RenderableType] = [heading, Text()]
    found = judged.first_failure
    parts.append(checklist(judged.checks, g, is_brief and found is not None))
    if found is not None:
        parts += [Text(), failure(found, g, is_brief)]
        if judged.gaps and found.outcome not in (v.Outcome.NOT_STARTED, v.Outcome.GAPS):
            parts += [Text(), gap_line(judged.gaps)]
    elif judged.outcome is v.Outcome.ERROR:
        parts += [Text(), Text(judged.detail.strip(), "soft")]
    if judged.output.strip():
        parts += [Text(), Text("Your code printed:", "soft"), _output(judged.output)]
    return Group(*parts)


def gap_line(gaps: Sequence[v.GapState]) -> Text:
    """ "TODO 1-3: right so far   TODO 4: wrong   TODO 5, 6: open", and why what isn't told isn't."""
    by_state: dict[v.Standing, list[v.GapState]] = {}
    for gap in gaps:
        by_state.setdefault(gap.state, []).append(gap)
    styles = {v.Standing.RIGHT: "good", v.Standing.WRONG: "bad"}
    told = [
        Text(f"TODO {_ranges([gap.number for gap in alike])}: {state.value}", styles.get(state, "soft"))
        for state, alike in by_state.items()
    ]
    line = Text("   ").join(told)
    for why in dict.fromkeys(gap.why for gap in by_state.get(v.Standing.NOT_TOLD, ()) if gap.why):
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


def checklist(checks: Sequence[v.Check], g: Glyphs, is_brief: bool = False) -> RenderableType:
    """A line a check; the passed cases of the numbers are counted in one, and with `is_brief` all that passed."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=3, justify="right", no_wrap=True)
    grid.add_column()
    cases = [check for check in checks if check.kind == "numbers" and check.state is v.State.PASSED]
    passed = [check for check in checks if check.state is v.State.PASSED and check.kind != "remark"]
    if is_brief and passed:
        grid.add_row(*_row(v.State.PASSED, f"{len(passed)} check{'' if len(passed) == 1 else 's'} passed", g))
    for check in checks:
        if is_brief and check in passed:
            continue
        if check.kind == "remark":
            grid.add_row(Text(g.skipped, "soft"), Text(check.name, "soft"))
        elif check in cases:
            if check is cases[0]:
                grid.add_row(*_row(v.State.PASSED, _count(cases), g))
        else:
            grid.add_row(*_row(check.state, check.name, g))
    return grid


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


def failure(check: v.Check, g: Glyphs, numbers_last: bool = False) -> RenderableType:
    """A failed check in full: what was found, where, and what to do about it. `numbers_last`: for a pane that shows its top."""
    parts: list[RenderableType] = [Text(check.says, "bold")]
    if check.places:
        lines = Table.grid(padding=(0, 1, 0, 0))
        lines.add_column(no_wrap=True)
        lines.add_column()
        for place in check.places[:8]:
            lines.add_row(Text(f"  line {place.line:>3}:", "soft"), Text(place.source, "place"))
        parts.append(lines)
    numbers: list[RenderableType] = [Text(), _mismatch(check.mismatch, g, numbers_last)] if check.mismatch else []
    parts += [] if numbers_last else numbers
    if check.cause:
        parts += [Text(), Text(check.cause, "bold"), *([Text(check.evidence, "soft")] if check.evidence else [])]
    if check.advice:
        parts += [Text(), Text(check.advice)]
    if check.hint:
        parts.append(Text(f"Hint {check.hint} of 6 speaks of this.", "soft"))
    return Group(*parts, *(numbers if numbers_last else ()))


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
    return Group(shown, Text(), picture(mismatch.picture, g)) if mismatch.picture else shown


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
