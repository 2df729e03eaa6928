"""Stage 7: the level's cases on the GPU that is here, in every dtype that it has. Runs in a process of its own.

Who does the work, and what the launcher allocates, is judged here as in the interpreter: torch's dispatcher sees every call
on any device. Nobody sees single accesses: tensors lie between guards, and the interpreter's checks run beside this.
Half precision comes first: what is too large for the GPU's shared memory in fp32 alone is a remark.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from triton_quest.child.instruments import guards
from triton_quest.child.instruments.gpu_launches import logged
from triton_quest.child.instruments.operators import remember_bodies
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.instruments.tuning import Forcing
from triton_quest.child.judge import (
    code,
    compare,
    contract,
    diagnosis,
    numbers,
    patterns,
    properties,
    rules,
    truth,
    tuned_on_gpu,
    tuning,
)
from triton_quest.child.judge.blocks import block_sizes
from triton_quest.child.judge.given import drawn_for
from triton_quest.child.judge.tampering import Snapshot
from triton_quest.child.judge.watch import NO_ANSWER, Run, Subject, Unchecked
from triton_quest.child.sentences import on_gpu as gpu_sentences
from triton_quest.course import parts
from triton_quest.course.case import DEFAULT_BLOCKS, Case
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

Send = Callable[[v.Record], None]
DEVICE = "cuda"
DTYPE_ORDER = ("fp16", "bf16", "fp32")
BF16_SINCE = (8, 0)  # compute capability


def run(level: Level, file: Path, send: Send, seconds: float) -> v.Outcome:
    """Judge `file` on the GPU; every check is sent as it is made. `seconds` limits each step, compiling included."""
    remember_bodies()
    try:
        _OnGpu(level, file, send, seconds).everything()
    except code.Stopped as stopped:
        send(stopped.check)
        return stopped.check.outcome or v.Outcome.ERROR
    return v.Outcome.PASSED


@dataclass
class GpuRun(Run):
    """A run, with what was found around it: guards that were written into, inputs that have changed."""

    damages: list[guards.Damage] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return f"{self.given.shown}, on the GPU"


class _OnGpu:
    """One judgement on the GPU."""

    def __init__(self, level: Level, file: Path, send: Send, seconds: float) -> None:
        self.level, self.file, self.send, self.seconds = level, file, send, seconds
        self.cases: tuple[Case, ...] = parts.part(level, "cases").CASES
        self.blocks: tuple[int, ...] = DEFAULT_BLOCKS
        self.name = torch.cuda.get_device_name()
        self.right: list[GpuRun] = []
        self.tuned = False  # whether a tuned kernel has been seen: from then on its configs are forced

    def everything(self) -> None:
        self.send(v.StageStarted("import", f"importing your file, for the {self.name}", self.seconds))
        module = rules.loaded(self.file)
        launcher = code.launcher_of(module, self.level)
        self.subject = Subject(self.level, self.file, module, launcher, checks_memory=False)
        judged = [dtype for dtype in self._dtypes() if self._every_case(dtype)]
        self._allocations(judged[0])
        if self.level.tunes:
            self.send(v.StageStarted("gpu", f"timing every config on the {self.name}", self.seconds))
            self.send(tuned_on_gpu.takes_the_best(self.level, self.subject.launcher, self.file, self.name))
        passed = v.Check(f"right on the {self.name}, in {', '.join(judged)}", "gpu", v.State.PASSED)
        self.send(passed)

    def _dtypes(self) -> tuple[str, ...]:
        if torch.cuda.get_device_capability() >= BF16_SINCE:
            return DTYPE_ORDER
        name = f"bf16 on a GPU: the {self.name} has none"
        self.send(v.Check(name=name, kind="not_verified_here", state=v.State.NOT_VERIFIED_HERE))
        return tuple(dtype for dtype in DTYPE_ORDER if dtype != "bf16")

    def _every_case(self, dtype: str) -> bool:
        """Every case in one dtype. False where fp32 alone doesn't fit into the GPU's shared memory."""
        tf32 = False
        for case in self.cases:
            if dtype not in case.dtypes:
                continue
            self.send(v.StageStarted("gpu", f"{case.name}, {dtype}, on the {self.name}", self.seconds))
            run = self._called(case, dtype, Forcing(0 if self.tuned else None))
            self.tuned = self.tuned or bool(run.forcing.launches)
            if run.trouble is not None and self.tuned:  # perhaps a config that the tuner would leave out
                run = self._called(case, dtype, Forcing())
            trouble = gpu_sentences.explain(code.root_cause(run.trouble)) if run.trouble is not None else None
            if trouble is not None and trouble.key == "shared_memory" and dtype == "fp32":
                self.send(v.remark(f"not in fp32 on the {self.name}: {trouble.says}"))
                return False
            self._examine(run, trouble)
            tf32 = tf32 or run.uses_tf32
            self._other_configs(run)
        if tf32:
            self.send(v.remark(rules.TF32_REMARK))
        return True

    def _other_configs(self, like: GpuRun) -> None:
        """A case whose kernels are tuned, with each other config that pruning leaves for it. Raises Stopped.

        The quick cases alone: what a config is compiled to depends on the lengths of the inputs, and compiling takes seconds.
        """
        left = {place for launch in like.forcing.launches for place in launch.left if place != launch.chosen}
        for place in sorted(left) if like.case.quick else ():
            says = f"{like.case.name}, {like.dtype}, config {place + 1}, on the {self.name}"
            self.send(v.StageStarted("gpu", says, self.seconds))
            run = self._called(like.case, like.dtype, Forcing(place))
            trouble = gpu_sentences.explain(code.root_cause(run.trouble)) if run.trouble is not None else None
            if trouble is not None and trouble.key == "shared_memory":
                continue  # the tuner, too, leaves out what doesn't fit
            try:
                self._examine(run, trouble)
            except code.Stopped as stopped:
                raise tuning.blamed(stopped.check, run) from stopped.__cause__

    def _called(self, case: Case, dtype: str, forcing: Forcing) -> GpuRun:
        """One call between guards, everything brought back to the CPU afterwards."""
        given = drawn_for(self.level, case, dtype, self.blocks)
        fence = guards.Guards()
        names = {id(x): name for name, x in given.tensors.items()}
        there = given.each(lambda x: fence.enclose(_on_gpu(x), names[id(x)]))
        spy = OpSpy(str(self.file), there.tensors.values())
        run = GpuRun(case, dtype, given, there, truth.reference(there), Unchecked(), spy)
        members = Snapshot()
        run.forcing = forcing
        with logged(spy) as log, forcing.watched():
            try:
                with fence, spy:
                    arguments = there.arguments()
                    run.returned = self.subject.launcher(*arguments, **there.keywords)
                    run.went_backward = bool(there.wanted)
                    run.gradients = there.backward(run.returned, arguments)
                torch.cuda.synchronize()
                run.damages = fence.damages()
            except BaseException as trouble:  # whatever the learner's code raises is the verdict's matter
                run.trouble = trouble
            finally:
                run.replaced = members.undo()
        if run.trouble is not None:
            return run
        run.launches, run.uses_tf32 = log.launches, log.uses_tf32 and dtype == "fp32"
        run.answer = run.result = there.answer(run.returned, run.gradients) or NO_ANSWER
        self.blocks = block_sizes(run.launches) if self.blocks == DEFAULT_BLOCKS else self.blocks
        run.changed = [
            name
            for name, now in there.tensors.items()
            if name not in self.level.may_mutate
            and not torch.equal(now.cpu().nan_to_num(), given.tensors[name].nan_to_num())
        ]
        if run.uses_tf32:
            run.reference = truth.reference(there, tf32=True)
        return run

    def _examine(self, run: GpuRun, trouble: gpu_sentences.GpuTrouble | None) -> None:
        """Raises Stopped for the first thing that is wrong with a run."""
        found = v.Check(name=f"right on the {self.name}", kind="gpu", state=v.State.PASSED, case=run.case.name)
        rules.torch_is_left_alone(run.replaced)
        if run.trouble is not None:
            raise code.Stopped(self._raised(run, found, trouble))
        rules.kernel_is_launched(self.subject, run)
        rules.kernels_do_the_work(self.subject, run)
        for damage in run.damages:
            raise code.Stopped(v.failed(found, v.Outcome.MEMORY, _told(damage, run), gpu_sentences.FIND_THE_LINE))
        if run.changed:
            says = f"In {run.told}, your code writes into its input `{run.changed[0]}`."
            raise code.Stopped(
                v.failed(found, v.Outcome.RULES, says, "Store into a tensor that the launcher allocates.")
            )
        misfit = contract.misfit(run.kept, run.returned, run.gradients, run.reference.pytorch, run.shown)
        if misfit is not None:
            raise code.Stopped(v.failed(found, v.Outcome.CONTRACT, misfit.says, misfit.advice))
        self._compare(run, found)

    def _compare(self, run: GpuRun, found: v.Check) -> None:
        missing = run.result.each(guards.unwritten).each(torch.Tensor.cpu)
        run.result, run.reference = run.result.each(torch.Tensor.cpu), run.reference.on_cpu()
        for name in missing.marked:
            whose = run.called(name) or "the answer"
            says = f"In {run.told}, {compare.region(missing[name])} of {whose} are never written."
            raise code.Stopped(v.failed(found, v.Outcome.MEMORY, says, gpu_sentences.FIND_THE_LINE))
        wrong = numbers.wrong_elements(run)
        if not wrong.any():
            self.right.append(run)
            return
        check = replace(numbers.failed_case(run, wrong, self.blocks), kind="gpu")
        mistakes = parts.known(self.level).mistakes
        cause = diagnosis.explain(self.level, mistakes, [patterns.Evidence(run, wrong)], self.right)
        if cause is not None:
            check = replace(check, cause=cause.says, evidence=cause.evidence, finding=cause.finding, hint=cause.hint)
        raise code.Stopped(check)

    def _allocations(self, dtype: str) -> None:
        """What must hold of the launcher alone: the properties that no kernel needs to run for."""
        call = properties.WithoutKernels(self.level, self.subject.launcher, logged)
        for statement in parts.part(self.level, "cases").PROPERTIES if "property" in self.level.stages else ():
            with suppress(properties.NeedsKernels):
                properties.holds(self.subject, statement, (dtype,), self.blocks, call, device=DEVICE)

    def _raised(self, run: GpuRun, found: v.Check, trouble: gpu_sentences.GpuTrouble | None) -> v.Check:
        assert run.trouble is not None
        place = code.place_of(run.trouble, self.file)
        if trouble is None:
            raised = code.explain(found, run.trouble, self.file, run.where, v.Outcome.CRASH)
            return numbers.of_the_backward_pass(run, raised)
        says = f"{trouble.says} This was {run.where}."
        places = (place,) if place else ()
        return v.failed(found, trouble.outcome, says, trouble.advice, finding=trouble.key, places=places)


def _told(damage: guards.Damage, run: Run) -> str:
    tensor = f"`{damage.name}`" if damage.name else f"a tensor of shape {damage.shape} that your launcher allocates"
    where = "before the beginning" if damage.before else "behind the end"
    return f"In {run.told}, your kernel writes {where} of {tensor}: a store there has no mask that keeps it inside."


def _on_gpu(tensor: torch.Tensor) -> torch.Tensor:
    """The same layout on the GPU, gaps in memory included."""
    memory = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
    return memory.cuda().as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
