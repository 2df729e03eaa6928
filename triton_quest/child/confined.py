"""In a grader's sandbox: the learner's file opens nothing of the course, where the solutions and the truth stand.

The judge reads them in the same process, so that this holds for Python's own ways of opening a file: docs/grading.md says what it leaves.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from types import FrameType
from typing import Any

from triton_quest import environment
from triton_quest.course.level import COURSE

REFUSED = "The course's own files can't be opened while yours is judged."
_PACKAGE = os.path.join(environment.ROOT, "triton_quest") + os.sep
_LIBRARIES = tuple(
    os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def keep_the_course_closed() -> None:
    """From now on, for the rest of this process."""
    course = str(COURSE) + os.sep

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[0], (str, bytes)):
            path = os.path.realpath(os.fsdecode(args[0]))
            if path.startswith(course) and not _is_ours(sys._getframe(1)):
                raise PermissionError(REFUSED)

    sys.addaudithook(hook)


def _is_ours(frame: FrameType | None) -> bool:
    """Whether the code that asks, behind Python's own and the libraries', is the quest's."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_PACKAGE):
            return True
        if not name.startswith(_LIBRARIES) and not name.startswith("<frozen "):
            return False
        frame = frame.f_back
    return True
