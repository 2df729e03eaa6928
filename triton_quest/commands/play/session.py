"""What the live session does to the quest: each command's own work, without its console. See screen/session/game.py."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from threading import Event

from rich.console import Group, RenderableType
from rich.text import Text

from triton_quest import invocation
from triton_quest.commands import check, restore, show, solution
from triton_quest.commands import history as history_command
from triton_quest.commands.overview import next_words
from triton_quest.commands.play import views as session_views
from triton_quest.commands.play.views import Run
from triton_quest.commands.shared import announcing, catching_up, finale, subject
from triton_quest.commands.shared.context import Context
from triton_quest.commands.shared.templates import new_templates, template_remark
from triton_quest.course import template
from triton_quest.course.level import HINTS_A_LEVEL, Level
from triton_quest.errors import NoWorkspace, QuestError, UnusableFile
from triton_quest.invocation import Command
from triton_quest.parent import devices, runner
from triton_quest.parent.runner import Cancelled, Job, OnRecord
from triton_quest.parent.watching import saves
from triton_quest.progress import achievements
from triton_quest.progress.achievements import Award
from triton_quest.records import verdict as v
from triton_quest.report.show import CallTrace
from triton_quest.screen import finale as finale_screen
from triton_quest.screen import texts
from triton_quest.screen.achievements import AT_ONCE
from triton_quest.screen.achievements import line as award_line
from triton_quest.screen.session.game import Attempts, Hints, JudgedSave, ProgramsShown, States
from triton_quest.store import files, history, workspace
from triton_quest.store.records import LevelState, stars_for

Judge = Callable[[Job, OnRecord, Event], v.Verdict]  # raises Cancelled once the event is set
STEP_SECONDS = 30.0  # for any one step of the learner's code, as `check` gives it
AT_LINE = {  # how editors are told to open a file at a line; others get the file alone
    **dict.fromkeys(
        ("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe"), ("+{line}", "{file}")
    ),
    **dict.fromkeys(("hx", "helix", "subl", "zed"), ("{file}:{line}",)),
    **dict.fromkeys(("code", "codium", "cursor"), ("--goto", "{file}:{line}")),
}


class LiveSession:
    """The game of one live session. Its methods may run in any thread, and several at once.

    `judge` judges a file and `run` runs any other job: in a pre-forked child where there is one.
    """

    def __init__(self, context: Context, where: tuple[str, ...], judge: Judge, run: Run = session_views.cold) -> None:
        self._context, self._where, self._judge, self._run = context, where, judge, run
        self._told: list[str] = []
        context.tell = self._told.append
        self.glyphs = context.glyphs

    # Where the learner stands

    def states(self) -> States:
        self._require_workspace()
        return self._context.progress.states()

    def current(self) -> Level:
        return self._context.progress.current().level

    def require_open(self, level: Level) -> LevelState:
        self._require_workspace()
        return self._context.progress.require_open(level)

    def awards(self) -> Sequence[Award]:
        self._require_workspace()
        self._tell_of(announcing.announce(self._context, quiet=True))
        return achievements.awards(self._context.progress.earned(), self._context.progress.levels)

    def _tell_of(self, earned: Sequence[Award]) -> None:
        """In one notice, however many they are."""
        if len(earned) > AT_ONCE:
            xp = sum(award.achievement.xp for award in earned)
            self._told.append(f"{self.glyphs.badge} {len(earned)} achievements, +{xp} XP: m lists them.")
        elif earned:
            self._told.append("\n".join(award_line(award, self.glyphs).plain for award in earned))

    def next_step(self) -> tuple[str, Command | None]:
        return next_words(self.states())

    def notices(self) -> list[str]:
        told, self._told[:] = list(self._told), []
        return told

    def _require_workspace(self) -> None:
        """Raises NoWorkspace: without this, a database would be made where nothing else is."""
        root = self._context.workspace.root
        if not (root / "levels").is_dir():
            sentence = (
                f"Your workspace {root} is gone: it was moved or deleted. Bring it back and go on, or make another:"
            )
            raise NoWorkspace(sentence, "init my-quest")

    # Texts

    def briefing(self, level: Level) -> RenderableType:
        try:
            state = self._context.progress.require_open(level)
        except QuestError as shut:
            return Text(f"{level.description}\n\n{shut.sentence}")
        path, line = self.place(level)
        remark = template_remark(new_templates(self._context, [state]), self.glyphs)
        above = [texts.where_to_edit(path, line, self.name(level)), *([remark] if remark else [])]
        source = workspace.course_text(level, "solution.py")
        return Group(*above, Text(), texts.briefing(template.briefing(source), template.more(source)))

    def place(self, level: Level) -> tuple[Path, int]:
        path, line = self._context.workspace.file(level), 1
        with contextlib.suppress(UnusableFile):
            line = template.first_line_to_edit(files.read_text(path, ""))
        return path, line

    def name(self, level: Level) -> str:
        return str(self._context.workspace.file(level).relative_to(self._context.workspace.root))

    def hints(self, level: Level) -> Hints:
        state, gave_up = self.require_open(level), self._context.progress.saw_solution(level)
        written = template.split_hints(workspace.course_text(level, "hints.md"))
        taken = range(1, state.hints_taken + 1)
        shown = tuple(texts.hint(n, HINTS_A_LEVEL, *written[n - 1]) for n in taken)
        now, then = (state.stars if state.is_done else stars_for(len(taken) + n, gave_up) for n in (0, 1))
        return Hints(shown, HINTS_A_LEVEL, now, then)

    def take_hint(self, level: Level) -> None:
        self._require_workspace()
        self._context.progress.take_hint(level)

    def price_of_the_solution(self, level: Level) -> str:
        state = self.require_open(level)
        if state.is_done or self._context.progress.saw_solution(level):
            return ""
        return (
            f"You haven't passed level {level.number} yet. To look at its solution now is to give up on it: the level "
            "is then worth one star. A hint (h) costs less. Look at the solution all the same?"
        )

    def solution(self, level: Level) -> RenderableType:
        if not self.require_open(level).is_done:
            self._context.progress.note_solution_seen(level)
        return texts.code(solution.read(level))

    # The learner's file

    def judge(self, level: Level, tell: OnRecord, cancelled: Event) -> JudgedSave | None:
        self._require_workspace()
        mine = subject.locate(self._context, level, None, "check")

        def judge(job: Job) -> v.Verdict:
            return self._judge(job, tell, cancelled)

        try:
            judged, kept = check.judge_and_keep(self._context, mine, STEP_SECONDS, judge)
            assert kept is not None
            return self._told_of(level, judged, kept)
        except Cancelled:
            return None

    def _told_of(self, level: Level, judged: v.Verdict, kept: check.KeptCheck) -> JudgedSave:
        """The verdict, with all that a check lets follow at once."""
        is_the_end = check.is_the_end(self._context, level, judged, kept)
        if kept.trouble is not None:
            unremembered = f"This check can't be remembered. {kept.trouble.sentence}"
            return JudgedSave(level, self.name(level), judged, ("", None), unremembered=unremembered)
        step = check.next_after(self._context.progress, level, judged)
        earned = tuple(announcing.announce(self._context, quiet=True))
        stars = self._context.progress.state(level).stars if kept.first_pass else 0
        return JudgedSave(level, self.name(level), judged, step, stars, "", earned, is_the_end)

    def catch_up(self, cancelled: Event) -> None:
        if "gpu" not in self._where:
            return

        def judge_one(job: Job) -> v.Verdict:
            return runner.verdict_of(job, self._run(job, lambda record: None, cancelled))

        def judge(job: Job) -> v.Verdict:
            return devices.in_turn(("gpu",), job, judge_one)

        with contextlib.suppress(Cancelled):
            for again in catching_up.catch_up(self._context, STEP_SECONDS, quiet=True, judge=judge):
                self._told.append(f"Level {catching_up.told(again)}.")

    def finale(self, level: Level, tell: OnRecord, cancelled: Event) -> RenderableType | None:
        def judge(job: Job) -> v.Verdict:
            return self._judge(job, tell, cancelled)

        try:
            found = finale.judge_all(self._context, level, STEP_SECONDS, judge, tell)
        except Cancelled:
            return None
        self._tell_of(announcing.announce(self._context, quiet=True))
        return finale_screen.finale(found, self._context.progress.statistics(), self.glyphs)

    def attempts(self, level: Level) -> Attempts:
        self._require_workspace()
        kept = self._context.progress.versions(level)
        given = workspace.level_template(level) if level.has_arrived else ""
        now = None
        with contextlib.suppress(UnusableFile):
            now = files.exact_text(self._context.workspace.file(level), "")
        return Attempts(history.entries(kept, given), given, now, self.name(level))

    def restore(self, level: Level, version: int) -> str:
        self._require_workspace()
        found = history_command.find(self._context, level, version)
        changed, backup = restore.bring_back(self._context, level, found)
        return restore.report(found, self.name(level), changed) + _kept_at(backup)

    def reset(self, level: Level) -> str:
        self.require_open(level)
        backup = workspace.renew(self._context.workspace, level)
        return f"{self.name(level)} is as it was given." + _kept_at(backup)

    def editor(self, level: Level) -> list[str] | None:
        words: list[str] = []
        with contextlib.suppress(ValueError):  # a quotation mark that is never closed
            words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
        if not words or shutil.which(words[0]) is None:
            return None
        path, line = self.place(level)
        pattern = AT_LINE.get(Path(words[0]).name, ("{file}",))
        return [*words, *(part.format(file=path, line=line) for part in pattern)]

    async def saves(self) -> AsyncIterator[tuple[Level, ...]]:
        folder = self._context.workspace.root / "levels"
        async with contextlib.aclosing(saves(folder, self._context.progress.levels)) as found:
            async for levels in found:
                yield levels

    # Views of it

    def look(self, kind: str, level: Level, tell: OnRecord, cancelled: Event) -> RenderableType | None:
        self._require_workspace()
        try:
            seen = session_views.VIEWS[kind](session_views.Asked(self._context, level, tell, cancelled, self._run))
        except Cancelled:
            return None
        self._tell_of(announcing.announce(self._context, quiet=True, level=level, measured=seen.measured))
        return seen.drawn

    def programs(self, level: Level, tell: OnRecord, cancelled: Event) -> ProgramsShown | None:
        self._require_workspace()
        chosen = subject.choose(self._context, level, None, "show")
        try:
            ended = self._run(show.job_for(chosen), tell, cancelled)
        except Cancelled:
            return None
        return ProgramsShown(CallTrace.of(ended.records), show.ending(ended, self.glyphs))


def _kept_at(backup: Path | None) -> str:
    return f" Backup of what was there: {invocation.short_path(backup)}" if backup else ""
