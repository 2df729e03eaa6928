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
OTHERS = ("3.6.0", "3.8.0", "3.9.0")  # beside the one that is installed
NEEDS_PYTHON = (3, 11)
ROOT = Path(environment.ROOT)
COURSE = ROOT / "triton_quest" / "course"
TABLE = [f"tests/execution/test_frontend.py::{name}" for name in ("test_table", "test_every_construct_has_a_case")]
JUDGES = """
import json, sys
from pathlib import Path
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
with Warm() as warm:
    for number, file in zip(sys.argv[1::2], sys.argv[2::2]):
        print(json.dumps(judge(Job(LEVELS[int(number) - 1], Path(file), 60.0), start=warm.start).as_json()))
"""


def run(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], env=environ, capture_output=True, text=True, cwd=ROOT)


def test_the_newest_known_triton_is_tested() -> None:
    assert tuple(map(int, OTHERS[-1].split(".")[:2])) == environment.KNOWN["triton"][1]


@pytest.mark.parametrize(
    ("version", "with_table"),
    [
        *((version, version == OTHERS[-1]) for version in OTHERS),
        *(pytest.param(version, True, marks=pytest.mark.survey) for version in OTHERS[:-1]),
    ],
)
def test_everything_holds_with_another_triton(version: str, with_table: bool, tmp_path: Path) -> None:
    """This Python with another Triton before its own, which is installed once for all that is asked here."""
    if sys.version_info < NEEDS_PYTHON:
        pytest.skip(f"Triton {version} needs Python 3.11")
    folder = tmp_path / "triton"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", str(folder)]
    subprocess.run([*pip, f"triton=={version}"], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "TRITON_INTERPRET": "1"}
    assert run(environ, "-c", "import triton; print(triton.__version__)").stdout.strip() == version
    the_self_test_holds(environ)
    solutions_are_judged_in_full_and_a_missing_mask_is_told(environ, tmp_path)
    if with_table:
        the_table_of_divergences_and_what_a_gpu_accepts_hold(environ)


def the_self_test_holds(environ: dict[str, str]) -> None:
    told = json.loads(run(environ, "-m", "triton_quest.child.selftest").stdout)
    assert [test for test in told if not test["ok"]] == [] and len(told) > 10


def the_table_of_divergences_and_what_a_gpu_accepts_hold(environ: dict[str, str]) -> None:
    options = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    told = run(environ, "-m", "pytest", *options, *TABLE, "tests/execution/test_acceptance.py")
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]


def solutions_are_judged_in_full_and_a_missing_mask_is_told(environ: dict[str, str], folder: Path) -> None:
    solutions = [COURSE / name / "solution.py" for name in ("vector_add", "matmul", "softmax")]
    unmasked = folder / "unmasked.py"
    unmasked.write_text(solutions[0].read_text().replace("x + y, mask=mask", "x + y"))
    words = [str(word) for pair in zip((1, 2, 3, 1), (*solutions, unmasked), strict=True) for word in pair]
    told = run(environ, "-c", JUDGES, *words)
    *right, wrong = (json.loads(line) for line in told.stdout.splitlines())
    assert [verdict["outcome"] for verdict in right] == ["passed"] * 3, told
    lacks = {check for verdict in right for check in verdict["not_verified_here"]}
    assert lacks == {"the kernel on a GPU: its numbers and its speed"}
    assert wrong["outcome"] == "memory" and "this store has no mask" in wrong["checks"][-1]["says"]
