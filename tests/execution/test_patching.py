"""An adaptation that doesn't fit is left out and says why; it never crashes, and never stays half installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from triton_quest.child.triton import interpreter
from triton_quest.child.triton.patching import Edits, Need, Patch


class Owner:
    def method(self, left: int, right: int) -> int:
        return left + right


class Heir(Owner):
    pass


HERE = f"{__name__}:Owner"


@pytest.mark.parametrize(
    ("need", "complaint"),
    [
        (Need(f"{HERE}.method", ("self", "left", "right")), None),
        (Need(f"{HERE}.method"), None),
        (Need(f"{HERE}.method", ("self", "left")), f"{HERE}.method takes ('self', 'left', 'right'), expected"),
        (Need(f"{HERE}.gone", ("self",)), f"{HERE}.gone is not there"),
        (Need("no.such.module:part"), "no.such.module:part is not there"),
        (Need(f"{HERE}.__doc__", ("self",)), f"{HERE}.__doc__ has no signature to compare"),
    ],
)
def test_a_need_says_what_is_missing(need: Need, complaint: str | None) -> None:
    found = need.complaint()
    assert found == complaint or (complaint and found and found.startswith(complaint))


def test_a_patch_that_breaks_half_way_is_rolled_back() -> None:
    def install(edits: Edits) -> None:
        edits.set(Owner, "method", None)
        raise KeyError("changed")

    original, edits = Owner.method, Edits()
    assert Patch("breaking", install).apply(edits) == "KeyError: 'changed'"
    assert Owner.method is original


def test_undoing_restores_also_what_was_inherited() -> None:
    edits = Edits()
    edits.set(Heir, "method", 1)
    edits.set(Heir, "method", 2)
    edits.set(Heir, "fresh", 3)
    edits.undo()
    assert not {"method", "fresh"} & set(vars(Heir)) and Heir.method is Owner.method


@pytest.fixture
def disabled() -> Iterator[None]:
    before = interpreter.enabled()
    interpreter.disable()
    yield
    interpreter.disable()
    if before:
        interpreter.enable()


@pytest.mark.usefixtures("disabled")
def test_an_unknown_version_loses_one_adaptation_and_keeps_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triton.runtime.interpreter._get_np_dtype", lambda dtype, shape: None)
    adaptation = interpreter.enable()
    ((name, reason),) = adaptation.left_out
    assert name == "NumPy types remembered" and "('dtype', 'shape')" in reason
    assert len(adaptation.applied) == len(interpreter.PATCHES) - 1


@pytest.mark.usefixtures("disabled")
def test_enabling_twice_changes_nothing_and_disabling_restores() -> None:
    import triton.runtime.interpreter as private

    before = dict(vars(private)), dict(vars(private.InterpreterBuilder))
    assert interpreter.enable() is interpreter.enable()
    interpreter.disable()
    assert (dict(vars(private)), dict(vars(private.InterpreterBuilder))) == before


def test_names_of_adaptations_are_unique() -> None:
    assert len({patch.name for patch in interpreter.PATCHES}) == len(interpreter.PATCHES)
