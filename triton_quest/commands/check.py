"""Judge a file, keep the attempt, show the verdict, name the next step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.text import Text

from triton_quest import invocation
from triton_quest.commands.overview import next_words
from triton_quest.commands.shared import announcing, catching_up, finale, prices, subject
from triton_quest.commands.shared.context import NOT_YET, OK, TROUBLE, Context, print_json, tell_trouble
from triton_quest.commands.shared.waiting import showing_stages
from triton_quest.course.level import HINTS_A_LEVEL, Level
from triton_quest.errors import StoreTrouble
from triton_quest.invocation import Command
from triton_quest.parent import devices
from triton_quest.parent.runner import Job, OnRecord
from triton_quest.progress.experience import PASS, STAR
from triton_quest.records import verdict as v
from triton_quest.screen import overview, texts
from triton_quest.screen.verdict import verdict as render_verdict
from triton_quest.store.progress import Progress
from triton_quest.store.records import Attempt

CHANGED = "The file was changed while it was judged: this verdict is of the text before the change. Check it again."


def run(
    context: Context,
    level: Level | None,
    file: Path | None,
    seconds: float,
    device: str | None,
    is_verbose: bool,
    as_json: bool,
    judge: Callable[[Job, OnRecord], v.Verdict] | None = None,
) -> int:
    """`judge`, where there is one, judges in a pre-started process; else the file is judged in a fresh one."""
    found = subject.locate(context, level, file, "check")
    chosen = found.level
    where = devices.choose(device)
    with showing_stages(context.console, "starting Triton", quiet=as_json) as tell:
        cold = partial(devices.judge_on, where)
        judged, kept = judge_and_keep(context, found, seconds, lambda job: (judge or cold)(job, tell))
    if not as_json:
        context.show(render_verdict(judged, chosen.title, context.glyphs, is_verbose=is_verbose))
        if judged.file_changed:
            context.show(Text(CHANGED, "star"))
    end = None
    if is_the_end(context, chosen, judged, kept):
        end = finale.run(context, chosen, where, seconds, quiet=as_json)
    elif judged.passed and kept is not None and "gpu" in where:
        catching_up.catch_up(context, seconds, quiet=as_json)
    earned = announcing.announce(context, quiet=as_json) if kept is not None and kept.trouble is None else []
    if as_json:
        finale_told = {"finale": finale.as_json(end)} if end else {}
        remembered = kept is not None and kept.trouble is None and judged.outcome is not v.Outcome.ERROR
        print_json(judged.as_json() | finale_told | {"earned": announcing.as_json(earned), "remembered": remembered})
    if kept is not None and kept.trouble is not None:
        tell_trouble(f"This check can't be remembered. {kept.trouble.sentence}", kept.trouble.next_command)
    elif end is not None and not as_json:
        finale.show(context, end)
    elif kept is not None and not as_json:
        _show_next(context, chosen, judged, kept.first_pass)
    if judged.outcome is v.Outcome.ERROR:
        return TROUBLE
    return OK if judged.passed else NOT_YET


def judge_and_keep(
    context: Context, found: subject.LevelFile, seconds: float, judge: catching_up.Judge
) -> tuple[v.Verdict, KeptCheck | None]:
    """Judge the file; its text is kept before that, whatever becomes of it. A file that was named leaves no trace."""
    text = found.read()
    kept = None if found.is_outside else KeptCheck(context.progress, found.level, text)
    judged = judge(Job(found.level, found.path, seconds, text=text))
    if kept is not None and judged.outcome is not v.Outcome.ERROR:
        kept.finish(judged)
    return judged, kept


class KeptCheck:
    """What is kept of a check: its text before it is judged, its verdict afterwards. `trouble`: why it can't be."""

    def __init__(self, progress: Progress, level: Level, text: str) -> None:
        self._progress, self._level, self._text = progress, level, text
        self._begun: Attempt | None = None
        self.trouble: StoreTrouble | None = None
        self.first_pass = False
        try:
            self._begun = progress.begin_attempt(level, text)
        except StoreTrouble as trouble:
            self.trouble = trouble

    def finish(self, judged: v.Verdict) -> None:
        self.trouble = None
        try:
            self.first_pass = self._progress.record_attempt(self._level, self._text, judged, self._begun)
        except StoreTrouble as trouble:
            self.trouble = trouble


def is_the_end(context: Context, level: Level, judged: v.Verdict, kept: KeptCheck | None) -> bool:
    """Whether the last level of an act passed, and was remembered, with all others of the act passed before."""
    remembered = kept is not None and kept.trouble is None
    return judged.passed and remembered and finale.has_come(context.progress.states(), level)


def next_after(
    progress: Progress, level: Level, judged: v.Verdict, in_turn: bool = False
) -> tuple[str, Command | None]:
    """What to do after this verdict, as a sentence and as a command. `in_turn`: hints are taken in no other order than theirs."""
    number = level.number
    if judged.outcome is v.Outcome.ERROR:
        return "What this machine lacks:", Command("doctor")
    if judged.passed:
        return next_words(progress.states())
    failure = judged.first_failure
    if failure and failure.kind == "read" and judged.outcome is v.Outcome.CONTRACT:
        return "To have it back as it was:", Command("reset", number)
    is_wrong = failure is not None and failure.outcome not in (v.Outcome.NOT_STARTED, v.Outcome.GAPS)
    if judged.outcome in (v.Outcome.NOT_STARTED, v.Outcome.GAPS) and not is_wrong:
        open_gaps = (gap for gap in judged.gaps if gap.state is v.GapStanding.OPEN)
        waiting = min(open_gaps, key=lambda gap: (gap.number in level.later, gap.number), default=None)
        where = f"Next: TODO {waiting.number}, line {waiting.line}. " if waiting else ""
        return f"{where}Instructions:", Command("start", number)
    hints = progress.hints(level)
    price = prices.price(*prices.worth(progress, progress.state(level)))
    if hints.waiting not in (None, hints.next) and not in_turn:
        sentence = f"Stuck? Hint {hints.waiting} speaks of this ({price}):"
        return sentence, Command("hint", number, f"--number {hints.waiting}")
    if hints.next is not None:
        sentence = f"Stuck? Your next hint of this level is {hints.next} of {HINTS_A_LEVEL} ({price}):"
        return sentence, Command("hint", number)
    return "Stuck? You have all the hints:", Command("hint", number, "--again")


def _brought(context: Context, level: Level) -> tuple[Text, str, int]:
    """The stars of a first pass, why it is worth them, and its XP."""
    state = context.progress.state(level)
    why = prices.reason(state.hints_taken, context.progress.saw_solution(level))
    return overview.stars(state.stars, context.glyphs), why, PASS + STAR * state.stars


def _show_next(context: Context, level: Level, judged: v.Verdict, first_pass: bool) -> None:
    if first_pass:
        context.console.print()
        context.show(texts.what_a_pass_brought(*_brought(context, level)))
    context.next(*next_after(context.progress, level, judged))
    if judged.passed:
        context.console.print(f"[soft]The reference solution: {invocation.command(f'solution {level.number}')}[/]")
