"""The self-test holds on this version, survives any failure of an entry, and prints JSON."""

from __future__ import annotations

import json
import runpy

import pytest

from triton_quest.child import selftest
from triton_quest.child.triton import interpreter


def test_everything_known_holds_here() -> None:
    assert [test for test in selftest.run() if not test.ok] == []


def test_adaptations_are_left_as_they_were_found() -> None:
    before = interpreter.enabled()
    selftest.run()
    assert interpreter.enabled() == before


def test_a_failing_entry_is_its_own_failure() -> None:
    def raising() -> None:
        """Raises"""
        raise ZeroDivisionError("by hand")

    def wrong() -> None:
        """Is wrong"""
        raise selftest.SelfTestFailed("the answer is off by 3")

    def right() -> None:
        """Is right"""

    assert selftest.run((raising, wrong, right)) == [
        selftest.SelfTest("Raises", False, "ZeroDivisionError: by hand"),
        selftest.SelfTest("Is wrong", False, "the answer is off by 3"),
        selftest.SelfTest("Is right", True),
    ]


def test_a_broken_adaptation_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from triton_quest.child.triton import bf16

    monkeypatch.setattr(bf16, "encode", bf16.truncate)  # rounds towards zero
    failed = [test.name for test in selftest.run() if not test.ok]
    assert failed == ["Adapted: bfloat16 loads, loops, reductions and tl.dot"]


def test_without_the_interpreter_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET")
    (test,) = selftest.run()
    assert not test.ok and "TRITON_INTERPRET" in test.detail


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_as_a_program_it_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module("triton_quest.child.selftest", run_name="__main__")
    tests = json.loads(capsys.readouterr().out)
    assert len(tests) == len(selftest.ENTRIES) and all(set(test) == {"name", "ok", "detail"} for test in tests)
