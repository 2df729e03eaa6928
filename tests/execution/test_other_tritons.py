"""Guards that everything which reaches into Triton's private parts works with the newest Triton that the quest knows, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from triton_quest import environment

pytestmark = pytest.mark.slow
NEWEST = "3.9.0"
ROOT = Path(environment.ROOT)


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """This Python with another Triton before its own."""
    if sys.version_info < (3, 11):
        pytest.skip(f"Triton {NEWEST} needs Python 3.11")
    folder = tmp_path_factory.mktemp("triton")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), f"triton=={NEWEST}"]
    subprocess.run(pip, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "TRITON_INTERPRET": "1"}


def run(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], env=environ, capture_output=True, text=True, cwd=ROOT)


def test_the_newest_known_triton_is_the_one_that_is_tested() -> None:
    assert tuple(map(int, NEWEST.split(".")[:2])) == environment.KNOWN["triton"][1]


def test_the_self_test_holds_with_it(environ: dict[str, str]) -> None:
    told = json.loads(run(environ, "-m", "triton_quest.child.selftest").stdout)
    assert [test for test in told if not test["ok"]] == [] and len(told) > 10


def test_it_is_really_used(environ: dict[str, str]) -> None:
    assert run(environ, "-c", "import triton; print(triton.__version__)").stdout.strip() == NEWEST


@pytest.mark.parametrize("number, slug", [("1", "vector-add"), ("2", "matmul"), ("3", "softmax")])
def test_a_solution_is_judged_in_full_with_it(environ: dict[str, str], number: str, slug: str) -> None:
    file = str(ROOT / "triton_quest" / "course" / slug.replace("-", "_") / "solution.py")
    verdict = json.loads(run(environ, "triton_quest/quest.py", "check", number, "--file", file, "--json").stdout)
    assert verdict["outcome"] == "passed"
    assert verdict["not_verified_here"] == ["the kernel on a GPU: its numbers and its speed"]


def test_a_missing_mask_is_told_with_it(environ: dict[str, str], tmp_path: Path) -> None:
    text = (ROOT / "triton_quest" / "course" / "vector_add" / "solution.py").read_text()
    file = tmp_path / "unmasked.py"
    file.write_text(text.replace("x + y, mask=mask", "x + y"))
    verdict = json.loads(run(environ, "triton_quest/quest.py", "check", "1", "--file", str(file), "--json").stdout)
    assert verdict["outcome"] == "memory" and "this store has no mask" in verdict["checks"][-1]["says"]
