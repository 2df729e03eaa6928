"""Calls are named as the learner wrote them, with columns (Python 3.11) and without (3.10)."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import pytest

from triton_quest.child.instruments.wording import RunningExpression, Wording, learner_frame

SOURCE = """\
def launcher(x, probe):
    y = probe.add(x, 1) + probe.mul(x)
    z = (probe
         .softmax(
             x,
             -1))
    probe[0] = 3
    w = probe @ x
    probe -= 2
    return probe.an_exceedingly_long_name_of_a_method(x, x, x, x, x, x, x, x, x, x)
"""


class Probe:
    """Notes where the learner's code stands at each operation."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self.places: dict[str, RunningExpression] = {}

    def note(self, name: str) -> Probe:
        frame: FrameType | None = sys._getframe(1)
        self.places[name] = self.wording.place(frame, name)
        return self

    def __getattr__(self, name: str):
        return lambda *args, **kwargs: self.note(name)

    def __add__(self, other):
        return self

    def __setitem__(self, index, value):
        self.note("copy_")

    def __matmul__(self, other):
        return self.note("bmm")

    def __isub__(self, other):
        return self.note("sub_")


@pytest.fixture
def places(tmp_path: Path, columns: bool, monkeypatch: pytest.MonkeyPatch) -> dict[str, RunningExpression]:
    path = tmp_path / f"learner_{columns}.py"
    path.write_text(SOURCE)
    names: dict[str, object] = {}
    exec(compile(SOURCE, str(path), "exec"), names)
    if not columns:
        monkeypatch.setattr(Wording, "_by_columns", lambda self, frame: None)
    probe = Probe(Wording(str(path)))
    names["launcher"](1, probe)  # type: ignore[operator]
    return probe.places


KNOWS_COLUMNS = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.11 knows columns")


@pytest.mark.parametrize("columns", [pytest.param(True, marks=KNOWS_COLUMNS), False])
def test_operations_by_the_learners_words(places: dict[str, RunningExpression], columns: bool) -> None:
    assert places["add"] == RunningExpression(2, "probe.add(x, 1)" if columns else places["add"].text)
    assert places["mul"] == RunningExpression(2, "probe.mul(x)")
    assert places["softmax"].text == "probe.softmax(x, -1)" and places["softmax"].line in (3, 4)
    assert places["bmm"] == RunningExpression(8, "probe @ x")
    assert places["sub_"] == RunningExpression(9, "probe -= 2")
    assert places["an_exceedingly_long_name_of_a_method"].text.endswith("...")
    assert len(places["an_exceedingly_long_name_of_a_method"].text) == 60
    if columns:
        assert places["copy_"] == RunningExpression(7, "probe[0] = 3")


def test_letters_of_several_bytes_before_a_phrase_do_not_shift_it(tmp_path: Path) -> None:
    assert words_of(tmp_path / "accents.py", 'def launcher(probe):\n    "é→"; probe.mul(3)\n') == "probe.mul(3)"


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "edited.py"
    assert words_of(path, "def launcher(probe):\n    probe.mul(3)\n") == "probe.mul(3)"
    assert words_of(path, "def launcher(probe):\n    probe.mul(x=4)\n") == "probe.mul(x=4)"


def words_of(path: Path, source: str) -> str:
    """What the operation `mul` is called, in a file of this text whose launcher takes a probe."""
    path.write_text(source)
    names: dict[str, object] = {}
    exec(compile(source, str(path), "exec"), names)
    probe = Probe(Wording(str(path)))
    names["launcher"](probe)  # type: ignore[operator]
    return probe.places["mul"].text


def test_outside_the_learners_file_there_is_no_place() -> None:
    frame = sys._getframe()
    assert Wording("elsewhere.py").place(frame, "add") == RunningExpression(0, "")
    assert learner_frame(frame, __file__) is frame
