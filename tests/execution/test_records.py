"""Guards the wire between child and parent: every record arrives as it was sent, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.records import measured
from triton_quest.records import verdict as v
from triton_quest.records.text import LONGEST, cleaned

NUMBERS = st.floats(allow_nan=False)
CLEAN = st.text().map(cleaned)


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
        elif hint is str:
            values[field.name] = CLEAN
        elif hint == (str | None):
            values[field.name] = st.none() | CLEAN
        elif hint == tuple[v.Place, ...]:
            values[field.name] = st.lists(made_of_anything(v.Place), max_size=2).map(tuple)
        elif hint == tuple[str, ...]:
            values[field.name] = st.lists(CLEAN, max_size=2).map(tuple)
        elif hint == (v.Picture | None):
            values[field.name] = st.none() | made_of_anything(v.Picture)
        elif hint == (v.Mismatch | None):
            values[field.name] = st.none() | made_of_anything(v.Mismatch)
        elif field.name == "neighbours":
            values[field.name] = st.lists(st.tuples(CLEAN, CLEAN, CLEAN, st.booleans()), max_size=2).map(tuple)
        else:
            values[field.name] = st.from_type(hint)
    return st.builds(kind, **values)


CHECKS = made_of_anything(v.Check)
RECORDS = st.one_of(CHECKS, made_of_anything(v.StageStarted), made_of_anything(v.Finished))


@given(RECORDS)
def test_a_record_arrives_as_it_was_sent(record: v.Record) -> None:
    assert v.decode(v.encode(record)) == record


@given(st.text() | st.text(alphabet="\x1b[]0;m\x07\x9b\u202e\n\ud800a"))
def test_no_text_of_a_record_commands_a_terminal(text: str) -> None:
    place = v.Place(1, text)
    sent = v.Check(text, "process", v.State.FAILED, says=text, cause=text, places=(place,))
    arrived = v.decode(v.encode(sent))
    assert isinstance(arrived, v.Check)
    for shown in (arrived.name, arrived.says, arrived.cause, arrived.places[0].source):
        assert not {sign for sign in shown if ord(sign) < 32 or 127 <= ord(sign) < 160} - {"\n", "\t"}
        assert not set(shown) & set("\u202e\ud800")
        shown.encode()


def test_a_title_that_a_text_would_set_is_gone_as_a_whole() -> None:
    assert cleaned("be\x1b]0;my title\x07fore \x1b[31;1mred\x1b[0m\tand\nafter") == "before red\tand\nafter"


def test_a_text_of_megabytes_is_cut_in_its_middle_and_the_cut_is_counted() -> None:
    line = v.encode(v.Finished(v.Outcome.ERROR, 1.0, "begin" + "x" * 50_000_000 + "the end"))
    assert len(line) < 2 * LONGEST
    told = v.decode(line)
    assert isinstance(told, v.Finished) and told.detail.startswith("beginx") and told.detail.endswith("xthe end")
    assert "49,996,0" in told.detail


def test_the_compilers_text_arrives_as_a_whole() -> None:
    sent = measured.Assembly("add_kernel", "sm_80", "ptx", ".version 8.0\n\tret;\n" * 100_000)
    assert v.decode(v.encode(sent)) == sent


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
