"""Known kernels through everything that `adapt` does, so that a new Triton is found out here.

An entry is a function without arguments: its docstring says what it shows, and it raises where that does not hold.
Further modes append theirs to `ENTRIES`. Triton is imported only when entries run.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

Entry = Callable[[], None]


@dataclass(frozen=True)
class SelfTest:
    """One thing known to be true, and whether it holds here; where not, `detail` says what was found."""

    name: str
    ok: bool
    detail: str = ""


class SelfTestFailed(Exception):
    """A known kernel's answer is wrong; the text says how."""


@contextmanager
def _language_kept() -> Iterator[None]:
    """Put `triton.language` back afterwards: without the adaptations, a launch leaves parts of it replaced."""
    import triton.language as tl

    owners = (tl, tl.core, tl.math, tl.tensor, tl.dtype, tl.core.tensor_descriptor_base)
    before = [dict(vars(owner)) for owner in owners]
    try:
        yield
    finally:
        for owner, members in zip(owners, before, strict=True):
            for name, member in members.items():
                if vars(owner)[name] is not member:
                    setattr(owner, name, member)


@contextmanager
def _adapted(wanted: bool) -> Iterator[Any]:
    """Run the block with or without the adaptations, and leave them as they were found; yields the known kernels."""
    from triton_quest.child import selftest_kernels
    from triton_quest.child.triton import interpreter

    before = interpreter.enabled()
    (interpreter.enable if wanted else interpreter.disable)()
    try:
        yield selftest_kernels
    finally:
        (interpreter.enable if before else interpreter.disable)()


def _numbers(*shape: int, dtype: str) -> Any:
    """Small multiples of a quarter: their sums and products are exact in every dtype, so answers compare exactly."""
    import torch

    numbers = torch.zeros(shape, dtype=getattr(torch, dtype))
    return numbers.copy_(((torch.arange(numbers.numel()) * 7 % 13 - 6) / 4).reshape(shape))


def _same(found: Any, expected: Any, tolerance: float = 0.0) -> None:
    difference = (found.double() - expected.double()).abs().max().item()
    if not difference <= tolerance:
        raise SelfTestFailed(f"the answer is off by {difference:.3g}, at most {tolerance:.3g} is right")


def _masked_loads(kernels: Any, dtype: str) -> None:
    x = _numbers(37, dtype=dtype)
    _same(kernels.add(x, x.flip(0)), x + x.flip(0))


def _loop(kernels: Any, dtype: str) -> None:
    x = _numbers(3, 37, dtype=dtype)
    _same(kernels.row_sums(x), x.float().sum(1).to(x.dtype))


def _reductions(kernels: Any, dtype: str) -> None:
    import torch

    x = _numbers(3, 13, dtype=dtype)
    _same(kernels.softmax(x), torch.softmax(x.double(), 1), torch.finfo(x.dtype).eps)


def _dot(kernels: Any, dtype: str) -> None:
    a = _numbers(64, 64, dtype=dtype)  # large enough for answers that bf16 must round
    _same(kernels.dot(a, a.t().contiguous()), (a.double() @ a.t().double()).to(a.dtype))


def plain_masked_loads() -> None:
    """Triton's interpreter as it comes: masked loads and stores"""
    with _language_kept(), _adapted(False) as kernels:
        _masked_loads(kernels, "float32")


def plain_reductions() -> None:
    """Triton's interpreter as it comes: reductions"""
    with _language_kept(), _adapted(False) as kernels:
        _reductions(kernels, "float32")


def plain_dot() -> None:
    """Triton's interpreter as it comes: tl.dot"""
    with _language_kept(), _adapted(False) as kernels:
        _dot(kernels, "float16")


def every_adaptation_fits() -> None:
    """Adapted: every adaptation fits this version"""
    from triton_quest.child.triton import interpreter

    with _adapted(True):
        left_out = interpreter.enable().left_out
    if left_out:
        raise SelfTestFailed("left out: " + "; ".join(f"{name} ({reason})" for name, reason in left_out))


def adapted_float32() -> None:
    """Adapted: float32 loads, loops, reductions and tl.dot"""
    _adapted_kernels("float32")


def adapted_float16() -> None:
    """Adapted: float16 loads, loops, reductions and tl.dot"""
    _adapted_kernels("float16")


def adapted_bfloat16() -> None:
    """Adapted: bfloat16 loads, loops, reductions and tl.dot"""
    _adapted_kernels("bfloat16")


def _adapted_kernels(dtype: str) -> None:
    with _adapted(True) as kernels:
        for check in (_masked_loads, _loop, _reductions, _dot):
            check(kernels, dtype)


def scalar_arguments() -> None:
    """Adapted: a float argument counts as fp32, and a docstring may have a line that begins with "def " """
    import torch

    with _adapted(True) as kernels:
        x = _numbers(16, dtype="float16")
        _same(kernels.scaled(x, 0.1), x.float() * torch.tensor(0.1))


