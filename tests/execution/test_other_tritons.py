"""Guards that everything which reaches into Triton's private parts works with the other Tritons that the quest knows, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from triton_quest import environment

pytestmark = pytest.mark.slow
OTHERS = ("3.8.0", "3.9.0")  # beside the one that is installed
NEEDS_PYTHON = (3, 11)
ROOT = Path(environment.ROOT)
TABLE = ("test_table", "test_every_construct_has_a_case")


@pytest.fixture(scope="module", params=OTHERS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def environ(version: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """This Python with another Triton before its own."""
    if sys.version_info < NEEDS_PYTHON:
        pytest.skip(f"Triton {version} needs Python 3.11")
    folder = tmp_path_factory.mktemp("triton")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([*pip, f"triton=={version}"], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "TRITON_INTERPRET": "1"}


def run(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], env=environ, capture_output=True, text=True, cwd=ROOT)


def test_the_newest_known_triton_is_tested() -> None:
    assert tuple(map(int, OTHERS[-1].split(".")[:2])) == environment.KNOWN["triton"][1]


def test_the_table_of_divergences_holds_with_it(environ: dict[str, str]) -> None:
    tests = [f"tests/execution/test_frontend.py::{name}" for name in TABLE]
    told = run(environ, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests)
    assert told.returncode == 0, told.stdout[-3000:]


def test_what_a_gpu_accepts_runs_with_it(environ: dict[str, str]) -> None:
    told = run(
        environ, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "tests/execution/test_acceptance.py"
    )
    assert told.returncode == 0, told.stdout[-3000:]


def test_the_self_test_holds_with_it(environ: dict[str, str]) -> None:
    told = json.loads(run(environ, "-m", "triton_quest.child.selftest").stdout)
    assert [test for test in told if not test["ok"]] == [] and len(told) > 10


def test_it_is_really_used(environ: dict[str, str], version: str) -> None:
    assert run(environ, "-c", "import triton; print(triton.__version__)").stdout.strip() == version


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
