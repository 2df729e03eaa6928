"""Writes the pictures in docs/, each from the real thing: `make pictures`.

The map of a game in progress, the live session in two sizes, and what the solutions move and touch.
"""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.terminal_theme import MONOKAI  # noqa: E402

from triton_quest.commands.overview import next_words  # noqa: E402
from triton_quest.commands.play.session import LiveSession  # noqa: E402
from triton_quest.commands.shared.context import Context  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.table import LEVELS  # noqa: E402
from triton_quest.parent import devices  # noqa: E402
from triton_quest.parent.standby import Standby  # noqa: E402
from triton_quest.progress import achievements  # noqa: E402
from triton_quest.records import verdict as v  # noqa: E402
from triton_quest.screen.console import THEME, Glyphs  # noqa: E402
from triton_quest.screen.overview import overview  # noqa: E402
from triton_quest.screen.session.app import SessionApp  # noqa: E402
from triton_quest.store import workspace  # noqa: E402
from triton_quest.store.progress import Progress  # noqa: E402

WIDTH = 84


def of_slug(slug: str) -> Level:
    return next(level for level in LEVELS if level.slug == slug)


def map_svg() -> str:
    """The map after level 1 was passed with two hints and level 2 without one."""
    with tempfile.TemporaryDirectory() as folder:
        progress = Progress(Path(folder) / ".quest" / "progress.db")
        for hints, level in ((2, LEVELS[0]), (0, LEVELS[1])):
            for _ in range(hints):
                progress.take_hint(level)
            if level.has_arrived:
                progress.record_attempt(
                    level, "", v.Verdict(level.number, level.slug, v.Outcome.PASSED, "interpreter", 1.5)
                )
        story = progress.story()
        progress.earn(story.run, achievements.reached(story))
        states, awards = progress.states(), achievements.awards(progress.earned())
    sentence, words = next_words(states)
    console = Console(file=io.StringIO(), record=True, width=WIDTH, theme=THEME, highlight=False, force_terminal=True)
    console.print(overview(states, f"./quest {words}", sentence, Glyphs(), WIDTH, awards=awards))
    return console.export_svg(title="./quest", theme=MONOKAI, unique_id="map")


async def draw_session(path: Path, size: tuple[int, int]) -> None:
    """The live session after a save of the causal mask that takes the wrong tiles for those with something to see."""
    level = of_slug("causal-mask")
    right = (level.folder / "solution.py").read_text(encoding="utf-8")
    wrong = right.replace("any_visible = last_query >= first_key", "any_visible = pid_m >= pid_n")
    where = devices.choose("interpreter")
    with tempfile.TemporaryDirectory() as folder, Standby(where) as standby:
        context = Context(workspace.init(Path(folder) / "my-quest")[0].root)
        passed_until(level, context.progress)
        app = SessionApp(LiveSession(context, where, standby.judge), level)
        async with app.run_test(size=size) as pilot:
            for text in (workspace.level_template(level), wrong):
                count = context.progress.state(level).attempts
                context.workspace.file(level).write_text(text, encoding="utf-8")
                while context.progress.state(level).attempts == count:
                    await pilot.pause(0.1)
            await pilot.pause(0.5)
            svg = app.export_screenshot(title="quest play")
    path.write_text(re.sub(r"terminal-\d+-", f"{path.stem}-", svg), encoding="utf-8")


def passed_until(level: Level, progress: Progress) -> None:
    """A game in progress: a hint or two, and every level before this one."""
    for before in LEVELS[: level.number - 1]:
        for _ in range(before.number - 1):
            progress.take_hint(before)
        verdict = v.Verdict(before.number, before.slug, v.Outcome.PASSED, "interpreter", 1.5)
        progress.record_attempt(before, "", verdict)
    story = progress.story()
    progress.earn(story.run, achievements.reached(story))


def draw(path: Path, *command: str) -> None:
    """What a command saves: naive, fused and flash attention side by side, or what one program touches."""
    with tempfile.TemporaryDirectory() as folder:
        made = workspace.init(Path(folder))[0]
        words = ["--workspace", str(made.root), *command, "--save", str(path)]
        subprocess.run([sys.executable, str(ROOT / "triton_quest" / "quest.py"), *words], check=True)


if __name__ == "__main__":
    (ROOT / "docs" / "map.svg").write_text(map_svg(), encoding="utf-8")
    for name, size in {"session": (120, 40), "session-narrow": (80, 24)}.items():
        asyncio.run(draw_session(ROOT / "docs" / f"{name}.svg", size))
    draw(ROOT / "docs" / "traffic.svg", "traffic")
    flash = of_slug("flash-attention")
    draw(ROOT / "docs" / "show.svg", "show", str(flash.number), "--file", str(flash.folder / "solution.py"))
