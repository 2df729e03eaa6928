"""Guards each level that has arrived: its briefing explains everything, its gaps are as its words say, its hints leave
something to do, its cases can be drawn, and its solution passes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.conftest import arrived
from triton_quest.authoring.gate import PICTURE
from triton_quest.child.judge import given, read, truth
from triton_quest.course import mistake, parts, template
from triton_quest.course.case import DTYPES, Case, Draw
from triton_quest.course.level import HINTS_A_LEVEL, Level
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.store import workspace
from triton_quest.utils import baseline

HEADINGS = (
    "The idea",
    "The maths",
    "A worked example",
    "The picture",
    "The algorithm",
    "Triton functions used",
    "What it costs",
    "Common mistakes",
    "Sources",
)
NUMBER_WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
TODO = re.compile(r"# TODO (?P<number>\d+) \((?:about )?(?P<lines>\d+) lines?\): ")
MOST_WORDS = 2000  # before the first task,
MOST_WORDS_OF_SEVERAL_IDEAS = 2500  # and in a level that is more than one idea:
WITH_EARLIER_KERNELS = ("flash-attention-backward",)  # given above the first task, and known: the briefing alone counts
SEVERAL_IDEAS = ("flash-attention", "grouped-query-attention", "key-value-gradients")
BLOCK = 64  # with which the answers are looked at, too
MOST_ELEMENTS = 2**20  # of one input: more would be slow in the interpreter

every_level = pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)


def solution(level: Level) -> str:
    return workspace.course_text(level, "solution.py")


def briefing(level: Level) -> str:
    return template.briefing(solution(level))


def gaps_of(level: Level) -> list[list[str]]:
    """The lines of code in each gap of the solution, without comments."""
    gaps: list[list[str]] = []
    inside = False
    for line in solution(level).splitlines():
        if template.GAP.match(line):
            gaps.append([])
            inside = True
        elif template.END.match(line):
            inside = False
        elif inside and line.strip() and not line.strip().startswith("#"):
            gaps[-1].append(line.strip())
    return gaps


def cases_of(level: Level) -> tuple[Case, ...]:
    cases: tuple[Case, ...] = parts.part(level, "cases").CASES
    return cases


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


# The judge


@pytest.mark.slow
@pytest.mark.parametrize(
    "level", [arrived()[0], arrived()[3]], ids=lambda level: level.slug
)  # the gate judges them all
def test_the_solution_passes_every_case_and_stage(level: Level, tmp_path: Path, warm: Warm) -> None:
    file = tmp_path / level.file
    file.write_text(template.clean_solution(solution(level)), encoding="utf-8")
    verdict = judge(Job(level, file), start=warm.start)
    assert verdict.passed, verdict.cause or verdict.detail
    passed = {check.name for check in verdict.checks if check.kind == "numbers" and check.state is v.State.PASSED}
    for dtype in ("fp32", "fp16"):
        assert {f"{case.name}, {dtype}" for case in cases_of(level) if dtype in case.dtypes} <= passed


@every_level
def test_the_template_is_not_started(level: Level, tmp_path: Path) -> None:
    file = tmp_path / level.file
    file.write_text(workspace.level_template(level), encoding="utf-8")
    check = read.examine(level, file)
    assert check.outcome is v.Outcome.NOT_STARTED
    assert all(TODO.match(f"# {place.source}") for place in check.places), "each gap is named by its task"


# The briefing


@every_level
def test_the_briefing_has_every_part_in_its_order(level: Level) -> None:
    found = re.findall(r"^## (.+)$", briefing(level), re.MULTILINE)
    assert tuple(heading for heading in found if heading in HEADINGS) == HEADINGS
    assert re.match(rf"# Level {level.number}: {re.escape(level.title)}\n", briefing(level))


@every_level
def test_one_reads_few_enough_words_before_the_first_task(level: Level) -> None:
    above, *_ = workspace.level_template(level).partition("# TODO")
    if level.slug in WITH_EARLIER_KERNELS:
        above = briefing(level)
    assert len(above.split()) <= (MOST_WORDS_OF_SEVERAL_IDEAS if level.slug in SEVERAL_IDEAS else MOST_WORDS)


@every_level
def test_side_stories_stand_behind_the_code_each_with_its_title(level: Level) -> None:
    learners = workspace.level_template(level)
    headings = tuple(re.findall(r"^## (.+)$", template.more(learners), re.MULTILINE))
    assert headings == template.more_titles(learners)
    assert bool(headings) == bool(template.more(learners))
    if headings:
        gaps, begin = template.open_gaps(learners), template.more_line(learners)
        assert begin is not None and begin > gaps[-1]
        told = next(line for line in briefing(level).splitlines() if line.startswith("Behind the code: More on "))
        assert [title for title in headings if title.removeprefix("More on ") not in told] == []


@every_level
def test_traffic_counts_in_the_dtype_in_which_the_briefing_counts(level: Level) -> None:
    costs = briefing(level).partition("## What it costs\n")[2].partition("\n## ")[0]
    assert level.counted_in in costs


@every_level
def test_every_drawn_line_of_the_briefing_fits_a_terminal(level: Level) -> None:
    text = briefing(level) + "\n" + template.more(solution(level))
    drawn = [line for line in text.splitlines() if line.startswith("    ")]
    assert drawn and max(map(len, drawn)) <= PICTURE


@every_level
def test_every_triton_function_of_the_kernel_is_explained_in_the_briefing(level: Level) -> None:
    code = ast.unparse(ast.parse(template.without_texts(solution(level))))
    used = set(re.findall(r"\btl\.(\w+)", code)) - {"constexpr", "float32", "float16", "bfloat16", "int32", "int64"}
    text = "".join(
        briefing(earlier) for earlier in arrived() if earlier.number <= level.number
    )  # what an earlier level explained needs no second explanation
    assert {name for name in used if f"tl.{name}" not in text} == set()


@every_level
def test_a_kernels_docstring_has_no_line_that_looks_like_a_definition(level: Level) -> None:
    for node in ast.walk(ast.parse(solution(level))):
        if isinstance(node, ast.FunctionDef):  # the interpreter cuts the source at the first such line
            assert not re.search(r"^\s*def ", ast.get_docstring(node) or "", re.MULTILINE)


# The gaps


@every_level
def test_each_gap_has_a_numbered_task_that_says_how_many_lines_it_takes(level: Level) -> None:
    tasks = list(TODO.finditer(solution(level)))
    gaps = gaps_of(level)
    assert [int(task["number"]) for task in tasks] == list(range(1, len(gaps) + 1))
    assert [int(task["lines"]) for task in tasks] == [len(gap) for gap in gaps]


@every_level
def test_the_last_words_of_the_briefing_count_the_gaps(level: Level) -> None:
    last = briefing(level).splitlines()[-1]
    assert f"the {NUMBER_WORDS[len(gaps_of(level))]} gaps" in last or len(gaps_of(level)) == 1


@every_level
def test_what_the_briefing_says_a_gap_looks_like_is_true_of_every_gap_and_of_nothing_else(level: Level) -> None:
    learners = workspace.level_template(level)
    assert "A line that ends in `= ...` or is nothing but `...` is a gap." in " ".join(briefing(level).split())
    lines = [n for n, line in enumerate(learners.splitlines(), start=1) if re.search(r"(= |^ *)\.\.\.$", line)]
    assert tuple(lines) == template.open_gaps(learners)


@every_level
def test_what_a_gap_asks_for_is_named_in_its_task(level: Level) -> None:
    text = solution(level).splitlines()
    for at, line in enumerate(text):
        gap = template.GAP.match(line)
        if gap and gap["names"]:
            task = " ".join(text[at - 3 : at])
            assert all(f"`{name.strip()}`" in task for name in gap["names"].split(",")), f"line {at + 1}"


@every_level
def test_the_template_is_python_and_the_solution_has_no_gap(level: Level) -> None:
    ast.parse(workspace.level_template(level))
    assert template.open_gaps(template.clean_solution(solution(level))) == ()


# The hints


@every_level
def test_there_are_six_hints_with_titles_of_their_own(level: Level) -> None:
    hints = template.split_hints(workspace.course_text(level, "hints.md"))
    assert len(hints) == HINTS_A_LEVEL and all(text for _, text in hints)
    assert len({title for title, _ in hints}) == HINTS_A_LEVEL


@every_level
def test_every_drawn_line_of_a_hint_fits_a_terminal(level: Level) -> None:
    hints = template.split_hints(workspace.course_text(level, "hints.md"))
    drawn = [line for _, text in hints for line in text.splitlines() if line.startswith("    ")]
    assert drawn and max(map(len, drawn)) <= PICTURE


@every_level
def test_no_hint_gives_a_line_away(level: Level) -> None:
    code = {squeezed(line.partition("  #")[0]) for gap in gaps_of(level) for line in gap}
    lines = {line for line in code if re.search(r"\w", line)}  # a closing bracket gives nothing away
    for number, (_, text) in enumerate(template.split_hints(workspace.course_text(level, "hints.md")), start=1):
        assert not {line for line in lines if line in squeezed(text)}, f"hint {number}"


# The contract


@every_level
def test_the_launcher_takes_the_arguments_of_its_reference(level: Level) -> None:
    functions = {node.name: node for node in ast.parse(solution(level)).body if isinstance(node, ast.FunctionDef)}
    arguments = tuple(argument.arg for argument in functions[level.launcher].args.args)
    assert arguments == given.parameter_names(level)
    assert callable(getattr(baseline, level.launcher))


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.slug)
def test_a_row_is_numbered_by_its_place_and_its_file_named_after_it(level: Level) -> None:
    assert LEVELS[level.number - 1] is level
    assert level.file == f"level{level.number}_{level.slug.replace('-', '_')}.py"


def test_no_two_rows_share_a_name() -> None:
    for names in (
        [level.slug for level in LEVELS],
        [level.title for level in LEVELS],
        [level.file for level in LEVELS],
        [level.launcher for level in LEVELS],
    ):
        assert len(set(names)) == len(names)


# The cases


@every_level
def test_each_case_has_a_name_and_a_purpose_of_its_own(level: Level) -> None:
    cases = cases_of(level)
    assert len({case.name for case in cases}) == len(cases)
    assert len({case.purpose for case in cases}) == len(cases)
    assert all(case.purpose and not case.purpose.endswith(".") for case in cases)
    assert all(case.dtypes and set(case.dtypes) <= set(DTYPES) for case in cases)


@every_level
def test_a_few_quick_cases_run_in_the_level_file_itself(level: Level) -> None:
    assert 3 <= sum(case.quick for case in cases_of(level)) <= 5


@every_level
@pytest.mark.parametrize("block", [16, BLOCK, 256])
def test_every_case_can_be_drawn_for_small_and_large_blocks(level: Level, block: int) -> None:
    for case in cases_of(level):
        for dtype in case.dtypes:
            inputs = case.inputs(Draw(case.name, DTYPES[dtype], (block,)))
            tensors = [x for x in inputs if isinstance(x, torch.Tensor)]
            own = [getattr(torch, shape.dtype) if shape.dtype else DTYPES[dtype] for shape in level.shapes]
            expected = own if len(own) == len(tensors) else [DTYPES[dtype]] * len(tensors)
            pairs = zip(tensors, expected, strict=True)
            assert tensors and all(x.dtype is one for x, one in pairs if x.is_floating_point())
            assert all(0 < x.numel() <= MOST_ELEMENTS for x in tensors), case.name
            if block != BLOCK:
                continue
            call = given.Given(level, inputs, case.keywords)
            assert not truth.reference(call).truth.each(torch.isnan).any(), case.name


@every_level
def test_the_smallest_case_comes_first_and_some_case_is_ragged_around_the_learners_block(level: Level) -> None:
    def size(case: Case, block: int) -> int:
        inputs = case.inputs(Draw(case.name, torch.float32, (block,)))
        return sum(x.numel() for x in inputs if isinstance(x, torch.Tensor))

    cases = cases_of(level)
    assert size(cases[0], 64) == min(size(case, 64) for case in cases)
    assert any(size(case, 64) != size(case, 128) for case in cases)


# The known mistakes


@every_level
def test_known_mistakes_and_variants_still_apply_to_the_solution(level: Level) -> None:
    known = parts.known(level)
    keys = [one.key for one in known.mistakes] + [one.key for one in known.variants]
    edits = [one.edits for one in known.mistakes] + [one.edits for one in known.variants]
    for key, patch in zip(keys, edits, strict=True):
        assert mistake.apply(patch, solution(level), key) != solution(level), key
    for one in known.mistakes:
        assert one.says.endswith("."), "a learner reads it as a sentence"


@every_level
def test_each_formula_is_that_of_a_mistake_which_numbers_show(level: Level) -> None:
    formulas = parts.part(level, "formulas").FORMULAS if (level.folder / "formulas.py").is_file() else {}
    by_numbers = {
        one.key: one.formula for one in parts.known(level).mistakes if one.caught_by in ("numbers", "property")
    }
    assert formulas.items() <= by_numbers.items()


def test_reading_the_mistakes_imports_no_torch() -> None:
    looked = "import sys; from triton_quest.authoring import gate; from triton_quest.course import mistake, table"
    read = "[mistake.read(level.folder) for level in table.LEVELS]; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", f"{looked}; {read}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
