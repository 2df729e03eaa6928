"""Guards what a check says of a file's gaps: with open ones it judges what is written, never shows the lines that stand in, and names
the gap at fault, in finished files, too; and where gaps can't be told, it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import arrived
from tests.judge.gap_files import checked, numbers_of, solution_of, states, with_open, wrong
from tests.judge.toys import Judgement
from triton_quest.child.judge import at_fault, gap_causes, gapped, hints, read
from triton_quest.course import parts, template
from triton_quest.course.gaps import marked
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake, apply
from triton_quest.course.table import LEVELS
from triton_quest.records import verdict as v

pytestmark = [pytest.mark.usefixtures("adapted_interpreter", "as_a_child")]

ONE, TWO = LEVELS[0], LEVELS[1]
HALF = with_open(solution_of(ONE), {4, 5, 6})
OFFSETS, MASK = "offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)", "mask = offsets < n"
Check = Callable[..., Judgement]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    for limit in ("FEW", "MORE"):
        monkeypatch.setattr(at_fault, limit, 30.0)  # what is found is the question, however busy the machine is

    def check(text: str, level: Level = ONE) -> Judgement:
        return checked(level, tmp_path / "mine.py", text)

    return check


def changed(old: str, new: str, text: str = HALF) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


# Open gaps


@pytest.mark.parametrize(
    "level",
    [
        ONE,
        *(
            pytest.param(level, marks=pytest.mark.slow if level in (TWO, arrived()[-1]) else pytest.mark.survey)
            for level in arrived()[1:]
        ),
    ],
    ids=lambda one: one.slug,
)
def test_each_gap_that_is_closed_is_right_so_far_until_the_level_passes(check: Check, level: Level) -> None:
    numbers = numbers_of(level)
    for closed in numbers if level is ONE else numbers[len(numbers) // 2 - 1 :][:1]:  # of the others, half way
        judgement = check(with_open(solution_of(level), set(numbers[closed:])), level)
        if closed == numbers[-1]:
            assert judgement.outcome is v.Outcome.PASSED and states(judgement) == {}
            continue
        assert judgement.outcome is v.Outcome.GAPS, judgement.failure.says
        assert states(judgement) == {n: "right so far" if n <= closed else "open" for n in numbers}
        failure = judgement.failure
        listed = ", ".join(map(str, range(1, closed + 1)))
        assert failure.outcome is v.Outcome.GAPS and failure.says.startswith(f"TODO {listed}: right so far; TODO ")
        assert [place.source.partition(" (")[0] for place in failure.places] == [f"TODO {n}" for n in numbers[closed:]]


def test_a_file_without_a_closed_gap_is_not_started(check: Check) -> None:
    judgement = check(with_open(solution_of(ONE), set(numbers_of(ONE))))
    assert judgement.outcome is v.Outcome.NOT_STARTED and set(states(judgement).values()) == {"open"}


def test_a_wrong_gap_is_told_with_the_care_of_a_finished_file(check: Check) -> None:
    judgement = check(changed(MASK, "mask = offsets <= n"))
    failure = judgement.failure
    assert judgement.outcome is v.Outcome.GAPS and failure.outcome is v.Outcome.MEMORY
    assert "x has 1 element" in failure.says and "compare with `<`" in failure.cause
    assert "TODO 3 is where it goes wrong" in failure.evidence
    assert states(judgement) == {1: "right so far", 2: "right so far", 3: "wrong", 4: "open", 5: "open", 6: "open"}


def test_a_gap_that_is_the_only_one_written_is_the_one_at_fault(check: Check) -> None:
    text = with_open(solution_of(ONE), {2, 3, 4, 5, 6})
    judgement = check(changed("pid = tl.program_id(axis=0)", "pid = tl.programid(axis=0)", text))
    assert wrong(judgement) == {1} and "is it `tl.program_id`?" in judgement.failure.says
    assert judgement.failure.hint == 1


def test_of_two_probable_causes_the_one_in_the_gap_at_fault_is_told(check: Check) -> None:
    text = with_open(solution_of(ONE), set())
    failure = check(changed("pid = tl.program_id(axis=0)", "pid = tl.num_programs(0)", text)).failure
    assert "number of programs" in failure.cause and "starts at BLOCK_SIZE" not in failure.cause
    assert failure.hint == 1


def test_the_known_mistake_whose_lines_stand_in_the_gap_at_fault_is_the_cause(check: Check) -> None:
    failure = check(changed(MASK, "mask = pid < n", with_open(solution_of(ONE), set()))).failure
    assert failure.cause.startswith("Probably: your mask compares `pid` with `n`")


def test_no_cure_is_told_for_a_mask_where_the_gap_of_the_offsets_is_at_fault(check: Check) -> None:
    judgement = check(changed(OFFSETS, f"{OFFSETS} - 3", with_open(solution_of(ONE), set())))
    assert wrong(judgement) == {2} and judgement.failure.hint == 2
    assert "lets them through" in judgement.failure.says and "must be masked off" not in judgement.failure.says


def test_no_cure_is_told_for_a_line_that_stands_in(check: Check) -> None:
    failure = check(changed(MASK, "mask = offsets <= n + 1")).failure
    assert "must be masked off" not in failure.says


@pytest.mark.parametrize(
    ("old", "new"),
    [(MASK, "mask = offsets <= n"), (OFFSETS, "offsets = tl.arange(0, BLOCK_SIZE)"), (MASK, "mask = offsets")],
)
def test_the_lines_that_stand_in_are_never_shown(check: Check, old: str, new: str) -> None:
    hidden = [
        line.strip() for gap in marked(solution_of(ONE))[3:] for line in gap.lines if not line.strip().startswith("#")
    ]
    told = v.encode(check(changed(old, new)).failure).decode()
    assert len(hidden) == 3 and not any(line in told for line in hidden), told


def test_a_line_that_stands_in_gives_way_to_its_gap_in_every_text() -> None:
    mine = gapped.of_text(ONE, HALF)
    assert mine is not None and mine.filled is not None
    line = min(mine.filled.gap_of)
    code = mine.filled.text.splitlines()[line - 1].strip()
    check = v.Check(
        "a check", "memory", v.State.FAILED, f"Line {line}: `{code}` is wrong.", f"Not `{code[4:]}`, but `n`."
    )
    shown = gapped.Curtain(HALF, mine.filled).drawn(replace(check, places=(v.Place(line, code), v.Place(1, "import"))))
    assert isinstance(shown, v.Check)
    assert shown.says == f"Line {line}: what TODO 4 asks for is wrong."
    assert shown.advice == "Not what TODO 4 asks for, but `n`."
    assert shown.places == (v.Place(line, "(the open TODO 4: right lines stand in for it)"), v.Place(1, "import"))


def test_a_place_of_the_learners_own_stays_beside_those_that_stand_in(check: Check) -> None:
    failure = check(changed(OFFSETS, "pass")).failure
    assert [place.source for place in failure.places] == [MASK]


def test_a_mistake_in_an_open_gap_is_not_the_learners() -> None:
    mistakes = parts.known(ONE).mistakes
    mine = gapped.of_text(ONE, HALF)
    possible = {one.key for one in gap_causes.possible(mistakes, mine, solution_of(ONE))}
    assert "mask_one_too_many" in possible and not possible & {"no_mask_on_x", "no_mask_on_y", "product"}


# The gap at fault


def pinned(level: Level) -> list[Mistake]:
    """The known mistakes that lie in one gap alone."""
    solution = solution_of(level)
    return [m for m in parts.known(level).mistakes if len(of := hints.touched(m, solution)) == 1 and 0 not in of]


def a_few(level: Level) -> Iterator[object]:
    """The first known mistake of each gap; of two levels besides the first the first gap's, the others in a survey."""
    seen: set[int] = set()
    for mistake in pinned(level):
        number = min(hints.touched(mistake, solution_of(level)))
        if number in seen:
            continue
        seen.add(number)
        is_sample = level is ONE or (level in (TWO, arrived()[-1]) and len(seen) == 1)
        marks = () if level is ONE and len(seen) <= 2 else (pytest.mark.slow if is_sample else pytest.mark.survey,)
        yield pytest.param(level, mistake, number, id=f"{level.slug}-{mistake.key}", marks=marks)


