"""Guards which hint a failed check points to: one that speaks of what happened, or none."""

from __future__ import annotations

from triton_quest.child.judge import hints
from triton_quest.course.mistake import Edit, Mistake
from triton_quest.records import verdict as v

SOLUTION = (
    "    x_ptr += pid * stride\n    x = tl.load(x_ptr + offs, mask=mask)\n    tl.store(out_ptr + offs, x, mask=mask)\n"
)
LOAD, STORE = "x = tl.load(x_ptr + offs, mask=mask)", "tl.store(out_ptr + offs, x, mask=mask)"


def mistake(key: str, old: str, hint: int | None, finding: str = "", caught_by: str = "memory") -> Mistake:
    return Mistake(key, (Edit(old, "pass"),), caught_by, "A sentence.", hint, finding=finding)


def check(source: str, finding: str = "out_of_bounds_read", kind: str = "memory") -> v.Check:
    places = (v.Place(7, source),)
    return v.Check(name="a check", kind=kind, state=v.State.FAILED, places=places, finding=finding)


def fitting(check: v.Check, *mistakes: Mistake) -> int | None:
    return hints.fitting(check, mistakes, SOLUTION)


def test_the_hint_of_mistakes_on_the_same_statement() -> None:
    mistakes = (mistake("load", LOAD, 2), mistake("store", STORE, 5))
    assert fitting(check("x = tl.load(x_ptr + places)"), *mistakes) == 2
    assert fitting(check("tl.store(out_ptr, x)"), *mistakes) == 5
    assert fitting(check("y = tl.load(x_ptr)"), *mistakes) is None


def test_only_mistakes_that_the_same_kind_of_check_rejects() -> None:
    mistakes = (mistake("load", LOAD, 2, caught_by="rules"), mistake("again", LOAD, None))
    assert fitting(check(LOAD), *mistakes) is None
    assert fitting(check(LOAD, kind="rules"), *mistakes) == 2


def test_the_one_named_most_often_and_of_several_the_first() -> None:
    twice = (mistake("a", LOAD, 4), mistake("b", LOAD, 3), mistake("c", LOAD, 4))
    assert fitting(check(LOAD), *twice) == 4
    assert fitting(check(LOAD), *twice[:2]) == 3


def test_a_mistake_with_the_same_finding_speaks_of_it_whatever_line_shows_it() -> None:
    moved = mistake("not moved", "x_ptr += pid * stride", 1, "elsewhere")
    assert fitting(check(LOAD, "elsewhere"), mistake("load", LOAD, 2), moved) == 1
    assert fitting(check(LOAD), mistake("load", LOAD, 2), moved) == 2
