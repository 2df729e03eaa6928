"""Makes a notebook of a level from its solution's text: the briefing as Markdown, the template in a `%%level` cell.

The format is nbformat 4.5 (the Jupyter Notebook format); its few keys are written here, so that making one needs no package.
"""

from __future__ import annotations

import json
import re
from typing import Any

from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.store import workspace

HEADING = re.compile(r"^(?=## )", re.MULTILINE)
SETUP = """\
# In Google Colab this cell installs the quest and makes a workspace. Anywhere else it changes nothing.
import importlib.util
import os
import subprocess
import sys

QUEST = "triton-attention-quest"  # what pip installs: a name, or the address of a repository

if "google.colab" in sys.modules:
    if importlib.util.find_spec("triton_quest") is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", QUEST], check=True)
    os.environ.setdefault("QUEST_WORKSPACE", "/content/my-quest")
    subprocess.run([sys.executable, "-m", "triton_quest", "init", os.environ["QUEST_WORKSPACE"]], check=True)

%load_ext triton_quest"""
STUCK = (
    "Run the cell to have it judged; interrupting it stops the check. What passes here is passed in the terminal, too: the cell "
    "becomes the level's file. Stuck? The next hint, and what your programs touch:"
)


def notebook(level: Level) -> str:
    """The notebook's text; the same for the same solution."""
    source = workspace.course_text(level, "solution.py")
    code = template.without_texts(template.strip_solution(source)).rstrip("\n")
    cells = [
        *(_markdown(part) for part in HEADING.split(template.briefing(source)) if part.strip()),
        _code(SETUP),
        _code(f"%%level {level.number}\n{code}"),
        _markdown(STUCK),
        _code(f"%hint {level.number}"),
        _code(f"%show {level.number}"),
        *(_markdown(part) for part in HEADING.split(template.more(source)) if part.strip()),
    ]
    return _written([{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)])


def _written(cells: list[dict[str, Any]]) -> str:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.strip("\n")}


def _code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