def language_put_back() -> None:
    """Adapted: after a launch, triton.language is as it was before"""
    import triton.language as tl

    with _adapted(True) as kernels:
        kernels.softmax(_numbers(2, 5, dtype="float32"))
    members = (tl.load, tl.core.load, tl.core.reduce, tl.math.exp, tl.tensor.__add__, tl.core.tensor.to)
    replaced = [member for member in members if not tl.core.is_builtin(member)]
    if replaced or tl.reduce is not tl.core.reduce:
        raise SelfTestFailed(f"{len(replaced)} of {len(members)} members looked at are still replaced")


def launches_seen() -> None:
    """Launches: kernel, grid and block sizes are seen"""
    from triton_quest.child.instruments import launches

    log = launches.LaunchLog()
    with _adapted(True) as kernels, launches.observed(log):
        _masked_loads(kernels, "float32")
    seen = [(launch.kernel, launch.grid, launch.blocks) for launch in log.launches]
    if seen != [("_add", (3, 1, 1), {"BLOCK": 16})]:
        raise SelfTestFailed(f"seen instead: {seen}")


def torch_calls_seen() -> None:
    """Torch calls: seen outside kernels, without loading torch's compiler"""
    from triton_quest.child.instruments import launches, opspy

    compiler_loaded = "torch._dynamo" in sys.modules
    x, spy = _numbers(4, dtype="float32"), opspy.OpSpy(__file__)
    with _adapted(True) as kernels, launches.observed(spy), spy:
        kernels.scaled(x * 2, 2.0)
    seen = [(call.name, call.python_name) for call in spy.reaches_kernels()]
    if seen != [("mul", "x * 2")]:
        raise SelfTestFailed(f"seen instead of x * 2: {seen}")
    if not compiler_loaded and "torch._dynamo" in sys.modules:
        raise SelfTestFailed("torch's compiler was loaded")


def memory_checked() -> None:
    """Memory model: a read past the end is stopped and attributed, a right kernel is left alone"""
    from triton_quest.child.instruments.memory.accesses import IllegalAccess
    from triton_quest.child.instruments.memory.model import MemoryModel

    model, x = MemoryModel(), _numbers(13, dtype="float32")
    with _adapted(True) as kernels, model.active():
        _masked_loads(kernels, "float32")
        if model.findings:
            raise SelfTestFailed(f"a right kernel was accused: {model.findings[0]}")
        try:
            kernels.read_past_the_end(x)
        except IllegalAccess as illegal:
            found = illegal.finding
            if (found.argument, found.bad, found.first) != ("x_ptr", 3, (13,)):
                raise SelfTestFailed(f"told otherwise than it is: {found}") from None
        else:
            raise SelfTestFailed("a read past the end was not seen")


def front_end_compiles() -> None:
    """Front end: a right kernel compiles for sm_80 and sm_90, one with a break is refused"""
    from triton_quest.child import selftest_kernels
    from triton_quest.child.triton import frontend

    right = frontend.compile_front_end(lambda: _masked_loads(selftest_kernels, "float32"), selftest_kernels)
    if right.refusals or len(right.compiled) != len(frontend.TARGETS):
        raise SelfTestFailed(f"a right kernel was not compiled: {right}")
    out = _numbers(8, dtype="float32")
    wrong = frontend.compile_front_end(lambda: selftest_kernels.break_off(out), selftest_kernels)
    if not wrong.refusals:
        raise SelfTestFailed("a break in a loop was not refused")


ENTRIES: tuple[Entry, ...] = (
    front_end_compiles,
    plain_masked_loads,
    plain_reductions,
    plain_dot,
    every_adaptation_fits,
    adapted_float32,
    adapted_float16,
    adapted_bfloat16,
    scalar_arguments,
    language_put_back,
    launches_seen,
    torch_calls_seen,
    memory_checked,
)


def _run(entry: Entry) -> SelfTest:
    name = (entry.__doc__ or entry.__name__).strip()
    try:
        entry()
    except SelfTestFailed as mismatch:
        return SelfTest(name, False, str(mismatch))
    except Exception as error:  # whatever a new version breaks is this entry's failure, and no other's
        return SelfTest(name, False, f"{type(error).__name__}: {error}")
    return SelfTest(name, True)


def run(entries: Sequence[Entry] = ENTRIES) -> list[SelfTest]:
    """Run the entries, milliseconds each. The process must have been started with TRITON_INTERPRET=1."""
    if os.environ.get("TRITON_INTERPRET") != "1":
        return [SelfTest("Triton's interpreter", False, "TRITON_INTERPRET=1 is not set")]
    return [_run(entry) for entry in entries]


if __name__ == "__main__":
    os.environ["TRITON_INTERPRET"] = "1"
    json.dump([asdict(test) for test in run()], sys.stdout, indent=1)
