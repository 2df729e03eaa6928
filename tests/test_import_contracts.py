"""Guards the guard: an import that runs back up through the house breaks its contract in pyproject.toml."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINTER = Path(sys.executable).parent / "lint-imports"
BACK_ARROWS = {  # a file, and the import planted in it: one for each contract
    "records/verdict.py": "import triton_quest.screen.verdict",
    "course/vector_add/cases.py": "import triton_quest.child.judge.properties",
    "child/judge/truth.py": "import triton_quest.parent.runner",
    "child/instruments/launches.py": "import triton_quest.child.judge.watch",
    "store/files.py": "import torch",
}


@pytest.mark.slow
def test_an_arrow_planted_backwards_breaks_the_contract_that_forbids_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "triton_quest", tmp_path / "triton_quest", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, planted in BACK_ARROWS.items():
        file = tmp_path / "triton_quest" / name
        file.write_text(f"{file.read_text()}\n{planted}  # planted\n")
    done = subprocess.run([LINTER, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert len(broken) == len(BACK_ARROWS), done.stdout
    told = " ".join(done.stdout.split())
    for name, planted in BACK_ARROWS.items():
        module = "triton_quest." + name.removesuffix(".py").replace("/", ".")
        assert f"{module} -> {planted.removeprefix('import ')} (l." in told, name
