"""One run judged: its accesses, its torch calls and its numbers. What a wrong one means is explained elsewhere.

The steps of a judgement stand here a second time as functions of the file alone: to repeat the one that failed on another text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from triton_quest.child.judge import code, compiling, hazards, large, memory, numbers, properties, rules
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.child.sentences.compiling import CompileFinding
from triton_quest.course.call import Property
from triton_quest.course.case import Case
from triton_quest.records import verdict as v

Step = Callable[[Subject], None]  # raises Stopped where it isn't right


def examine(subject: Subject, run: Run) -> None:
    """Raises Stopped at the first thing that is wrong, but for wrong numbers; from the learner's exception, where it is one."""
    rules.torch_is_left_alone(run.replaced)
    hazards.examine(run)
    memory.examine_accesses(run)
    if run.trouble is not None:
        raise code.Stopped(numbers.raised(subject, run)) from run.trouble
    misfit = numbers.misfit(subject, run)
    if misfit is not None:
        raise code.Stopped(misfit)
    rules.kernel_is_launched(subject, run)
    rules.kernels_do_the_work(subject, run)
    rules.inputs_are_unchanged(subject, run)
    memory.examine_answer(run)
    rules.whole_answer_is_stored(subject, run)


def is_right(subject: Subject, case: Case, dtype: str, blocks: tuple[int, ...]) -> None:
    """Run a case, and raise Stopped if anything is wrong with it, its numbers too."""
    run = watched(subject, case, dtype, blocks)
    examine(subject, run)
    if numbers.wrong_elements(run).any():
        raise code.Stopped(v.failed(numbers.case_check(run), v.Outcome.WRONG, "The numbers are wrong."))


def loading() -> Step:
    """What a file can do that is loaded, and has a launcher."""
    return lambda subject: None


def running(case: Case, dtype: str, blocks: tuple[int, ...]) -> Step:
    return lambda subject: is_right(subject, case, dtype, blocks)


def compiling_all(refusals: Callable[[Subject], Sequence[CompileFinding]]) -> Step:
    def step(subject: Subject) -> None:
        for finding in refusals(subject):
            raise compiling.refused(finding)

    return step


def running_without_kernels(case: Case, dtype: str, blocks: tuple[int, ...]) -> Step:
    def step(subject: Subject) -> None:
        rules.answer_needs_the_kernels(subject, case, dtype, blocks)

    return step


def running_again(case: Case, dtype: str, blocks: tuple[int, ...]) -> Step:
    def step(subject: Subject) -> None:
        rules.new_contents_give_new_answers(subject, watched(subject, case, dtype, blocks), blocks)

    return step


def running_large(cases: Sequence[Case]) -> Step:
    def step(subject: Subject) -> None:
        large.examine(subject, cases)

    return step


def holding(statement: Property, dtypes: tuple[str, ...], blocks: tuple[int, ...]) -> Step:
    def step(subject: Subject) -> None:
        properties.holds(subject, statement, dtypes, blocks)

    return step
