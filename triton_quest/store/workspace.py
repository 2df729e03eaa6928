"""Where the learner's files are: the clone's own `triton_quest/`, or a folder that `quest init` made.

levels/level*.py    the learner's files            .quest/progress.db    passes, hints, every checked text
quest.py            the commands                   .quest/backups/       what a reset or a restore replaced
                                                   .quest/given/         the files as they were given
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.errors import NoWorkspace, StoreTrouble
from triton_quest.store import files, given

PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Workspace:
    root: Path

    @property
    def database(self) -> Path:
        return self.root / ".quest" / "progress.db"

    @property
    def backups(self) -> Path:
        return self.root / ".quest" / "backups"

    @property
    def made_by_init(self) -> bool:
        return self.root != PACKAGE and (self.root / ".quest" / "python").is_file()

    def file(self, level: Level) -> Path:
        return self.root / "levels" / level.file


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Workspace:
    """--workspace, else $QUEST_WORKSPACE, else the nearest `.quest/` upward, else the clone. Raises NoWorkspace."""
    named = explicit or (Path(environ["QUEST_WORKSPACE"]) if environ.get("QUEST_WORKSPACE") else None)
    if named is not None:
        root = named.expanduser().resolve()
        if not (root / "levels").is_dir():
            raise NoWorkspace(f"{root} is no workspace: it has no levels/ folder.", f"init {named}")
        return Workspace(root)
    for folder in (cwd, *cwd.parents):
        if (folder / ".quest").is_dir() and (folder / "levels").is_dir():
            return Workspace(folder)
    if is_clone():
        return Workspace(PACKAGE)
    raise NoWorkspace(
        "There is no workspace here: the quest keeps your files in a folder of your choice.", "init my-quest"
    )


def is_clone() -> bool:
    """Whether this package is a clone of the repository, and not installed somewhere: other packages leave files there too."""
    project = given.content(PACKAGE.parent / "pyproject.toml") or b""
    return b'name = "triton-attention-quest"' in project and os.access(PACKAGE, os.W_OK)


def course_text(level: Level, name: str) -> str:
    """A file of the level's course folder."""
    return (level.folder / name).read_text(encoding="utf-8")


def level_template(level: Level) -> str:
    """The level file as a learner first sees it."""
    return template.strip_solution(course_text(level, "solution.py"))


README = """\
# Your Triton Attention Quest

    python quest.py            the map and the next step
    python quest.py start      instructions for the current level
    python quest.py check      judge your file
    python quest.py --help     everything else

Your files are in `levels/`. Progress and backups are in `.quest/`.
"""

QUEST_PY = '''\
"""The quest, from this folder: python quest.py --help"""

import os
import sys

here = os.path.dirname(os.path.realpath(__file__))
hiding = [here] + [os.path.realpath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
sys.path[:] = [path for path in sys.path if os.path.realpath(path or ".") not in hiding]  # nothing there hides a module
setup = os.path.join(here, "levels", "quest_setup.py")
if not os.path.isfile(setup):
    sys.stderr.write("levels/quest_setup.py isn't there. Copy it back, or make a new workspace: quest init DIR\\n")
    sys.exit(2)

try:
    with open(setup, encoding="utf-8") as file:  # finds the quest, whichever Python runs this
        exec(compile(file.read(), setup, "exec"), {"__name__": "quest_setup", "__file__": setup})
except Exception as trouble:  # somebody has edited it
    given = os.path.join(here, ".quest", "given", "levels", "quest_setup.py")
    sys.stderr.write("%s fails: %s\\nAs it was given: cp '%s' '%s'\\n" % (setup, trouble, given, setup))
    sys.exit(2)

from triton_quest import isolation  # noqa: E402

isolation.begin_without_variables()
sys.path[:] = isolation.path_of_the_quest()

from triton_quest import environment  # noqa: E402

environment.enter("rich_click", start=here)

from triton_quest.quest import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
'''


def init(root: Path) -> tuple[Workspace, list[Path]]:
    """Make a workspace at `root`, leaving every file that is there already as it is; the new files' paths too."""
    workspace = Workspace(root.expanduser().resolve())
    if workspace.root.exists() and not workspace.root.is_dir():
        raise StoreTrouble(f"{workspace.root} is a file: choose another folder.", "init my-quest")
    wanted = wanted_files(workspace)
    program = workspace.root / "quest.py"
    if program.exists() and given.text(workspace.root, program) is None and given.content(program) != QUEST_PY.encode():
        raise StoreTrouble(
            f"{program} is there already, and not of the quest's making: choose another folder.", "init my-quest"
        )
    made = [path for path in wanted if not path.exists()]
    for path in made:
        files.write_atomically(path, wanted[path])
        given.note(workspace.root, path, wanted[path])
    note_python(workspace)
    return workspace, made


def wanted_files(workspace: Workspace) -> dict[Path, str]:
    """The files of a workspace outside the clone, as this version of the quest gives them."""
    setup = PACKAGE / "levels" / "quest_setup.py"
    return {
        workspace.root / "quest.py": QUEST_PY,
        workspace.root / "README.md": README,
        workspace.root / "levels" / setup.name: setup.read_text(encoding="utf-8"),
        **{workspace.file(level): level_template(level) for level in LEVELS if level.has_arrived},
    }


def note_python(workspace: Workspace) -> None:
    """Where levels/quest_setup.py finds the quest, whichever Python runs it."""
    files.write_atomically(workspace.root / ".quest" / "python", f"{sys.executable}\n{PACKAGE.parent}\n")


def noted_python(workspace: Workspace) -> str:
    """The Python that the workspace was made with."""
    noted = given.content(workspace.root / ".quest" / "python") or b""
    return os.fsdecode(noted.partition(b"\n")[0])


def renew(workspace: Workspace, level: Level) -> Path | None:
    """Write the level's template anew, after a backup; the backup's path, or None if nothing stood there."""
    text = level_template(level)
    backup = put_text(workspace, level, text)
    if workspace.made_by_init:
        given.note(workspace.root, workspace.file(level), text)
    else:
        given.forget(workspace.root, workspace.file(level))
    return backup


def put_text(workspace: Workspace, level: Level, text: str) -> Path | None:
    """Let this be the level's file, after a backup; the backup's path, or None if nothing stood there."""
    path = workspace.file(level)
    backup = files.back_up(path, workspace.backups)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    files.write_atomically(path, text)
    return backup
