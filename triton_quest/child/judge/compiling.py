"""Stage 6: what runs in the interpreter must compile for a GPU too. Nothing is run, and no GPU is needed."""

from __future__ import annotations

import contextlib
import io

from triton_quest.child.judge import code
from triton_quest.child.judge.given import drawn_for
from triton_quest.child.judge.watch import Subject
from triton_quest.child.sentences.compiling import UNEXPLAINED, CompileFinding, explain
from triton_quest.child.triton.frontend import TARGETS, compile_front_end
from triton_quest.child.triton.refusals import Refusal
from triton_quest.course.case import Case
from triton_quest.records import verdict as v

NAME = "the kernels compile for a GPU (" + " and ".join(f"sm_{target}" for target in TARGETS) + ")"

NOT_ON_A_GPU = "What runs in the interpreter must compile for a GPU, too."
NOWHERE = "No matter of the GPU: the interpreter can't run such a line either."
ON_A_GPU = "A GPU would run it, and understand it otherwise than the interpreter."


def passed() -> v.Check:
    return v.Check(name=NAME, kind="compile", state=v.State.PASSED)


def findings(
    subject: Subject, cases: tuple[Case, ...], dtypes: tuple[str, ...], blocks: tuple[int, ...]
) -> list[CompileFinding]:
    """What Triton's compiler refuses of the kernels that the launcher would launch, best explained first.

    Every case is compiled in the first dtype for all targets, down to its shared memory (fp32 needs most); the other dtypes
    by the front end alone, which asks little about the target, and for the first one.
    """
    refusals: list[Refusal] = []
    for number, dtype in enumerate(dtypes):
        asked = [case for case in (cases if number == 0 else cases[-1:]) if dtype in case.dtypes]

        def launch(asked: list[Case] = asked, dtype: str = dtype) -> None:
            for case in asked:
                given = drawn_for(subject.level, case, dtype, blocks)
                with contextlib.suppress(SystemExit, KeyboardInterrupt):  # what ends the runs is told by the runs
                    given.called(subject.launcher)

        with contextlib.redirect_stdout(io.StringIO()):  # the learner's prints are for the runs
            targets = TARGETS if number == 0 else TARGETS[:1]
            refusals += compile_front_end(launch, subject.module, targets, shared_memory=number == 0).refusals
    return sorted(explain(refusals), key=lambda finding: finding.construct == UNEXPLAINED)


def refused(finding: CompileFinding) -> code.Stopped:
    places = (v.Place(finding.line, finding.source_line.strip()),) if finding.line else ()
    advice = ON_A_GPU if finding.compiles else NOT_ON_A_GPU if finding.runs else NOWHERE
    outcome = v.Outcome.COMPILE if finding.runs else v.Outcome.CRASH
    return code.Stopped(v.failed(passed(), outcome, finding.says, advice, finding=finding.construct, places=places))