@pytest.mark.parametrize(("level", "mistake", "number"), [one for level in arrived() for one in a_few(level)])
def test_a_wrong_line_is_pinned_to_its_gap(check: Check, level: Level, mistake: Mistake, number: int) -> None:
    solution = solution_of(level)
    judgement = check(template.clean_solution(apply(mistake.edits, solution, mistake.key)), level)
    assert wrong(judgement) == {number}, judgement.failure.says
    told = f"{judgement.failure.cause} {judgement.failure.evidence}"
    assert f"TODO {number} is where it goes wrong: with other lines there, everything is right." in told
    assert set(states(judgement).values()) == {"wrong", "right so far"}


def test_every_gap_of_a_level_has_a_mistake_that_is_pinned_to_it() -> None:
    for level in arrived()[:1]:
        found = {min(hints.touched(mistake, solution_of(level))) for mistake in pinned(level)}
        assert found == set(numbers_of(level))


def test_two_wrong_gaps_are_both_told_and_which_first(check: Check) -> None:
    text = with_open(solution_of(ONE), ())
    text = changed(
        "out_ptr + offsets, x + y", "out_ptr + offsets, x - y", changed(MASK, "mask = offsets < n - 1", text)
    )
    judgement = check(text)
    failure = judgement.failure
    assert "Two gaps are wrong: TODO 3 and TODO 6; look at TODO 3 first." in f"{failure.cause} {failure.evidence}"
    assert wrong(judgement) == {3, 6}


