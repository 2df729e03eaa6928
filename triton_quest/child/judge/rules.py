"""Stage 2: the kernel does the work. Judged by what happens at run time, not by what the source looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import torch

from triton_quest.child.instruments.torchcalls import NOT_ALLOWED_TO_COUNT, CallKind, TorchCall
from triton_quest.child.judge import code, memory, numbers
from triton_quest.child.judge.given import drawn_for
from triton_quest.child.judge.tampering import Snapshot
from triton_quest.child.judge.watch import Run, Subject, called_with, watched
from triton_quest.child.sentences import memory as memory_sentences
from triton_quest.course.case import Case
from triton_quest.records import verdict as v

TF32_REMARK = (
    'tl.dot without input_precision="ieee": a GPU rounds fp32 inputs to TF32 (with "bf16x3" to two bf16), '
    "so your fp32 is judged as leniently as fp16."
)
COPYING = frozenset({CallKind.COPY})
FILLING = frozenset({CallKind.FILL})


def check(name: str) -> v.Check:
    return v.Check(name=name, kind="rules", state=v.State.PASSED)


def refused(found: v.Check, says: str, advice: str, line: int = 0, source: str = "") -> code.Stopped:
    places = (v.Place(line, source),) if line else ()
    return code.Stopped(v.failed(found, v.Outcome.RULES, says, advice, places=places))


def passed() -> v.Check:
    return check("a kernel is launched, and the kernels do the work")


def kernel_is_launched(subject: Subject, run: Run) -> None:
    """Raises Stopped if the launcher answered without a kernel, naming what it computed with instead."""
    if run.launches:
        return
    instead = [call for call in run.spy.calls if call.kind in NOT_ALLOWED_TO_COUNT and call.line]
    says = f"`{subject.level.launcher}` gave an answer, but launched no kernel"
    says += f"; line {instead[0].line} computes in PyTorch: `{instead[0].python_name}`." if instead else "."
    advice = "The work belongs into the function under @triton.jit, started as kernel[grid](...)."
    place = (instead[0].line, instead[0].python_name) if instead else (0, "")
    raise refused(passed(), says, advice, *place)


def torch_is_left_alone(replaced: list[str]) -> None:
    """Raises Stopped if the learner's code replaced members of torch, Python or numpy. They have been put back."""
    if replaced:
        says = f"Your code replaces {', '.join(replaced[:3])}: the judge needs torch and Python as they are."
        raise refused(
            check("torch and Python are left as they are"), says, "Give your own functions names of their own."
        )


def loaded(file: Path) -> ModuleType:
    """The learner's file, imported. Raises Stopped as `code.load` does, and if importing it replaced members of torch, Python or numpy."""
    members = Snapshot()
    try:
        return code.load(file)
    finally:
        torch_is_left_alone(members.undo())


def kernels_do_the_work(subject: Subject, run: Run) -> None:
    """Raises Stopped if arithmetic, a cast or a detour outside of the kernels reaches a kernel or the answer, or a kernel hands its
    work to a function of Triton's that does the whole of it.
    """
    for name in subject.level.lesson:
        if name in run.counts.library:
            where = run.counts.library[name]
            says = f"Line {where.line}: `tl.{name}` does the whole of what this level is about."
            advice = "Write it yourself, from the smaller functions that the level's text lists."
            raise refused(check("the lesson is in your own lines"), says, advice, where.line, where.source)
    for call in run.spy.reaches_kernels():
        _refuse(call)
    for name, tensor in run.answer.items():
        for call in run.spy.reaches(tensor):
            if subject.level.last_cast_allowed and run.spy.is_cast_of_a_kernels_work(call, tensor):
                continue
            if name in run.gradients and not call.line:
                raise _made_by_autograd(call, name)
            _refuse(call)
    if not subject.level.copies_allowed:
        copies = [call for call in run.spy.reaches_kernels(COPYING) if call.line]
        if copies:
            says = f"Line {copies[0].line}: `{copies[0].python_name}` copies a tensor for the kernel."
            advice = "Strides are what this level is about: hand the kernel the tensor as it is, with its strides."
            raise refused(check("no tensor is copied"), says, advice, copies[0].line, copies[0].python_name)


def _refuse(call: TorchCall) -> None:
    where = f"Line {call.line}: " if call.line else ""
    name = f"`{call.python_name}`"
    what, advice = {
        CallKind.CAST: (
            "converts a tensor in PyTorch",
            "Convert inside the kernel: x.to(tl.float32), or let tl.store convert.",
        ),
        CallKind.LEAVE: (
            "takes the numbers out of the tensor",
            "The launcher hands tensors to kernels; it needn't look into them.",
        ),
    }.get(call.kind, ("computes in PyTorch", "This is the kernel's work: the launcher only allocates, and starts it."))
    raise refused(passed(), f"{where}{name} {what}.", advice, call.line, call.python_name)


