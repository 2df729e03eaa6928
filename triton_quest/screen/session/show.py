"""What each program touches, program by program and step by step, at the press of the arrow keys."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.report.show import CallTrace, Position
from triton_quest.screen.fitted import Fitted
from triton_quest.screen.session.game import ProgramsShown
from triton_quest.screen.session.keys import Key, bindings
from triton_quest.screen.session.views import Working
from triton_quest.screen.show import program_view
from triton_quest.screen.show_steps import ROWS

FEWEST_ROWS = 4  # of cells
AROUND = 13  # lines of the grid, of the step, of names and legend


class ShowView(Working):
    """The steps of each program, one by one. Every move ends at a position that exists."""

    KEYS = (
        Key("right", "step(1)", "steps, rounds", "", "arrows"),
        Key("d", "program(0, 1)", "programs", "", "wasd"),
        Key("x", "program(2, 1)", "axis 2", "", "zx"),
        Key("tab", "launch(1)", "launch", "", "Tab"),
        Key("e", "errors", "errors", ""),
    )
    BINDINGS = [
        *bindings(KEYS),
        *bindings(
            (
                Key("left", "step(-1)", "", ""),
                Key("down", "round(1)", "", ""),
                Key("up", "round(-1)", "", ""),
                Key("a,shift+left", "program(0, -1)", "", ""),
                Key("shift+right", "program(0, 1)", "", ""),
                Key("w,shift+up", "program(1, -1)", "", ""),
                Key("s,shift+down", "program(1, 1)", "", ""),
                Key("z", "program(2, -1)", "", ""),
                Key("shift+tab", "launch(-1)", "", ""),
                Key("pagedown,space", "page(1)", "", ""),
                Key("pageup", "page(-1)", "", ""),
            )
        ),
    ]

    def __init__(self, level: Level) -> None:
        super().__init__(
            f"Level {level.number}, {level.title}: what each program touches",
            lambda tell, cancelled: self.session.game.programs(level, tell, cancelled),
        )
        self._level, self._shown, self._place = level, ProgramsShown(CallTrace("", (), {})), Position(0, ())
        self.pane.can_focus = False  # the arrow keys are taken

    def arrived(self, content: ProgramsShown) -> None:
        self._shown = content
        if content.trace.launches:
            self._go(content.trace.start)
        else:
            self.pane.show(content.remark or Text("No kernel was launched."))

    def _go(self, place: Position) -> None:
        self._place = place
        remark = [Text(), self._shown.remark] if self._shown.remark is not None else []
        self.pane.show(Group(Fitted(self._drawn), *remark), top=False)

    def _drawn(self, width: int) -> RenderableType:
        rows = max(FEWEST_ROWS, min(ROWS, self.pane.size.height - AROUND))
        return program_view(self._shown.trace, self._place, width, self.session.game.glyphs, rows)

    def action_step(self, by: int) -> None:
        self._move(lambda trace: trace.by_step(self._place, by))

    def action_round(self, by: int) -> None:
        self._move(lambda trace: trace.by_round(self._place, by))

    def action_program(self, axis: int, by: int) -> None:
        self._move(lambda trace: trace.by_program(self._place, axis, by))

    def action_launch(self, by: int) -> None:
        self._move(lambda trace: trace.by_launch(self._place, by))

    def _move(self, move: Callable[[CallTrace], Position]) -> None:
        if self._shown.trace.launches:
            self._go(move(self._shown.trace))

    def action_page(self, by: int) -> None:
        self.pane.scroll_relative(y=by * (self.pane.size.height - 1), animate=False)

    def action_errors(self) -> None:
        level, game = self._level, self.session.game
        title = f"Level {level.number}, {level.title}: where the answer is wrong"
        self.app.push_screen(Working(title, lambda tell, cancelled: game.look("errors", level, tell, cancelled)))
