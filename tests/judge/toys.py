"""Small learners' files for the tests of the judge, as text, and what is done with one: load, run, judge."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from triton_quest.child.judge import code, pipeline
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.course.case import Case
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

BLOCKS = (16,)
KERNEL = """\
import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK_SIZE: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, x + y, mask=mask)

"""
LAUNCH = "add_kernel[(triton.cdiv(x.numel(), 16),)](x, y, out, x.numel(), BLOCK_SIZE=16)"


def vectors(n: int) -> Case:
    """x, y: (n,)"""
    return Case(f"{n} elements", "a toy", lambda d: (d.normal(n), d.normal(n)))


def adding(body: str, before: str = "", kernel: str = KERNEL) -> str:
    """A file with `add_kernel` and a launcher of this body. LAUNCH in it is the launch of x and y into out."""
    launcher = textwrap.indent(textwrap.dedent(body).strip().replace("LAUNCH", LAUNCH), "    ")
    return f"{kernel}{before}\n\ndef vector_add(x, y):\n{launcher}\n"


HONEST = adding("out = torch.empty_like(x)\nLAUNCH\nreturn out")


def adding_in_the_kernel(*lines: str) -> str:
    """An honest launcher, and a kernel with these lines in the place of its loads and its store."""
    head = KERNEL[: KERNEL.index("    x = tl.load")]
    return adding(
        "out = torch.empty_like(x)\nLAUNCH\nreturn out", kernel=head + "".join(f"    {line}\n" for line in lines) + "\n"
    )


def subject_of(level: Level, file: Path, text: str) -> Subject:
    """`text`, written to `file` and loaded as the judge loads it."""
    file.write_text(text, encoding="utf-8")
    module = code.load(file)
    return Subject(level, file, module, code.launcher_of(module, level))


def run_of(subject: Subject, case: Case, dtype: str = "fp32", blocks: tuple[int, ...] = BLOCKS) -> Run:
    return watched(subject, case, dtype, blocks)


@dataclass
class Judgement:
    """What the pipeline said of a file, in this process."""

    outcome: v.Outcome
    records: list[v.Record] = field(default_factory=list)

    @property
    def checks(self) -> list[v.Check]:
        return [record for record in self.records if isinstance(record, v.Check)]

    @property
    def stages(self) -> list[str]:
        """The stages in order, each named once in a row."""
        names = [record.stage for record in self.records if isinstance(record, v.StageStarted)]
        return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]

    @property
    def failure(self) -> v.Check:
        failed = [check for check in self.checks if check.state is v.State.FAILED]
        assert len(failed) == 1, f"{len(failed)} failed checks instead of one: {failed}"
        return failed[0]


def judged(level: Level, file: Path, text: str, *, looks_at_gaps: bool = False) -> Judgement:
    """`text` through the whole pipeline, by default without its gaps. Raises what would be a trouble of our own."""
    file.write_text(text, encoding="utf-8")
    judgement = Judgement(v.Outcome.ERROR)
    judgement.outcome = pipeline.run(level, file, judgement.records.append, seconds=60.0, looks_at_gaps=looks_at_gaps)
    return judgement