def test_a_gap_that_is_wrong_in_a_case_that_is_not_quick_is_not_called_right(check: Check) -> None:
    text = changed("* sm_scale\n", "\n", with_open(solution_of(LEVELS[6]), ()))
    text = changed("l_i = l_i * alpha + ", "l_i = l_i + ", changed("acc = acc * alpha + ", "acc = acc + ", text))
    assert wrong(check(text, LEVELS[6])) == {3, 6}


def test_gaps_that_share_a_name_of_the_learners_are_not_both_called_wrong(check: Check) -> None:
    text = with_open(solution_of(ONE), ())
    text = changed("x = tl.load(x_ptr", "mine = tl.load(x_ptr", changed("offsets, x + y", "offsets, mine - y", text))
    judgement = check(text)
    assert (
        "Two gaps are wrong" not in judgement.failure.cause + judgement.failure.evidence and wrong(judgement) == set()
    )


def test_an_answer_that_a_mistake_in_another_gap_gives_as_well_is_pinned_to_the_learners_gap(check: Check) -> None:
    text = with_open(solution_of(ONE), ())
    judgement = check(changed("y = tl.load(y_ptr", "y = -tl.load(y_ptr", text))
    assert "TODO 5 is where it goes wrong" in judgement.failure.evidence and wrong(judgement) == {5}


def test_a_gap_is_the_first_suspect_where_a_check_speaks_of_its_line() -> None:
    says = "`acc` starts as fp16 on line 233 and becomes fp32 in the loop (line 258)"
    check = v.failed(
        v.Check("it compiles", "compile", v.State.PASSED), v.Outcome.COMPILE, says, "", places=(v.Place(238, "for"),)
    )
    assert gap_causes.lines_told(check) == [238, 233, 258]


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# TODO 1 (1 line): `x`, a block.      4 * n bytes read", "TODO 1 (1 line): `x`, a block."),
        ("# TODO 1 (3 lines): move it. Mind int64.\n    # 4 * n bytes", "TODO 1 (3 lines): move it. Mind int64."),
        ("# TODO 1 (2 lines): the loop. Load\n    #      it with 0; add it. Then more.\n    #     8 bytes",
         "TODO 1 (2 lines): the loop. Load it with 0; add it."),
    ],
)  # fmt: skip
def test_an_open_gap_is_listed_with_whole_sentences(comment: str, told: str) -> None:
    text = f"def kernel():\n    {comment}\n    x = ...\n"
    assert [place.source for place in read.places_of(text, template.open_gaps(text))] == [told]


def test_a_mistake_in_given_lines_is_blamed_on_no_gap(check: Check) -> None:
    text = with_open(solution_of(ONE), ())
    judgement = check(changed("triton.cdiv(n, BLOCK_SIZE)", "n // BLOCK_SIZE", text))
    assert wrong(judgement) == set() and "TODO" not in judgement.failure.cause + judgement.failure.evidence


def test_what_goes_wrong_by_chance_is_blamed_on_no_gap(tmp_path: Path) -> None:
    mine = gapped.of_text(ONE, with_open(solution_of(ONE), ()))
    assert mine is not None
    found = at_fault.Trials(ONE, mine, lambda subject: None, (), (16,)).fault()
    assert found == at_fault.NotFound("it doesn't go wrong every time")


