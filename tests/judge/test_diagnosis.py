"""Guards what a wrong output is explained by: a known mistake only where the numbers carry it, told as certain only where
nothing else would give the same; otherwise a pattern that is really there, or nothing at all. Nobody is accused in error."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.judge.toys import KERNEL, adding_in_the_kernel, judged, run_of, subject_of, vectors
from triton_quest.child.judge import code, diagnosis, numbers
from triton_quest.child.judge.patterns import Evidence, Explanation
from triton_quest.child.judge.watch import Run, Subject
from triton_quest.course import parts, template
from triton_quest.course import table as levels
from triton_quest.course.case import Case, Draw
from triton_quest.course.level import Level
from triton_quest.course.mistake import Edit, Mistake, apply
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.store import workspace

pytestmark = pytest.mark.usefixtures("as_a_child")

Formula = Callable[..., torch.Tensor]
Launcher = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
SIXTEEN, TWENTY, FOUR = vectors(16), vectors(20), vectors(4)


def minus(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x - y


def mistake(key: str, formula: Formula | None, says: str = "", caught_by: str = "numbers") -> Mistake:
    return Mistake(key, (), caught_by, says or f"Your output is {key}.", 3, formula)


MINUS = mistake("minus", minus, "Your output equals x - y: the sum is asked for.")


def run(level: Level, launcher: Launcher, case: Case = TWENTY, dtype: str = "fp32") -> Run:
    subject = Subject(level, Path("mine.py"), workspace, launcher)  # type: ignore[arg-type]  # any module does
    done = run_of(subject, case, dtype)
    assert done.trouble is None
    return done


def failing(level: Level, launcher: Launcher, case: Case = TWENTY, dtype: str = "fp32") -> Evidence:
    done = run(level, launcher, case, dtype)
    wrong = numbers.wrong_elements(done)
    assert bool(wrong.any()), "this launcher is right"
    return Evidence(done, wrong)


def right(level: Level, launcher: Launcher, case: Case) -> Run:
    done = run(level, launcher, case)
    assert not bool(numbers.wrong_elements(done).any()), "this launcher is wrong"
    return done


def explained(
    level: Level, mistakes: Sequence[Mistake], seen: Sequence[Evidence], right: Sequence[Run] = ()
) -> Explanation | None:
    return diagnosis.explain(level, tuple(mistakes), seen, right)


def named(explanation: Explanation | None) -> str | None:
    return explanation.finding if explanation else None


# A known mistake, by its formula


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_a_mistake_that_alone_gives_the_output_is_named_with_certainty(level: Level, dtype: str) -> None:
    others = [mistake("twice x", lambda x, y: x + x), mistake("product", lambda x, y: x * y)]
    found = explained(level, [*others, MINUS], [failing(level, minus, dtype=dtype)])
    assert found == Explanation(
        MINUS.says, "Checked: that mistake explains all 20 elements that were compared.", "minus", 3
    )


def test_few_elements_make_it_probable(level: Level) -> None:
    found = explained(level, [MINUS], [failing(level, minus, FOUR)])
    assert found and found.says == "Probably: your output equals x - y: the sum is asked for."
    assert found.finding == "minus" and found.evidence == ""


def test_several_small_cases_together_are_enough(level: Level) -> None:
    found = explained(level, [MINUS], [failing(level, minus, FOUR), failing(level, minus, vectors(5))])
    assert found and found.says == MINUS.says and "9 elements" in found.evidence


def test_two_mistakes_with_the_same_output_and_other_sentences_make_it_probable(level: Level) -> None:
    other = mistake("negated", lambda x, y: -(y - x))
    found = explained(level, [MINUS, other], [failing(level, minus)])
    assert found and found.says.startswith("Probably: your output") and found.evidence == ""


def test_two_mistakes_with_the_same_output_and_one_sentence_are_certain(level: Level) -> None:
    other = mistake("negated", lambda x, y: -(y - x), MINUS.says)
    found = explained(level, [MINUS, other], [failing(level, minus)])
    assert found and found.says == MINUS.says and found.evidence


def test_further_failing_cases_tell_two_mistakes_apart(level: Level) -> None:
    """Alike up to 16 elements, and different beyond."""
    other = mistake("minus in the first block", lambda x, y: torch.cat([x[:16] - y[:16], x[16:] + y[16:]]))
    seen = [failing(level, minus, case) for case in (FOUR, vectors(9), SIXTEEN, TWENTY)]
    found = explained(level, [other, MINUS], seen)
    assert found and found.finding == "minus" and not found.says.startswith("Probably")


def test_not_a_number_and_infinities_are_compared_by_position(level: Level) -> None:
    def broken(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = x + y
        out[1], out[2], out[3] = torch.nan, torch.inf, -torch.inf
        return out

    def elsewhere(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return broken(x, y).roll(1)

    seen = [failing(level, broken)]
    assert named(explained(level, [mistake("elsewhere", elsewhere), mistake("broken", broken)], seen)) == "broken"
    assert named(explained(level, [mistake("elsewhere", elsewhere)], seen)) is None


# Nobody is accused in error


def test_a_mistake_that_is_right_on_the_case_explains_nothing(level: Level) -> None:
    """The output is nearly right, and the mistake's output is quite right there: they lie within the budget of each other."""
    harmless = mistake("harmless", lambda x, y: x + y)

    def a_little_off(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = x + y
        out[0] += 1.5 * 8 * torch.finfo(x.dtype).eps * float(out.abs().max())
        return out

    assert explained(level, [harmless], [failing(level, a_little_off)]) is None


def test_two_small_errors_in_different_places_are_not_one_mistake(level: Level) -> None:
    """Each is a little more than the budget allows, so that they lie within two budgets of each other."""

    def off_at(index: int) -> Launcher:
        def launcher(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            out = x + y
            out[index] += 1.5 * 8 * torch.finfo(torch.float32).eps * float(out.abs().max())
            return out

        return launcher

    assert explained(level, [mistake("off at 3", off_at(3))], [failing(level, off_at(11))]) is None
    assert named(explained(level, [mistake("off at 3", off_at(3))], [failing(level, off_at(3))])) == "off at 3"


def test_an_output_that_differs_in_one_element_is_not_the_mistakes(level: Level) -> None:
    def nearly(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = x - y
        out[13] += 0.01
        return out

    assert explained(level, [MINUS], [failing(level, nearly)]) is None


def test_an_output_many_times_too_large_may_be_off_by_as_many_times_more(level: Level) -> None:
    def enlarged(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return 64 * (x + y)

    def enlarged_and_rounded(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = enlarged(x, y)
        out[3] += 1.5 * 8 * torch.finfo(x.dtype).eps * float(out.abs().max())
        return out

    seen = [failing(level, enlarged_and_rounded)]
    assert named(explained(level, [mistake("enlarged", enlarged)], seen)) == "enlarged"


def test_one_enormous_element_makes_the_others_no_more_alike(level: Level) -> None:
    def enormous(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = x - y
        out[3] = 1e30
        return out

    def nearly(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = enormous(x, y)
        out[13] += 0.01
        return out

    assert named(explained(level, [mistake("enormous", enormous)], [failing(level, enormous)])) == "enormous"
    assert explained(level, [mistake("enormous", enormous)], [failing(level, nearly)]) is None


def test_of_two_mistakes_the_one_that_would_have_shown_where_the_learner_was_right_is_dropped(level: Level) -> None:
    def minus_if_long(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x - y if len(x) > 16 else x + y

    mistakes = [MINUS, mistake("minus in long vectors", minus_if_long)]
    found = explained(level, mistakes, [failing(level, minus_if_long)], [right(level, minus_if_long, FOUR)])
    assert found and found.finding == "minus in long vectors" and not found.says.startswith("Probably")


def test_a_single_mistake_that_would_have_shown_where_the_learner_was_right_is_not_told_as_certain(
    level: Level,
) -> None:
    def minus_if_long(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x - y if len(x) > 16 else x + y

    found = explained(level, [MINUS], [failing(level, minus_if_long)], [right(level, minus_if_long, FOUR)])
    assert found is None or found.says.startswith("Probably")


def test_elements_of_runs_that_were_not_compared_are_not_counted_as_equal(level: Level) -> None:
    """Three failing cases are minus, the fourth is something else."""

    def changing(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x - y if len(x) < 20 else x * y

    cases = (vectors(9), vectors(10), vectors(11), TWENTY)
    found = explained(level, [MINUS], [failing(level, changing, case) for case in cases])
    assert found is None or "all 50 elements" not in found.evidence


def changing(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Two faults: which of them shows depends on the length."""
    return x - y if len(x) < 20 else x * y


def test_of_two_faults_the_first_is_told_and_that_another_remains(level: Level) -> None:
    found = explained(level, [MINUS], [failing(level, changing, case) for case in (SIXTEEN, TWENTY)])
    assert found and found.finding == "minus"
    assert found.says == (
        "Probably: your output equals x - y: the sum is asked for. That alone doesn't explain the case “20 elements”: "
        "there is more to it. Mend this first, and check again."
    )
    assert found.evidence == "Checked: that mistake explains all 16 elements here, but not those of “20 elements”."


def test_a_first_case_of_few_elements_explains_nothing_where_another_case_clears_the_mistake(level: Level) -> None:
    assert named(explained(level, [MINUS], [failing(level, changing, case) for case in (FOUR, TWENTY)])) is None


def test_a_first_case_that_two_mistakes_explain_differently_is_left_alone(level: Level) -> None:
    other = mistake("negated", lambda x, y: -(y - x))
    found = explained(level, [MINUS, other], [failing(level, changing, case) for case in (SIXTEEN, TWENTY)])
    assert named(found) is None


@pytest.mark.parametrize("caught_by", ["memory", "rules", "compile", "contract"])
def test_a_mistake_that_another_check_catches_never_explains_numbers(level: Level, caught_by: str) -> None:
    assert explained(level, [replace(MINUS, caught_by=caught_by)], [failing(level, minus)]) is None


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: x[:3] - y[:3],
        lambda x, y: (x - y).reshape(4, 5),
        lambda x, y: None,
        lambda x, y: x @ y[:3],
        lambda x, y: x[999],
    ],
)
def test_a_formula_that_does_not_fit_the_case_explains_nothing(level: Level, formula: Formula) -> None:
    assert explained(level, [mistake("unfit", formula)], [failing(level, minus)]) is None


def test_random_numbers_are_explained_by_nothing(level: Level) -> None:
    noise = Draw("noise", torch.float32).normal(20)
    mistakes = [MINUS, mistake("twice x", lambda x, y: x + x), mistake("product", lambda x, y: x * y)]
    assert explained(level, mistakes, [failing(level, lambda x, y: noise.clone())]) is None


def test_explaining_leaves_inputs_and_result_as_they_were(level: Level) -> None:
    def careless(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x.sub_(y)

    seen = failing(level, minus)
    before = [tensor.clone() for tensor in (*seen.run.given.inputs, seen.result)]
    explained(level, [mistake("careless", careless), MINUS], [seen])
    assert all(map(torch.equal, before, (*seen.run.given.inputs, seen.result)))


# A known mistake, by running it

SOLUTION = (
    KERNEL.replace("import torch\n", "import quest_setup\nimport torch\n")
    + """
def vector_add(x, y):
    out = torch.empty_like(x)
{constants}
    add_kernel[(triton.cdiv(x.numel(), BLOCK_SIZE),)](x, y, out, x.numel(), BLOCK_SIZE=BLOCK_SIZE)
    return out
"""
)
ADDED = "    tl.store(out_ptr + offsets, x + y, mask=mask)"
ALLOCATED = "    out = torch.empty_like(x)"


def edit(old: str, new: str) -> Edit:
    """One line becomes another."""
    return Edit(f"{old}\n", f"{new}\n")


FIRST_LANE = "tl.where(offsets % BLOCK_SIZE == 0, x - y, x + y)"
FIRST_OF_BLOCK = Mistake(
    "first_of_block",
    (edit(ADDED, f"    tl.store(out_ptr + offsets, {FIRST_LANE}, mask=mask)"),),
    "numbers",
    "The first lane.",
)
CRASHING = Mistake(
    "crashing",
    (edit(ADDED, "    tl.store(out_ptr + offsets, x + y, mask=offsets < 9999)"),),
    "numbers",
    "It reads too far.",
)
RAISING = Mistake("raising", (edit(ALLOCATED, f"    raise OSError\n{ALLOCATED}"),), "numbers", "It raises.")
PLAIN = "    BLOCK_SIZE = 1024"
ON_ONE_LINE = "    BLOCK_SIZE, WARPS = 1024, 4"
FROM_A_TABLE = "    BLOCK_SIZE, WARPS = {torch.float32: (1024, 4)}[x.dtype]"


@pytest.fixture
def course(level: Level, tmp_path: Path) -> Callable[[str], Level]:
    """course(constants): a level whose solution sets its block size that way."""

    def course(constants: str = PLAIN) -> Level:
        toy = replace(level, course=tmp_path / "course")
        toy.folder.mkdir(parents=True)
        shutil.copy(level.folder / "reference.py", toy.folder)
        (toy.folder / "solution.py").write_text(SOLUTION.replace("{constants}", constants))
        return toy

    return course


def wrong_in_first_lanes(toy: Level, file: Path, block: int) -> Evidence:
    """The learner's kernel makes the mistake, with a block size of its own."""
    text = adding_in_the_kernel(
        "x = tl.load(x_ptr + offsets, mask=mask)",
        "y = tl.load(y_ptr + offsets, mask=mask)",
        f"tl.store(out_ptr + offsets, {FIRST_LANE}, mask=mask)",
    ).replace("16", str(block))
    done = run_of(subject_of(toy, file, text), vectors(40))
    assert done.trouble is None
    return Evidence(done, numbers.wrong_elements(done))


@pytest.mark.parametrize("block", [8, 16, 1024])
@pytest.mark.parametrize("constants", [PLAIN, ON_ONE_LINE, FROM_A_TABLE])
def test_a_mistake_without_a_formula_is_run_with_the_learners_own_block_size(
    course: Callable[[str], Level], tmp_path: Path, block: int, constants: str
) -> None:
    toy = course(constants)
    seen = wrong_in_first_lanes(toy, tmp_path / "mine.py", block)
    assert int(seen.wrong.sum()) == -(-40 // block), "the tiling shows in the output"
    found = explained(toy, [FIRST_OF_BLOCK], [seen])
    assert found and found.says == FIRST_OF_BLOCK.says and "40 elements" in found.evidence


def first_lanes(x: torch.Tensor, y: torch.Tensor, *, BLOCK_SIZE: int) -> torch.Tensor:
    return torch.where(torch.arange(len(x)) % BLOCK_SIZE == 0, x - y, x + y)


@pytest.mark.parametrize("block", [8, 16])
def test_a_formula_is_given_the_learners_own_constants_that_it_asks_for(
    course: Callable[[], Level], tmp_path: Path, block: int
) -> None:
    toy = course()
    seen = wrong_in_first_lanes(toy, tmp_path / "mine.py", block)
    found = explained(toy, [mistake("first lanes", first_lanes, "The first lane.")], [seen])
    assert found and found.says == "The first lane." and "40 elements" in found.evidence


def test_where_the_learner_has_no_constant_of_that_name_the_mistake_is_run(
    course: Callable[[str], Level], tmp_path: Path
) -> None:
    def asking(x: torch.Tensor, y: torch.Tensor, *, BLOCK_K: int) -> torch.Tensor:
        raise AssertionError("the kernel has no BLOCK_K")

    toy = course("    BLOCK_SIZE = 16")
    seen = wrong_in_first_lanes(toy, tmp_path / "mine.py", 16)
    assert named(explained(toy, [replace(FIRST_OF_BLOCK, formula=asking)], [seen])) == "first_of_block"


def test_a_mistake_is_loaded_once_for_all_cases(
    course: Callable[[], Level], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy, loaded = course(), []
    seen = [wrong_in_first_lanes(toy, tmp_path / f"mine{number}.py", 16) for number in range(3)]
    load = code.load
    monkeypatch.setattr(code, "load", lambda path: loaded.append(path) or load(path))
    assert named(explained(toy, [FIRST_OF_BLOCK], seen)) == "first_of_block"
    assert len(loaded) == 1


def test_where_a_formula_explains_every_failing_run_no_mistake_is_rerun(
    course: Callable[[], Level], monkeypatch: pytest.MonkeyPatch
) -> None:
    toy, loaded = course(), []
    seen = [failing(toy, minus, SIXTEEN), failing(toy, minus)]
    load = code.load
    monkeypatch.setattr(code, "load", lambda path: loaded.append(path) or load(path))
    assert named(explained(toy, [FIRST_OF_BLOCK, MINUS], seen)) == "minus" and loaded == []
    other = mistake("twice x", lambda x, y: x + x)
    assert named(explained(toy, [FIRST_OF_BLOCK, other], seen[1:])) is None
    assert len(loaded) == 1


def test_mistakes_that_no_output_tells_apart_are_not_run_on_further_cases(
    course: Callable[[], Level], tmp_path: Path
) -> None:
    toy = course()
    seen = [wrong_in_first_lanes(toy, tmp_path / f"mine{number}.py", 16) for number in range(5)]
    again = replace(FIRST_OF_BLOCK, key="again", same_output_as=("first_of_block",))
    alike = explained(toy, [FIRST_OF_BLOCK, again], seen)
    assert alike and alike.finding == "first_of_block" and "all 120 elements" in alike.evidence
    apart = explained(toy, [FIRST_OF_BLOCK, replace(again, same_output_as=())], seen)
    assert apart and "all 200 elements" in apart.evidence


def test_a_mistake_that_cannot_run_here_explains_nothing(course: Callable[[], Level], tmp_path: Path) -> None:
    toy = course()
    seen = wrong_in_first_lanes(toy, tmp_path / "mine.py", 16)
    assert explained(toy, [CRASHING, RAISING], [seen]) is None
    assert named(explained(toy, [CRASHING, RAISING, FIRST_OF_BLOCK], [seen])) == "first_of_block"


def test_running_mistakes_leaves_python_as_it_was(course: Callable[[], Level], tmp_path: Path) -> None:
    toy = course()
    seen = wrong_in_first_lanes(toy, tmp_path / "mine.py", 16)
    before = list(sys.path), set(sys.modules)
    explained(toy, [FIRST_OF_BLOCK], [seen])
    assert (sys.path, set(sys.modules)) == before


@pytest.mark.parametrize("blocks", ["16, 16, 16, 8", "32, 32, 64, 4"])
def test_a_mistake_of_the_matmul_is_named_whatever_the_learners_tiles_are(tmp_path: Path, blocks: str) -> None:
    matmul = levels.find("matmul")
    assert matmul
    mistakes = {one.key: one for one in parts.known(matmul).mistakes}
    chosen = mistakes["accumulator_overwritten"]
    text = apply(chosen.edits, workspace.course_text(matmul, "solution.py"), chosen.key)
    text = template.clean_solution(text)
    assert "GROUP_M = 64, 64, 32, 8" in text
    judgement = judged(matmul, tmp_path / "mine.py", text.replace("GROUP_M = 64, 64, 32, 8", f"GROUP_M = {blocks}"))
    check = judgement.failure
    assert check.outcome is v.Outcome.WRONG
    assert check.cause == chosen.says and check.hint == chosen.hint


MATMUL = next(level for level in levels.LEVELS if level.launcher == "matmul")
BY_NUMBERS = [one for one in parts.known(MATMUL).mistakes if one.caught_by == "numbers"]


@pytest.mark.slow
@pytest.mark.parametrize("chosen", BY_NUMBERS, ids=lambda chosen: chosen.key)
def test_a_mistake_in_tiles_of_other_sizes_is_never_taken_for_another(
    chosen: Mistake, tmp_path: Path, warm: Warm
) -> None:
    text = apply(chosen.edits, workspace.course_text(MATMUL, "solution.py"), chosen.key)
    (tmp_path / "mine.py").write_text(text.replace("GROUP_M = 64, 64, 32, 8", "GROUP_M = 32, 64, 16, 4"))
    check = judge(Job(MATMUL, tmp_path / "mine.py"), start=warm.start).first_failure
    alike = [chosen.key, *chosen.same_output_as, *(one.key for one in BY_NUMBERS if one.says == chosen.says)]
    assert check and check.outcome is v.Outcome.WRONG and check.finding in alike


# Patterns


def pattern(level: Level, launcher: Launcher, case: Case = TWENTY) -> str:
    found = explained(level, [], [failing(level, launcher, case)])
    assert found is None or (found.finding is None and found.hint is None)
    return found.says if found else ""


@pytest.mark.parametrize("factor", [2.0, 0.125, -1.0, 1.25])
def test_a_constant_factor_is_told(level: Level, factor: float) -> None:
    says = pattern(level, lambda x, y: (x + y) * factor)
    assert f" {factor:.4g} times what it should be" in says and "everywhere" in says


def test_a_factor_of_seven_elements_is_no_pattern(level: Level) -> None:
    assert pattern(level, lambda x, y: (x + y) * 2, vectors(7)) == ""


def test_a_factor_of_some_elements_is_not_everywhere(level: Level) -> None:
    def mostly(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = (x + y) * 2
        out[5] /= 2
        return out

    assert "everywhere" not in pattern(level, mostly)


def test_a_factor_beside_elements_that_are_no_numbers_is_not_everywhere(level: Level) -> None:
    def half(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = (x + y) * 2
        out[::2] = torch.nan
        return out

    assert "everywhere" not in pattern(level, half)


INFINITE = Case("infinite", "a toy", lambda d: (d.normal(20), torch.tensor([*[0.0] * 16, *[-torch.inf] * 4])))


def test_a_factor_beside_infinities_that_are_missing_is_not_everywhere(level: Level) -> None:
    assert "2 times what it should be" in pattern(level, lambda x, y: (x + y) * 2, INFINITE)
    assert pattern(level, lambda x, y: x * 2, INFINITE) == ""


def test_a_large_number_in_the_place_of_an_infinity_is_told(level: Level) -> None:
    says = pattern(level, lambda x, y: x + y.clamp(min=-1e9), INFINITE)
    assert says == "Your output has numbers such as -1e+09 where -inf itself should stand."


@pytest.mark.parametrize("low", [0.0, -1.0, 1e9])
def test_an_ordinary_number_in_the_place_of_an_infinity_is_not_told_as_a_large_one(level: Level, low: float) -> None:
    assert pattern(level, lambda x, y: torch.where(torch.isinf(y), low, x), INFINITE) == ""


def test_a_large_number_beside_other_errors_is_not_all_that_is_wrong(level: Level) -> None:
    assert pattern(level, lambda x, y: (x + y.clamp(min=-1e9)) * (x > 0), INFINITE) == ""


def test_zeros_are_no_factor(level: Level) -> None:
    assert pattern(level, lambda x, y: torch.zeros_like(x)) == ""


def test_not_a_number_is_counted(level: Level) -> None:
    def broken(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = x + y
        out[3:6] = torch.nan
        return out

    found = explained(level, [], [failing(level, broken)])
    assert found and "NaN" in found.says and found.evidence == "3 elements are NaN."


SQUARE = Case("square", "a toy", lambda d: (d.normal(12, 12), d.normal(12, 12)))
OBLONG = Case("oblong", "a toy", lambda d: (d.normal(12, 13), d.normal(12, 13)))
BATCH = Case("batch", "a toy", lambda d: (d.normal(2, 3, 4, 5), d.normal(2, 3, 4, 5)))


def off_above_the_diagonal(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out: torch.Tensor = x + y + torch.triu(torch.ones_like(x), diagonal=1)
    return out


def test_errors_above_the_diagonal_only_are_told(level: Level) -> None:
    assert "above the diagonal" in pattern(level, off_above_the_diagonal, SQUARE)


def test_errors_on_both_sides_of_the_diagonal_are_no_such_pattern(level: Level) -> None:
    noise = Draw("noise", torch.float32).normal(12, 12)
    assert pattern(level, lambda x, y: x + y + torch.tril(noise), SQUARE) == ""
    assert pattern(level, lambda x, y: x + y + noise, SQUARE) == ""


def test_only_a_square_has_a_diagonal_to_speak_of(level: Level) -> None:
    assert pattern(level, off_above_the_diagonal, OBLONG) == ""


def test_one_row_that_is_a_multiple_shows_no_factor(level: Level) -> None:
    """A row that is divided by too large a sum has a ratio of its own: several rows tell it from a factor."""
    one_row, rows = (
        Case(f"{n} rows", "a toy", lambda d, n=n: (d.normal(n, 20), d.normal(n, 20)))  # type: ignore[misc]
        for n in (1, 3)
    )

    def each_its_own(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (x + y) / torch.arange(2, 2 + len(x))[:, None]

    def halved(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (x + y) / 2

    assert explained(level, [], [failing(level, each_its_own, one_row)]) is None
    assert explained(level, [], [failing(level, each_its_own, case) for case in (one_row, rows)]) is None
    found = explained(level, [], [failing(level, halved, case) for case in (one_row, rows)])
    assert found and "0.5 times" in found.says


def test_a_right_first_matrix_and_wrong_others_are_told(level: Level) -> None:
    noise = Draw("noise", torch.float32).normal(2, 3, 4, 5)

    def others(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = x + y + noise
        out[0, 0] -= noise[0, 0]
        return out

    def some(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = others(x, y)
        out[1, 1] -= noise[1, 1]
        return out

    assert "first matrix of the batch is right" in pattern(level, others, BATCH)
    assert pattern(level, some, BATCH) == ""


def test_a_known_mistake_comes_before_a_pattern(level: Level) -> None:
    doubled = mistake("doubled", lambda x, y: 2 * (x + y))
    assert named(explained(level, [doubled], [failing(level, lambda x, y: (x + y) * 2)])) == "doubled"


def test_a_pattern_is_of_the_case_that_is_shown(level: Level) -> None:
    noise = Draw("noise", torch.float32).normal(20)
    seen = [failing(level, lambda x, y: (x + y) * 2, SIXTEEN), failing(level, lambda x, y: noise.clone())]
    found = explained(level, [], seen)
    assert found and "2 times" in found.says


# What the learner reads


def test_the_explanation_stands_in_the_failed_check(level: Level, tmp_path: Path) -> None:
    text = adding_in_the_kernel(
        "x = tl.load(x_ptr + offsets, mask=mask)",
        "y = tl.load(y_ptr + offsets, mask=mask)",
        "tl.store(out_ptr + offsets, x - y, mask=mask)",
    )
    known = {one.key: one for one in parts.known(level).mistakes}
    check = judged(level, tmp_path / "mine.py", text).failure
    assert check.outcome is v.Outcome.WRONG and check.mismatch and check.case == "one element"
    assert (check.finding, check.cause, check.hint) == (
        "difference",
        known["difference"].says,
        known["difference"].hint,
    )
    assert check.evidence.startswith("Checked: ")
