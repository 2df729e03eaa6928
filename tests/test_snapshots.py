"""Every snapshot of an output has its test. syrupy sees one that is left over only in a run that leaves out no test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

TESTS = ROOT / "tests"


def left_over(tests: Path) -> list[str]:
    """The snapshots `__snapshots__/<module>/<test>[...].txt` whose module or test is gone."""
    found = []
    for path in sorted(tests.rglob("__snapshots__/*/*")):
        module = path.parent.parent.parent / f"{path.parent.name}.py"
        test = path.name.partition("[")[0].removesuffix(path.suffix)
        text = module.read_text(encoding="utf-8") if module.is_file() else ""
        if not re.search(rf"^def {re.escape(test)}\(", text, re.MULTILINE):
            found.append(str(path.relative_to(tests)))
    return found


def test_no_snapshot_outlives_its_test() -> None:
    assert list(TESTS.rglob("__snapshots__/*/*"))
    assert left_over(TESTS) == []


@pytest.mark.parametrize("name", ["test_one/test_gone[a].txt", "test_gone/test_it[a].txt"])
def test_a_snapshot_without_its_test_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "test_one.py").write_text("def test_it() -> None: ...\n")
    for path in (tmp_path / "__snapshots__" / name, tmp_path / "__snapshots__" / "test_one" / "test_it[a].txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert left_over(tmp_path) == [f"__snapshots__/{name}"]
