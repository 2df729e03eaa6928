"""Level files that began as a template that is another one now."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from triton_quest import invocation
from triton_quest.commands.shared.context import Context
from triton_quest.screen import messages
from triton_quest.screen.console import Glyphs
from triton_quest.store import updates
from triton_quest.store.records import LevelState, Status


def new_templates(context: Context, states: Sequence[LevelState]) -> list[LevelState]:
    """The levels that one can play and whose file began as a template that is another one now."""
    open_ones = [state for state in states if state.is_done or state.status is Status.OPEN]
    return [state for state in open_ones if updates.has_new_template(context.workspace, state.level)]


def template_remark(outdated: Sequence[LevelState], g: Glyphs) -> RenderableType | None:
    """What is said of `new_templates`."""
    numbers = [state.level.number for state in outdated]
    return messages.new_templates(numbers, invocation.command(f"reset {numbers[0]}"), g) if numbers else None