def test_a_trial_that_never_ends_is_stopped_and_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(subject: object) -> None:
        while True:
            try:
                while True:
                    pass
            except BaseException:  # as `watched` takes whatever a learner's code raises
                return

    monkeypatch.setattr(at_fault, "FEW", 0.05)
    mine = gapped.of_text(ONE, with_open(solution_of(ONE), ()))
    assert mine is not None
    found = at_fault.Trials(ONE, mine, forever, (), (16,)).fault()
    assert found == at_fault.NotFound("looking for the gap at fault takes too long")


# Files that don't look like the template


def test_a_gap_without_its_name_is_told_where_the_name_is_needed(check: Check) -> None:
    for lines in ("pass", "offs = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)"):
        judgement = check(changed(OFFSETS, lines))
        assert judgement.outcome is v.Outcome.GAPS and wrong(judgement) == {2}
        assert "TODO 2 is to give `offsets`, and its lines don't" in judgement.failure.cause
        assert "is it" not in judgement.failure.says
        assert states(judgement)[1] == "not told"


def test_a_deleted_gap_is_the_one_at_fault(check: Check) -> None:
    judgement = check(changed(f"    {MASK}\n", ""))
    assert wrong(judgement) == {3} and "TODO 3 is to give `mask`" in judgement.failure.cause


def test_a_return_in_a_gap_is_the_one_at_fault(check: Check) -> None:
    judgement = check(changed(MASK, "return"))
    assert judgement.outcome is v.Outcome.GAPS and wrong(judgement) == {3}


def test_a_syntax_error_in_a_gap_is_told_with_its_line(check: Check) -> None:
    judgement = check(changed(MASK, "mask = offsets <"))
    assert judgement.outcome is v.Outcome.SYNTAX and "isn't Python yet" in judgement.failure.says


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(line for line in HALF.splitlines() if "# TODO 4" not in line) + "\n",
        "\n".join(line for line in HALF.splitlines() if "# TODO" not in line) + "\n",
        changed("    x = ...\n", "    x = ...\n    x = ...\n"),
    ],
    ids=["a comment removed", "all comments removed", "a gap doubled"],
)
def test_comments_removed_and_gaps_doubled_are_judged_where_they_can_be_told(check: Check, text: str) -> None:
    judgement = check(text)
    assert judgement.outcome is v.Outcome.GAPS
    assert judgement.failure.says == "TODO 1, 2, 3: right so far; TODO 4, 5, 6: open."


def out_of_order() -> str:
    lines = HALF.splitlines(keepends=True)
    second, third, fourth = (
        next(at for at, line in enumerate(lines) if f"# TODO {number}" in line) for number in (2, 3, 4)
    )
    return "".join([*lines[:second], *lines[third:fourth], *lines[second:third], *lines[fourth:]])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{HALF}\nz = ...\n", f"the `...` in line {len(HALF.splitlines()) + 2} is none of the level's gaps"),
        (HALF.replace("add_kernel", "my_kernel"), "the given function `add_kernel` isn't there any more"),
        ("def vector_add(x, y):\n    out = ...\n    return x + y\n", "the given function `add_kernel` isn't there"),
        (out_of_order(), "are gone or out of order"),
    ],
    ids=["dots of their own", "another name", "from elsewhere", "out of order"],
)
def test_where_the_gaps_cant_be_told_nothing_is_judged_and_it_says_why(check: Check, text: str, why: str) -> None:
    judgement = check(text)
    failure = judgement.failure
    assert judgement.outcome is v.Outcome.GAPS and judgement.stages == []
    assert "gaps left" in failure.says and why in failure.advice
    assert set(states(judgement).values()) <= {"open", "not told"} and "not told" in states(judgement).values()


def test_no_remark_is_made_on_a_line_that_stands_in() -> None:
    mine = gapped.of_text(ONE, HALF)
    assert mine is not None and mine.filled is not None
    sent: list[v.Record] = []
    send = gapped.Curtain(HALF, mine.filled).in_front_of(sent.append)
    theirs, other = (
        v.Check(f"Line {line}: so large.", "remark", v.State.PASSED) for line in (131, min(mine.filled.gap_of))
    )
    send(other)
    send(theirs)
    assert sent == [theirs]


def test_a_probable_cause_in_a_gap_that_was_shown_to_be_right_gives_way(check: Check) -> None:
    failure = check(changed(MASK, "return")).failure
    assert failure.cause == "TODO 3 is where it goes wrong: with other lines there, everything is right."
