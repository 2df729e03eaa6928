"""What every program of the quest does first: the learner's folders and variables put no module in the place of another.

Imports `os` and `sys` alone, which each Python has loaded by then: any other import might find a file of the learner's. Runs
on any Python 3, as `environment.py` does. What no program can keep out by itself (PYTHONHOME, a sitecustomize) `doctor` names.
"""

import os
import sys

ASIDE = "QUEST_SET_ASIDE_"  # begins the name of a variable that was taken away
MARKS = ("QUEST_INVOKED_AS", "QUEST_ENTERED")  # what the quest sets for itself alone
CHANGES_PYTHON = tuple(  # variables with which Python does otherwise what it is told
    "PYTHON" + name
    for name in ("OPTIMIZE", "WARNINGS", "INSPECT", "DEBUG", "VERBOSE", "DEVMODE", "PROFILEIMPORTTIME", "TRACEMALLOC")
    + ("MALLOC", "MALLOCSTATS", "CASEOK", "DUMPREFS", "DUMPREFSFILE", "INTMAXSTRDIGITS", "ASYNCIODEBUG")
)
SAYS_WHERE = ("PYTHONPATH", "PYTHONUSERBASE", "PYTHONNOUSERSITE")  # packages are
SAYS_WHERE_PYTHON = ("PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE")  # is


def isolate() -> None:
    """Start this program anew without the variables that change Python, where any is set; then put sys.path in order."""
    begin_without_variables()
    if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # the folder of the program, or with `python -m` the one where it was typed
    sys.path[:] = path_of_the_quest()


def begin_without_variables() -> None:
    """They can't be undone in a Python that has begun. The learner's editor gets them back: `learners_environ`."""
    given = [name for name in CHANGES_PYTHON if os.environ.get(name)]
    if not given or sys.flags.ignore_environment or not sys.executable or not hasattr(sys, "orig_argv"):
        return
    for name in given:
        os.environ[ASIDE + name] = os.environ.pop(name)
    os.execv(sys.executable, [sys.executable] + sys.orig_argv[1:])


def path_of_the_quest() -> "list[str]":
    """sys.path with the folders of PYTHONPATH at its end: their modules hide none of Python's and none that is installed."""
    given = pythonpath()
    return without(given) + given


def path_of_the_child() -> "list[str]":
    """sys.path with PYTHONPATH between Python's own modules and the installed ones: whose own Triton is there has it judge."""
    given = pythonpath()
    rest, own = without(given), os.path.dirname(os.__file__)
    place = 1 + max([-1] + [i for i, path in enumerate(rest) if path in (own, os.path.join(own, "lib-dynload"))])
    return rest[:place] + given + rest[place:]


def pythonpath() -> "list[str]":
    """The folders in PYTHONPATH."""
    return [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def without(folders: "list[str]") -> "list[str]":
    """sys.path without these."""
    return [path for path in sys.path if os.path.abspath(path or ".") not in folders] if folders else list(sys.path)


def childs_environ() -> "dict[str, str]":
    """This environment without what was set aside, and of PYTHON's variables only those that say where things are."""
    kept = SAYS_WHERE if sys.flags.ignore_environment else SAYS_WHERE + SAYS_WHERE_PYTHON
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ASIDE) and (not name.startswith("PYTHON") or name in kept)
    }


def learners_environ() -> "dict[str, str]":
    """The environment as the learner had it, for a program that is theirs."""
    theirs = {name: value for name, value in os.environ.items() if name not in MARKS and not name.startswith(ASIDE)}
    aside = {name[len(ASIDE) :]: value for name, value in os.environ.items() if name.startswith(ASIDE)}
    return dict(theirs, **aside)
