"""The script that judges other people's kernels: it tells what differs from the table, and refuses a table that it can't use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.judge.toys import HONEST, adding
from triton_quest import environment

SCRIPT = Path(environment.ROOT) / "benchmarks" / "public_kernels.py"
HEAD = "file,level,outcome,finding,says,source\n"


def run(folder: Path, table: str | None) -> subprocess.CompletedProcess[str]:
    (folder / "right.py").write_text(HONEST)
    (folder / "wrong.py").write_text(adding("out = torch.empty_like(x)\nLAUNCH\nreturn out - out"))
    if table is not None:
        (folder / "expected.csv").write_text(table)
    return subprocess.run([sys.executable, str(SCRIPT), str(folder)], capture_output=True, text=True)


def test_what_comes_to_what_it_should_exits_0_and_what_differs_exits_1(tmp_path: Path) -> None:
    rows = "right.py,1,passed,,,a book\nwrong.py,vector-add,rules|wrong,,computes in PyTorch,\n"
    told = run(tmp_path, HEAD + rows)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.splitlines()[-1] == "2 of 2 as expected"
    told = run(tmp_path, HEAD + "right.py,1,not_verified_here,,,\nwrong.py,1,rules,racing,a mask,\n")
    assert told.returncode == 1
    assert "passed instead of not_verified_here" in told.stdout
    assert "finding none instead of racing; nothing says “a mask”" in told.stdout
    assert "computes in PyTorch" in told.stdout and told.stdout.splitlines()[-1] == "0 of 2 as expected"


@pytest.mark.parametrize(
    "table, says",
    [
        (None, "expected.csv: No such file"),
        (HEAD + "gone.py,1,passed,,,\n", "line 2: there is no gone.py"),
        (HEAD + "right.py,99,passed,,,\n", "line 2: there is no level 99"),
        (HEAD + "right.py,1,splendid,,,\n", "no outcome is called splendid"),
        ("name,level\nright.py,1\n", "file, level and outcome are needed"),
    ],
)
def test_a_table_that_cannot_be_used_exits_2(tmp_path: Path, table: str | None, says: str) -> None:
    told = run(tmp_path, table)
    assert told.returncode == 2 and says in told.stderr and "Traceback" not in told.stderr
