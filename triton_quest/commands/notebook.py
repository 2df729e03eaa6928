"""The course as notebooks, one a level. A file that is there already stays: somebody may have played in it."""

from __future__ import annotations

from pathlib import Path

from triton_quest.authoring.notebooks import notebook
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course.table import LEVELS
from triton_quest.errors import StoreTrouble
from triton_quest.store import files

HERE = Path("notebooks")


def run(context: Context, folder: Path | None, as_json: bool) -> None:
    folder = (folder or HERE).expanduser()
    made, kept = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for level in (level for level in LEVELS if level.has_arrived):
            path = folder / Path(level.file).with_suffix(".ipynb").name
            if path.exists():
                kept.append(path)
                continue
            files.write_atomically(path, notebook(level))
            made.append(path)
    except OSError as trouble:
        raise StoreTrouble(f"{folder} can't be written: {trouble.strerror or trouble}.") from None
    if as_json:
        print_json({"schema": 1, "made": [str(path) for path in made], "kept": [str(path) for path in kept]})
        return
    if made:
        context.say(f"{len(made)} notebook{'' if len(made) == 1 else 's'} in {folder}: {made[0].name} is the first.")
    if kept:
        those = f"{len(kept)} notebooks were" if len(kept) > 1 else f"{kept[0].name} was"
        context.say(f"{those} there already, and stayed as {'they are' if len(kept) > 1 else 'it is'}.")
    context.say(
        "Open them with jupyter lab, in the folder of your workspace or of the clone; the first code cell loads the quest."
    )
