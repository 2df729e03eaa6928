"""`show --errors`: the map of the first wrong answer, if there is one."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from triton_quest.commands import show_page
from triton_quest.commands.shared import subject
from triton_quest.commands.shared.context import Context
from triton_quest.parent.runner import Ending
from triton_quest.records import verdict as v
from triton_quest.records.show import ErrorMap
from triton_quest.report.pictures import show as picture
from triton_quest.screen.console import Glyphs
from triton_quest.screen.error_map import error_map
from triton_quest.screen.verdict import failure as render_failure


class ErrorsShown:
    """The first wrong answer, if there is one."""

    def __init__(self, chosen: subject.LevelFile, ended: Ending) -> None:
        self.chosen, self.ended = chosen, ended
        maps = ended.all(ErrorMap)
        self.map, self.check = maps[0] if maps else None, ended.failure
        self.can_be_drawn = self.map is not None

    @property
    def title(self) -> str:
        return f"Level {self.chosen.level.number}, {self.chosen.level.title}: where the answer is wrong"

    def show(self, context: Context) -> None:
        context.show(self.drawn(context.console.width, context.glyphs))

    def drawn(self, width: int, g: Glyphs) -> RenderableType:
        if self.map is not None and self.check is not None and self.check.mismatch is not None:
            mismatch = replace(self.check.mismatch, picture=None)
            said = render_failure(replace(self.check, mismatch=mismatch), g)
            return Group(Text(self.title, "heading"), said, Text(), error_map(self.map, mismatch, width, g))
        if self.ended.outcome is v.Outcome.PASSED:
            checks = self.ended.all(v.Check)
            cases = len({check.case for check in checks if check.kind == "numbers"})
            return Text(f"Nothing is wrong: the answers to all {cases} cases are right.", "good")
        return Text(self.title, "heading")

    def show_next(self, context: Context) -> None:
        if self.map is not None:
            context.next("What is known of such a mistake:", self.chosen.command("check"))

    def save(self, path: Path) -> None:
        assert self.map is not None and self.check is not None and self.check.mismatch is not None
        picture.save_errors(path, self.map, self.check.mismatch, f"{self.title}\n{self.check.mismatch.inputs}")

    def write_page(self, path: Path) -> None:
        show_page.write(path, self.chosen, self.ended, self.title, None)

    def as_json(self) -> dict[str, Any]:
        mismatch = self.check.mismatch if self.check else None
        return {
            "case": self.check.case if self.check else None,
            "mismatch": asdict(mismatch) if mismatch else None,
            "map": asdict(self.map) if self.map else None,
        }
