"""What a hint costs, said before it is taken: how many stars a pass is worth now, and after one more."""

from __future__ import annotations

from triton_quest.store.progress import Progress
from triton_quest.store.records import LevelState, stars_for


def worth(progress: Progress, state: LevelState) -> tuple[int, int]:
    """The stars of a pass now, and after one more hint: the same two where the level was passed, or given up."""
    if state.is_done:
        return state.stars, state.stars
    gave_up = progress.saw_solution(state.level)
    return stars_for(state.hints_taken, gave_up), stars_for(state.hints_taken + 1, gave_up)


def price(now: int, then: int) -> str:
    """ "free", or "costs a star" """
    return "free" if now == then else "costs a star"


def reason(hints_taken: int, gave_up: bool) -> str:
    """Why a pass is worth its stars: "3 hints taken"."""
    if gave_up:
        return "the solution was seen before"
    return f"{hints_taken or 'no'} hint{'' if hints_taken == 1 else 's'} taken"