def _made_by_autograd(call: TorchCall, name: str) -> code.Stopped:
    """Of what autograd does itself to a gradient, outside of the learner's lines."""
    if call.kind is CallKind.CAST:
        says = f"`{name}` leaves backward in another dtype than `{name[1:]}` has, and PyTorch converts it."
        return refused(passed(), says, "Store each gradient in the dtype of what it belongs to.")
    says = f"PyTorch computes on the way to `{name}` in the backward pass: `{call.python_name}`."
    advice = "backward returns what the kernels stored, for each argument of forward a gradient of its own shape."
    return refused(passed(), says, advice)


def whole_answer_is_stored(subject: Subject, run: Run) -> None:
    """Raises Stopped, in a level where every element must come from a kernel, for those that hold torch's constant."""
    for name, tensor in run.answer.items():
        if not subject.level.fills_count:
            _is_stored(run, name, tensor)


def _is_stored(run: Run, answer: str, tensor: torch.Tensor) -> None:
    filled = run.model.filled_only(tensor)
    if filled is None:
        return
    name = run.model.name_of(tensor) or (answer if run.called(answer) else "the answer")
    where = memory_sentences.places(name, filled, tuple(tensor.shape))
    fills = [call for call in run.spy.reaches(tensor, FILLING) if call.line]
    place = (fills[-1].line, fills[-1].python_name) if fills else (0, "")
    by = f"line {place[0]}, `{place[1]}`" if fills else "PyTorch"
    says = f"What stands in {where} comes from {by}, not from a kernel."
    advice = f"In this level a kernel stores every element of the answer, the -inf too. This was in {run.told}."
    found = refused(check("every element comes from a kernel"), says, advice, *place).check
    raise code.Stopped(replace(found, finding="constant_left"))


def inputs_are_unchanged(subject: Subject, run: Run) -> None:
    """Raises Stopped if the launcher wrote into an argument that it may not mutate."""
    kept = run.kept.tensors
    for name, now in run.given.tensors.items():
        if name not in subject.level.may_mutate and not _same(now, kept[name]):
            says = f"In {run.told}, your code writes into its input `{name}`."
            raise refused(
                check("the inputs stay as they are"), says, "Store into a tensor that the launcher allocates."
            )


def _same(now: torch.Tensor, before: torch.Tensor) -> bool:
    return bool(torch.equal(torch.nan_to_num(now), torch.nan_to_num(before)))


def answer_needs_the_kernels(subject: Subject, case: Case, dtype: str, blocks: tuple[int, ...]) -> v.Check:
    """The same call with every launch turned into nothing must not give the answer."""
    found = check("without the kernels there is no answer")
    run = watched(subject, case, dtype, blocks, noop=True)
    right = run.reference.right_in(run.result) if run.trouble is None else ()
    if right:
        what = run.called(right[0]) or "the answer"
        says = f"In {run.told}, {what} is right even when no kernel runs: it comes from somewhere else."
        raise refused(found, says, "Return the tensor that your kernel stored into.")
    return found


def new_contents_give_new_answers(subject: Subject, run: Run, blocks: tuple[int, ...]) -> v.Check:
    """Other numbers in the same buffers must give another answer: nothing may be remembered."""
    found = check("new contents in the same tensors give the new answer")
    run.given.overwrite(drawn_for(subject.level, run.case, run.dtype, blocks, again=True))
    again = called_with(subject, run.case, run.dtype, run.given)
    run.given.overwrite(run.kept)  # the run may still have to be explained
    torch_is_left_alone(again.replaced)
    memory.examine_accesses(again)
    if again.trouble is not None:
        raise code.Stopped(numbers.raised(subject, again))
    misfit = numbers.misfit(subject, again)
    if misfit is not None:
        raise code.Stopped(misfit)
    wrong = numbers.wrong_elements(again)
    old = set(wrong.marked) & set(run.reference.right_in(again.result))
    if old:
        named = [run.called(name) for name in wrong if name in old and run.called(name)]
        says = f"In {run.told}, new numbers in the same tensors give the old {named[0] if named else 'answer'}."
        raise refused(found, says, "Don't keep results from one call to the next: compute them anew.")
    if wrong.any():
        advice = "The first call was right, and a second one with new numbers isn't: what is kept between them?"
        raise code.Stopped(replace(numbers.failed_case(again, wrong, blocks), advice=advice))
    return found


def remarks(runs: Sequence[Run]) -> list[v.Check]:
    """What is allowed and worth knowing: tensors that are copied, fp32 dots that a GPU makes in TF32."""
    told: dict[int, str] = {}
    for run in runs:
        for call in run.spy.calls:
            if call.kind is CallKind.COPY and call.allocates and call.line:
                size = f"{call.allocates:,} bytes in {run.told}"
                told[call.line] = (
                    f"Line {call.line}: `{call.python_name}` copies a tensor, {size}: reads and writes it once more."
                )
    sentences = list(told.values())
    if any(run.uses_tf32 for run in runs):
        sentences.append(TF32_REMARK)
    return list(map(v.remark, sentences))
