"""What `quest notebook` writes: valid, complete, and played to its end by a real kernel."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.commands import kernels
from tests.conftest import ROOT, Quest, arrived, clean_environment
from triton_quest.authoring.notebooks import notebook
from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.store import workspace

INSTALL = "pip install ipykernel nbformat"
SECONDS = 120  # for any one cell


def solved(level: Level) -> str:
    return template.without_texts(template.clean_solution(workspace.course_text(level, "solution.py")))


@pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)
def test_a_notebook_holds_the_briefing_and_the_template(level: Level) -> None:
    cells = json.loads(notebook(level))["cells"]
    text = "\n".join(cell["source"] for cell in cells)
    source = workspace.course_text(level, "solution.py")
    for part in (template.briefing(source), template.more(source)):
        assert all(line in text for line in part.splitlines())
    (code,) = (cell["source"] for cell in cells if cell["source"].startswith("%%level"))
    first, _, body = code.partition("\n")
    assert first == f"%%level {level.number}"
    assert len(template.open_gaps(body)) == len(template.open_gaps(workspace.level_template(level)))
    ast.parse(body)
    assert solved(level) not in text, "the solution is in the notebook"


def test_notebooks_are_what_the_format_asks_for() -> None:
    nbformat = pytest.importorskip("nbformat", reason=INSTALL)
    for level in arrived():
        nbformat.validate(json.loads(notebook(level)))


def test_a_notebook_that_is_there_stays(quest: Quest) -> None:
    assert f"{len(arrived())} notebooks in nb" in quest.inside("notebook nb").said
    played = quest.workspace.root / "nb" / "level1_vector_add.ipynb"
    played.write_text("mine")
    (quest.workspace.root / "nb" / "level2_matmul.ipynb").unlink()
    said = quest.inside("notebook nb").said
    assert "1 notebook in nb" in said and f"{len(arrived()) - 1} notebooks were there already" in said
    assert played.read_text() == "mine"
    (quest.workspace.root / "file").write_text("")
    assert quest.inside("notebook file").code == 2


class Kernel:
    """A real one, in the folder of a workspace."""

    def __init__(self, manager: Any) -> None:
        self.manager, self.client = manager, manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def run(self, source: str, interrupted: bool = False) -> str:
        """All that a cell put out, HTML too. `interrupted`: as soon as it has begun."""
        told: list[str] = []

        def hear(message: Any) -> None:
            content = message["content"]
            told.append(content.get("text", "") + "".join(map(str, content.get("data", {}).values())))
            told.append("\n".join(content.get("traceback", ())))
            if interrupted and content.get("execution_state") == "busy":
                self.manager.interrupt_kernel()

        self.client.execute_interactive(source, timeout=SECONDS, output_hook=hear)
        return " ".join("".join(told).split())


@pytest.fixture
def kernel(quest: Quest) -> Iterator[Kernel]:
    manager_of = pytest.importorskip("jupyter_client.manager", reason=INSTALL)
    pytest.importorskip("ipykernel", reason=INSTALL)
    environ = clean_environment(PYTHONPATH=os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    manager = manager_of.KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(quest.workspace.root), env=environ)
    made = Kernel(manager)
    try:
        yield made
    finally:
        made.client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def cells_of(level: Level) -> list[str]:
    return [cell["source"] for cell in json.loads(notebook(level))["cells"] if cell["cell_type"] == "code"]


def played(kernel: Kernel, level: Level) -> str:
    """What the verdict says of a notebook with the solution in its cell, run from top to bottom."""
    verdict = ""
    for source in cells_of(level):
        is_judged = source.startswith("%%level")
        said = kernel.run(f"%%level {level.number}\n{solved(level)}" if is_judged else source)
        assert "Traceback" not in said, said
        verdict = said if is_judged else verdict
    return verdict


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_first_notebook_in_a_real_kernel(kernel: Kernel, quest: Quest) -> None:
    level = arrived()[0]
    assert "passed" in played(kernel, level)
    assert (quest.workspace.root / ".quest").is_dir() and quest.progress.states()[0].is_done
    assert "the sum is asked for" in kernel.run(f"%%level 1\n{solved(level).replace('x + y', 'x - y')}")
    assert "topped" in kernel.run(f"%%level 1\n{kernels.HANGING}", interrupted=True)
    assert "passed" in kernel.run(f"%%level 1\n{solved(level)}"), "after an interrupt nothing is judged any more"


@pytest.mark.survey
@pytest.mark.filterwarnings("default")
def test_every_notebook_in_a_real_kernel(kernel: Kernel) -> None:
    for level in arrived():
        assert f"{level.title}: passed" in played(kernel, level)
