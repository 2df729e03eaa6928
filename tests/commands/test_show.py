"""`show N`: whole outputs from made-up traces, and the real thing for what can go wrong on the way to one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmark.traces import GRID, LAUNCHED, OUTSIDE, RECORDS, M, N
from tests.commands import kernels
from tests.conftest import Quest
from triton_quest.commands import show
from triton_quest.parent.runner import Ending, Job
from triton_quest.records import show as show_records
from triton_quest.records import verdict as v
from triton_quest.report.pictures import traffic as picture

OURS, NOT_YET = 2, 1
Expect = Callable[..., None]
SECOND = show_records.Launched("scale_kernel", (3,), LAUNCHED.tensors[2:], (), True)

WRONG = v.Check(
    name="7x7, fp32", kind="numbers", state=v.State.FAILED, says="In the case “7x7” 3 of 49 elements are wrong.",
    advice="What this case is for: a test.", outcome=v.Outcome.WRONG, case="7x7",
    mismatch=v.Mismatch("a (7, 7), fp32", (6, 2), "1.5", "nan", 3, 49, "row 6", "0.25", "1e-06", (7, 7),
                        (("6, 1", "2", "2.25", True), ("6, 2", "1.5", "nan", True))),
)  # fmt: skip
ERRORS = show_records.ErrorMap(
    ("0000000",) * 4 + ("0000001",) + ("0000000", "04n0000"), (7, 7), (1, 1), (4, 4), (), (6, 2)
)


class Child:
    """In its place: what it would have sent, and a note of what it was asked."""

    def __init__(self) -> None:
        self.records: tuple[v.Record, ...] = RECORDS
        self.outcome = v.Outcome.PASSED
        self.jobs: list[Job] = []

    def __call__(self, console: object, job: Job, first: str, quiet: bool) -> Ending:
        self.jobs.append(job)
        return Ending(self.outcome, 1.0, self.records)


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Child:
    made = Child()
    monkeypatch.setattr(show, "run_and_show", made)
    return made


@pytest.fixture
def shown(quest: Quest, child: Child) -> Quest:
    """A workspace whose level 1 is traced as the made-up product of matrices."""
    return quest


# What a program touches


def test_the_first_program_is_shown_with_its_steps(shown: Quest, expect_output: Expect) -> None:
    expect_output("show", shown.inside("show 1"))


def test_one_step_is_shown_with_what_came_before_it(shown: Quest, expect_output: Expect) -> None:
    expect_output("show-step", shown.inside("show 1 --program 2,3 --step 3"))


def test_a_wide_terminal_shows_more_of_each_tensor(shown: Quest, expect_output: Expect) -> None:
    expect_output("show-wide", shown.inside("show 1 --program 1,3", COLUMNS="120"))


def test_an_access_outside_is_where_one_begins_and_is_said_below(
    shown: Quest, child: Child, expect_output: Expect
) -> None:
    check = v.Check("memory", "memory", v.State.FAILED, "Program (1,) reads x_ptr[64..127]; x has 100 elements.")
    child.records, child.outcome = (*OUTSIDE, check), v.Outcome.MEMORY
    answer = shown.inside("show 1")
    expect_output("show-outside", answer)
    assert answer.code == NOT_YET
    assert "wasn't traced" in shown.inside("show 1 --program 2").said


@pytest.mark.parametrize("columns", [40, 60, 80, 110])
@pytest.mark.parametrize("line", ["show 1", "show 1 --program 2,3 --step 4", "show 1 --argument b"])
def test_the_pictures_fit_into_any_terminal(shown: Quest, columns: int, line: str) -> None:
    out = shown.inside(line, COLUMNS=str(columns)).out.partition("\nOne step")[0].partition("\nThe next")[0]
    assert max(len(row.rstrip()) for row in out.splitlines()) <= columns


def test_the_next_step_is_named_until_there_is_none(shown: Quest) -> None:
    assert shown.inside("show 1").next_command == "python quest.py show 1 --step 1"
    assert shown.inside("show 1 --program 1,2 --step 1").next_command == "python quest.py show 1 --program 1,2 --step 2"
    assert "→" not in shown.inside("show 1 --step 5").out


def test_another_file_is_asked_for_again(shown: Quest, child: Child) -> None:
    (shown.workspace.root / "other.py").write_text("")
    path = shown.workspace.root / "other.py"
    assert shown.inside("show 2 --file other.py").next_command == f"python quest.py show 2 --file {path} --step 1"
    assert (child.jobs[0].file, child.jobs[0].level.number, child.jobs[0].kind) == (path, 2, "show")


def test_one_argument_alone_is_drawn_larger_by_either_name(shown: Quest) -> None:
    by_parameter, by_name = (shown.inside(f"show 1 --argument {name}").out for name in ("b_ptr", "b"))
    assert (
        by_parameter == by_name and "a_ptr" not in by_name and "a sign: one element" not in shown.inside("show 1").out
    )
    assert "a sign: 2 x 1" in by_name


def test_a_wrong_answer_is_said_with_where_to_see_it(shown: Quest, child: Child) -> None:
    child.records = (*RECORDS[:-1], show_records.Answered(12, M * N))
    answer = shown.inside("show 1 --step 2")
    assert answer.code == 0 and f"12 of {M * N:,} elements of the answer are wrong" in answer.said
    assert answer.next_command == "python quest.py show 1 --errors"


def test_several_launches_are_listed_and_one_is_chosen(shown: Quest, child: Child) -> None:
    step = show_records.Step(show_records.STORE, 0, 31, "tl.store(...)", (), (4,), ((0, 3),))
    child.records = (*RECORDS, SECOND, show_records.ProgramSteps(1, (0,), (step,)))
    first, second = shown.inside("show 1"), shown.inside("show 1 --launch 2")
    assert "2 launches, one after the other" in first.said and "▶ 1 matmul_kernel, 3 x 4 = 12 programs" in first.said
    assert "▶ 2 scale_kernel, 3 programs" in second.said
    assert "Launch 2, of scale_kernel: → python quest.py show 1 --launch 2" in first.said
    assert "Launch 1, of matmul_kernel: → python quest.py show 1 --launch 1" in second.said
    assert second.next_command == "python quest.py show 1 --launch 2 --step 1"
    assert "Program (1,) touches no tensor" in shown.inside("show 1 --launch 2 --program 1").said


def test_program_ids_may_be_short_and_in_parentheses(shown: Quest) -> None:
    for asked, meant in {"2": "(2, 0)", "(2,1)": "(2, 1)", "1,0,0": "(1, 0)"}.items():
        assert f"Program {meant}: 5 steps" in shown.inside(f"show 1 --program '{asked}'").said


# What there isn't


@pytest.mark.parametrize(
    ("line", "sentence", "next_command"),
    [
        ("show 1 --program 3,0", "There is no program (3, 0): the grid of matmul_kernel is 3 x 4", "show 1 --program 2,3"),
        ("show 1 --program 0,0,1", "There is no program (0, 0, 1)", "show 1 --program 2,3"),
        ("show 1 --step 6", "Program (0, 0) of matmul_kernel has 5 steps: there is no step 6", "show 1 --step 5"),
        ("show 1 --program 1 --step 9", "Program (1, 0) of", "show 1 --program 1,0 --step 5"),
        ("show 1 --launch 2", "`vector_add` makes 1 launch: there is no launch 2", "show 1 --launch 1"),
        ("show 1 --argument d", "matmul_kernel takes no tensor called d. It takes a_ptr, b_ptr, c_ptr.", "show 1 --argument a_ptr"),
        ("show 1 --program x", "“x” are no program ids", "show --help"),
        ("show 1 --program 1,2,3,4", "“1,2,3,4” are no program ids", "show --help"),
        ("show 1 --step 0", "0 is not in the range", "show --help"),
        ("show 1 --errors --step 1", "--errors shows the whole answer", "show 1 --errors"),
        ("show 2", "is locked: pass level 1", "start 1"),
        ("show --file other.py", "Which level is this file for?", "show 1 --file other.py"),
        ("show 1 --save touched.gif", "let its name end in .png or .svg", "show 1 --save touched.png"),
    ],
)  # fmt: skip
def test_what_there_isnt_is_named_with_what_there_is(shown: Quest, line: str, sentence: str, next_command: str) -> None:
    answer = shown.inside(line)
    assert (answer.code, answer.out) == (OURS, "") and sentence in answer.said
    assert answer.next_command == f"python quest.py {next_command}"
    assert sentence.split("“")[0] in shown.inside(f"{line} --json").json()["error"]


def test_a_step_of_a_program_that_touches_nothing_is_refused(shown: Quest, child: Child) -> None:
    child.records = (*RECORDS[:2], *RECORDS[3:])
    assert "has no step: there is no step 1" in shown.inside("show 1 --step 1").said
    assert "Program (0, 0) touches no tensor." in shown.inside("show 1").said


# Where the answer is wrong


def test_the_map_of_a_wrong_answer(shown: Quest, child: Child, expect_output: Expect) -> None:
    child.records, child.outcome = (ERRORS, WRONG), v.Outcome.WRONG
    answer = shown.inside("show 1 --errors")
    expect_output("show-errors", answer)
    assert answer.code == NOT_YET and child.jobs[0].asked == {"errors": True, "with_values": False}


def test_a_large_map_keeps_the_worst_of_each_sign(shown: Quest, child: Child) -> None:
    rows = ["0" * 100] * 100
    rows[99] = "0" * 99 + "3"
    child.records = (show_records.ErrorMap(tuple(rows), (200, 100), (2, 1), (64, 32), (0, 1), (198, 99)), WRONG)
    child.outcome = v.Outcome.WRONG
    out = shown.inside("show 1 --errors", COLUMNS="60").out
    assert "matrix [0, 1], 200 x 100; a sign: the worst of 16 x 2 elements" in " ".join(out.split())
    drawn = [line for line in out.splitlines() if set(line.strip()) <= set("·X│") and line.strip()]
    assert (len(drawn), out.count("X")) == (13, 2), "the sign and its meaning"


def test_where_nothing_is_wrong_there_is_nothing_to_draw(shown: Quest, child: Child) -> None:
    child.records = tuple(v.Check(f"{case}, fp32", "numbers", v.State.PASSED, case=case) for case in ("1", "2"))
    answer = shown.inside("show 1 --errors --save errors.png")
    assert answer.code == 0 and "Nothing is wrong: the answers to all 2 cases are right." in answer.said
    assert "There is nothing to draw: no picture was made." in answer.said
    assert not (shown.workspace.root / "errors.png").exists()


# As files and as JSON


@pytest.mark.parametrize("options", ["", "--program 1,3 --step 2", "--argument a"])
def test_a_program_is_drawn_into_a_file(shown: Quest, options: str) -> None:
    answer = shown.inside(f"show 1 {options} --save touched.svg")
    assert answer.code == 0 and "The picture: touched.svg" in answer.said
    svg = (shown.workspace.root / "touched.svg").read_text()
    assert "a_ptr: a" in svg and "matmul_kernel" in svg and ("c_ptr" in svg) == (options != "--argument a")
    shown.inside(f"show 1 {options} --save again.svg")
    assert (shown.workspace.root / "again.svg").read_text() == svg, "the same trace, the same picture"


def test_errors_are_drawn_into_a_file(shown: Quest, child: Child) -> None:
    child.records, child.outcome = (ERRORS, WRONG), v.Outcome.WRONG
    shown.inside("show 1 --errors --save errors.png")
    assert (shown.workspace.root / "errors.png").read_bytes().startswith(b"\x89PNG")
    shown.inside("show 1 --errors --save errors.svg")
    assert "In the circle the worst element, [6, 2]: expected 1.5, got nan" in (
        shown.workspace.root / "errors.svg"
    ).read_text().replace("\n", " ")


@pytest.mark.parametrize("records", [RECORDS, OUTSIDE], ids=["tiles", "a vector"])
def test_a_png_shows_matrices_and_vectors(shown: Quest, child: Child, records: tuple[v.Record, ...]) -> None:
    child.records = records
    shown.inside("show 1 --save touched.png")
    assert (shown.workspace.root / "touched.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_without_matplotlib_says_what_to_type_before_anything_runs(
    shown: Quest, child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "can_draw", lambda: False)
    answer = shown.inside("show 1 --save touched.png")
    assert answer.code == OURS and "install matplotlib" in answer.said and child.jobs == []


def test_a_picture_that_cant_be_written_is_a_sentence(shown: Quest) -> None:
    answer = shown.inside("show 1 --save nowhere/touched.svg")
    assert answer.code == OURS and "nowhere/touched.svg can't be written" in answer.said


def test_in_json_a_program_is_its_steps_with_runs_of_elements(shown: Quest) -> None:
    answer = shown.inside("show 1 --program 2,3 --json").json()
    assert (answer["level"], answer["outcome"], answer["launch"], answer["program"], answer["step"]) == (
        1,
        "passed",
        1,
        [2, 3],
        None,
    )
    assert [(step["step"], step["action"], step["tensor"], step["loops"]) for step in answer["steps"]] == [
        (1, "load", "a_ptr", {"k": "0"}), (2, "load", "b_ptr", {"k": "0"}), (3, "load", "a_ptr", {"k": "16"}),
        (4, "load", "b_ptr", {"k": "16"}), (5, "store", "c_ptr", {}),
    ]  # fmt: skip
    assert answer["steps"][4]["counts"] == {"touched": 64, "masked": 192, "outside": 0}
    assert answer["steps"][4]["touched"][0] == [32 * N + 48, 32 * N + 55]
    assert answer["launches"][0]["grid"] == list(GRID) and answer["launches"][0]["constants"] == {"TILE": "16"}
    assert (answer["wrong"], answer["total"], answer["picture"]) == (0, M * N, None)
    one = shown.inside("show 1 --step 2 --json --save touched.svg").json()
    assert ([step["step"] for step in one["steps"]], one["step"], one["picture"]) == ([2], 2, "touched.svg")
    assert [step["step"] for step in shown.inside("show 1 --argument c --json").json()["steps"]] == [5]


def test_in_json_a_map_is_its_cells_with_the_worst_element(shown: Quest, child: Child) -> None:
    child.records, child.outcome = (ERRORS, WRONG), v.Outcome.WRONG
    answer = shown.inside("show 1 --errors --json").json()
    assert (answer["outcome"], answer["case"], answer["map"]["cells"][6]) == ("wrong", "7x7", "04n0000")
    assert (answer["mismatch"]["index"], answer["map"]["worst"]) == ([6, 2], [6, 2])


# The real thing


def test_the_real_kernel_is_traced_in_a_child(quest: Quest) -> None:
    quest.file(1).write_text(kernels.RIGHT)
    answer = quest.inside("show 1 --program 2 --json").json()
    assert [(step["action"], step["touched"]) for step in answer["steps"]] == [
        ("load", [[128, 144]]), ("load", [[128, 144]]), ("store", [[128, 144]]),
    ]  # fmt: skip
    assert [step["masked"] for step in answer["steps"]] == [[[17, 63]]] * 3


HEAD = "    out = torch"  # of the launcher

REAL = {
    "gaps": (kernels.UNFINISHED, "", "gaps", "2 of 6 gaps left"),
    "an import that fails": ("import nothing_such\n", "", "import", "No module named 'nothing_such'"),
    "an exception before a launch": (kernels.RIGHT.replace(HEAD, f"    1 / 0\n{HEAD}"), "", "crash", "ZeroDivisionError"),
    "no launch at all": (kernels.RIGHT.replace("    add_kernel[", "    0 and add_kernel["), "", "rules", "launches no kernel"),
    "a call that Triton refuses": (kernels.RIGHT.replace("(x, y, out, n,", "(x, y, out, n, 1, 2,"), "", "crash", "Line"),
    "a hang": (kernels.HANGING, "--time-limit 1", "timeout", "still running after 1 second"),
    "a crash": (kernels.RIGHT.replace(HEAD, f"    import os; os.abort()\n{HEAD}"), "", "crash", "crashed"),
    "exit": (kernels.RIGHT.replace(HEAD, f"    import os; os._exit(3)\n{HEAD}"), "", "exit", "exit code 3"),
    "no mask": (kernels.RIGHT.replace("y_ptr + offsets, mask=mask", "y_ptr + offsets"), "", "memory", "this load has no mask"),
    "wrong numbers": (kernels.WRONG, "--errors", "wrong", "elements are wrong"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("text", "options", "outcome", "says"), REAL.values(), ids=REAL)
def test_what_keeps_a_file_from_being_shown_is_said(
    quest: Quest, text: str, options: str, outcome: str, says: str
) -> None:
    quest.file(1).write_text(text)
    answer = quest.inside(f"show 1 {options} --json")
    assert (answer.code, answer.json()["outcome"]) == (NOT_YET, outcome)
    assert says in answer.json()["says"] and answer.json()["picture"] is None


def test_an_unfinished_file_is_told_as_by_check(quest: Quest) -> None:
    quest.file(1).write_text(kernels.UNFINISHED)
    answer = quest.inside("show 1 --save touched.png")
    assert answer.code == NOT_YET and "2 of 6 gaps left" in answer.said and "mask = ..." in answer.said
    assert not Path(quest.workspace.root / "touched.png").exists()
