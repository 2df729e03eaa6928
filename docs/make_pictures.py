"""Writes docs/map.svg from the real map of a game in progress, docs/traffic.svg and docs/show.svg from the solutions: `make pictures`."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.terminal_theme import MONOKAI  # noqa: E402

from triton_quest import achievements  # noqa: E402
from triton_quest import verdict as v  # noqa: E402
from triton_quest.commands.overview import next_words  # noqa: E402
from triton_quest.levels import LEVELS  # noqa: E402
from triton_quest.screen.console import THEME, Glyphs  # noqa: E402
from triton_quest.screen.overview import overview  # noqa: E402
from triton_quest.store import workspace  # noqa: E402
from triton_quest.store.progress import Progress  # noqa: E402

WIDTH = 84


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


def draw(path: Path, *command: str) -> None:
    """What a command saves: naive, fused and flash attention side by side, or what one program touches."""
    with tempfile.TemporaryDirectory() as folder:
        made = workspace.init(Path(folder))[0]
        words = ["--workspace", str(made.root), *command, "--save", str(path)]
        subprocess.run([sys.executable, str(ROOT / "triton_quest" / "quest.py"), *words], check=True)


if __name__ == "__main__":
    (ROOT / "docs" / "map.svg").write_text(map_svg(), encoding="utf-8")
    draw(ROOT / "docs" / "traffic.svg", "traffic")
    draw(ROOT / "docs" / "show.svg", "show", "8", "--file", str(LEVELS[7].folder / "solution.py"))
