"""Guards the guard: a suite that leaves a process running fails and names it, though the process has left its parent and its session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

LEAVES_ONE = """
import os, subprocess
import tests.whole_suite
tests.whole_suite.PATIENCE_SECONDS = 0.1

def test_that_passes():
    subprocess.run(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 &"], check=True)
"""


def test_a_suite_that_leaves_a_process_running_fails_and_names_it(tmp_path: Path) -> None:
    file = tmp_path / "test_leaving.py"
    for text, code in ((LEAVES_ONE, 1), (LEAVES_ONE.replace(">/dev/null 2>&1 &", "&").replace("1000", "0"), 0)):
        file.write_text(text)
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            *["-p", "tests.whole_suite", "-p", "no:xdist", "-p", "no:cacheprovider"],
        ]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([*words, str(file)], cwd=tmp_path, env=environ, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        assert ("a process is left running" in done.stdout and "sleep 1000" in done.stdout) is bool(code)
        assert "1 passed" in done.stdout
