"""Guards the wire between child and parent: every record arrives as it was sent, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.records import verdict as v

NUMBERS = st.floats(allow_nan=False)


def made_of_anything(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any instance of a record, every field drawn (none left at its default)."""
    hints = get_type_hints(kind)
    values: dict[str, st.SearchStrategy[Any]] = {}
    for field in fields(kind):
        hint = hints[field.name]
        if hint is float:
            values[field.name] = NUMBERS
        elif hint == (float | None):
            values[field.name] = st.none() | NUMBERS
        else:
            values[field.name] = st.from_type(hint)
    return st.builds(kind, **values)


CHECKS = made_of_anything(v.Check)
RECORDS = st.one_of(CHECKS, made_of_anything(v.StageStarted), made_of_anything(v.Finished))


@given(RECORDS)
def test_a_record_arrives_as_it_was_sent(record: v.Record) -> None:
    assert v.decode(v.encode(record)) == record


@given(RECORDS)
def test_a_record_is_one_line_of_ascii_whatever_text_it_carries(record: v.Record) -> None:
    line = v.encode(record)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert line.isascii()


@given(RECORDS, st.data())
def test_half_a_record_is_refused(record: v.Record, data: st.DataObject) -> None:
    line = v.encode(record)
    cut = data.draw(st.integers(0, len(line) - 2))
    with pytest.raises(ValueError):
        v.decode(line[:cut])


@given(st.binary(max_size=200))
def test_bytes_that_are_no_record_are_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        v.decode(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null",
        b"7",
        b'"stage"',
        b"[]",
        b"{}",
        b"\xff\xfe\x00",
        b'{"record": "unheard-of"}',
        b'{"record": ["check"]}',
        b'{"record": "stage"}',
        b'{"record": "stage", "stage": "numbers", "says": "one element", "more": 1}',
        b'{"record": "stage", "stage": "numbers", "says": "one element", "seconds": "soon"}',
        b'{"record": "finished", "outcome": "splendid", "seconds": 1.0}',
        b'{"record": "finished", "outcome": ["passed"], "seconds": 1.0}',
        b'{"record": "check"}',
        pytest.param(b"[" * 100_000, id="brackets, nested deeper than Python recurses"),
    ],
)
def test_json_that_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        v.decode(line)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "splendid"},
        {"outcome": "splendid"},
        {"places": 5},
        {"places": [5]},
        {"places": [{"line": 1, "source": "", "more": 1}]},
        {"mismatch": 5},
        {"mismatch": {"index": [0]}},
        {"more": 1},
    ],
    ids=str,
)
def test_a_check_with_a_field_of_another_kind_is_refused(change: dict[str, Any]) -> None:
    sent = json.loads(v.encode(v.Check("a kernel is launched", "rules", v.State.PASSED)))
    with pytest.raises(ValueError):
        v.decode(json.dumps({**sent, **change}).encode())


@given(st.lists(CHECKS, max_size=3), st.sampled_from(v.Outcome))
def test_the_json_of_a_verdict_shows_each_checks_state_as_its_outcome(
    checks: list[v.Check], outcome: v.Outcome
) -> None:
    verdict = v.Verdict(1, "vector-add", outcome, "interpreter", 1.0, checks=tuple(checks))
    answer = json.loads(json.dumps(verdict.as_json()))
    assert answer["outcome"] == outcome.value and answer["passed"] is (outcome is v.Outcome.PASSED)
    assert [check["outcome"] for check in answer["checks"]] == [check.state.value for check in checks]
    assert [check["name"] for check in answer["checks"]] == [check.name for check in checks]


@given(st.lists(CHECKS, max_size=4))
def test_the_cause_of_a_verdict_is_its_first_failed_check(checks: list[v.Check]) -> None:
    verdict = v.Verdict(1, "vector-add", v.Outcome.WRONG, "interpreter", 1.0, checks=tuple(checks), detail="otherwise")
    failed = [check.says for check in checks if check.state is v.State.FAILED]
    assert verdict.cause == (failed[0] if failed else "otherwise")
