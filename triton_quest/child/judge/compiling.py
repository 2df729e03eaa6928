"""Stage 6: what runs in the interpreter must compile for a GPU too. Nothing is run, and no GPU is needed."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass, replace

from triton_quest.child.judge import code
from triton_quest.child.judge.given import drawn_for
from triton_quest.child.judge.watch import Subject
from triton_quest.child.sentences.compiling import UNEXPLAINED, CompileFinding, explain, is_too_large, too_large_for
from triton_quest.child.triton.frontend import TARGETS, compile_front_end
from triton_quest.child.triton.refusals import Refusal
from triton_quest.course.case import Case
from triton_quest.machine.targets import Arch
from triton_quest.records import verdict as v

NAME = "the kernels compile for a GPU (" + " and ".join(f"sm_{target}" for target in TARGETS) + ")"

DEPENDS_ON_THE_CASE = "static_assert_fails"  # the refusal that a launcher's arguments decide over

NOT_ON_A_GPU = "What runs in the interpreter must compile for a GPU, too."
NOWHERE = "This has nothing to do with GPUs: the interpreter can't run such a line either."
ON_A_GPU = "A GPU would run it, and understand it otherwise than the interpreter."


def passed() -> v.Check:
    return v.Check(name=NAME, kind="compile", state=v.State.PASSED)


@dataclass(frozen=True)
class Look:
    """What Triton's compiler refuses, best explained first, and what fits only some GPUs, a sentence each."""

    refused: list[CompileFinding]
    remarks: list[str]


def look(subject: Subject, cases: tuple[Case, ...], dtypes: tuple[str, ...], blocks: tuple[int, ...]) -> Look:
    """Compile the kernels that the launcher would launch.

    Every case is compiled in the first dtype for all targets, down to its shared memory (fp32 needs most); the other dtypes
    by the front end alone, which asks little about the target, and for the first one. Where the first dtype doesn't fit
    everywhere, the others go down to the shared memory too: too much of it for a GPU that isn't here is a remark, unless
    the kernel fits none of them in any dtype.
    """
    refusals: list[Refusal] = []
    too_large: list[tuple[str, Refusal]] = []
    sized: list[str] = []  # the dtypes that went down to the shared memory
    for dtype in dtypes:
        thorough = not sized or bool(too_large)
        asked = [case for case in cases if dtype in case.dtypes]
        if not asked:
            continue
        targets = TARGETS if thorough else TARGETS[:1]
        found = _refusals_in(subject, asked if thorough else asked[-1:], dtype, blocks, targets, thorough)
        sized += [dtype] if thorough else []
        refusals += [refusal for refusal in found if not is_too_large(refusal)]
        too_large += [(dtype, refusal) for refusal in found if is_too_large(refusal)]
    remarks: dict[str, None] = {}
    for dtype, refusal in too_large:
        misfits = {(of, other.target) for of, other in too_large if other.kernel == refusal.kernel}
        if len(misfits) < len(sized) * len(TARGETS):
            remarks[too_large_for(refusal, dtype)] = None
        else:
            refusals.append(refusal)
    refused = sorted(explain(refusals), key=lambda finding: finding.construct == UNEXPLAINED)
    if refused and refused[0].construct == DEPENDS_ON_THE_CASE:
        refused[0] = _with_its_case(refused[0], subject, cases, dtypes, blocks)
    return Look(refused, list(remarks))


def _with_its_case(
    finding: CompileFinding, subject: Subject, cases: tuple[Case, ...], dtypes: tuple[str, ...], blocks: tuple[int, ...]
) -> CompileFinding:
    """The finding as the first case shows it that is refused so by itself, with the name of that case."""
    for case in cases:
        for dtype in (dtype for dtype in dtypes if dtype in case.dtypes):
            for alone in explain(_refusals_in(subject, [case], dtype, blocks, TARGETS[:1], False)):
                if (alone.construct, alone.line) == (finding.construct, finding.line):
                    shown = drawn_for(subject.level, case, dtype, blocks).shown
                    says = f"In the case “{case.name}” ({shown}), {alone.sentence}"
                    return replace(alone, sentence=says)
    return finding


def _refusals_in(
    subject: Subject, cases: list[Case], dtype: str, blocks: tuple[int, ...], targets: tuple[Arch, ...], thorough: bool
) -> tuple[Refusal, ...]:
    def launch() -> None:
        for case in cases:
            given = drawn_for(subject.level, case, dtype, blocks)
            try:
                given.called(subject.launcher)
            except Exception:
                raise
            except BaseException:  # GeneratorExit, exit() and the like: what ends the runs is told by the runs
                continue

    with contextlib.redirect_stdout(io.StringIO()):  # the learner's prints are for the runs
        return compile_front_end(launch, subject.module, targets, shared_memory=thorough).refusals


def missing_name(finding: CompileFinding) -> NameError | None:
    """What Python raises for a finding that is about a name which isn't there."""
    found = re.match(r"(\w+) is not defined", finding.reason)
    return NameError(finding.reason, name=found[1]) if found else None


def refused(finding: CompileFinding) -> code.Stopped:
    places = (v.Place(finding.line, finding.source_line.strip()),) if finding.line else ()
    advice = ON_A_GPU if finding.compiles else NOT_ON_A_GPU if finding.runs else NOWHERE
    outcome = v.Outcome.COMPILE if finding.runs else v.Outcome.CRASH
    return code.Stopped(v.failed(passed(), outcome, finding.says, advice, finding=finding.construct, places=places))
