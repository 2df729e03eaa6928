"""Puts a compiled kernel's numbers into words: what each is, what it means, and what one changes to change it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from triton_quest.machine.targets import Target
from triton_quest.records.measured import Compiled, Dot, Width
from triton_quest.report.occupancy import Occupancy, estimate

WIDEST = 16  # bytes that one instruction of a thread moves
KIB = 1024


@dataclass(frozen=True)
class Metric:
    """One line of the report: its name, what it is, and what one changes to change the number."""

    name: str
    means: str
    changed_by: str


ROWS = {
    "registers": Metric(
        "registers a thread",
        "the fastest memory, in which it computes",
        "smaller blocks or more num_warps lower it",
    ),
    "spilled": Metric(
        "spilled",
        "what found no register and goes to slow memory and back",
        "the same two changes help",
    ),
    "shared": Metric(
        "shared memory",
        "an SM's own, where tl.dot finds its operands, once a stage",
        "blocks, num_stages",
    ),
    "tensor_cores": Metric(
        "tensor cores",
        "they multiply tiles: mma.sync is a warp's instruction for it (A100), wgmma that of four warps (H100)",
        'tl.dot on fp16 and bf16; on fp32 unless told "ieee"',
    ),
    "loads": Metric(
        "loads",
        "bytes that a thread fetches at once",
        "16 is best: a stride of 1, several elements a thread",
    ),
    "copies": Metric("pipelined copies", "loads that run ahead in a loop", "num_stages above 1"),
    "launched": Metric(
        "warps, stages",
        "a warp is 32 threads, a stage a round of a loop that is fetched ahead",
        "num_warps and num_stages of the launch",
    ),
    "occupancy": Metric(
        "occupancy, estimated",
        "warps that an SM holds at once, of those that it could, so that some compute while others wait for memory",
        "less of what runs out first",
    ),
}


def values(kernel: Compiled, target: Target) -> dict[str, str]:
    """The text of each metric, for one target."""
    return {
        "registers": f"{kernel.registers} of {target.registers_per_thread}",
        "spilled": f"{kernel.spilled_bytes} bytes" if kernel.spilled_bytes else "nothing",
        "shared": f"{_size(kernel.shared_bytes)}of {_kib(target.shared_per_program)} KB",
        "tensor_cores": ", ".join(kernel.tensor_cores) or ("not used" if kernel.dots else "no tl.dot"),
        "loads": _widths(kernel.loads) or ("all pipelined" if kernel.copies else "none"),
        "copies": _widths(kernel.copies) or "none",
        "launched": f"{kernel.warps}, {kernel.stages}",
        "occupancy": _occupancy(estimate(kernel, target)),
    }


def remarks(kernel: Compiled, target: Target) -> list[str]:
    """What one should look at, a sentence each; the first is the gravest."""
    found = []
    if kernel.spilled_bytes:
        found.append(
            "Not all values of a thread find a register; the others go to memory and back: take smaller blocks, or more num_warps."
        )
    why = without_tensor_cores(kernel)
    if why:
        found.append(why)
    if target.name == "sm_90" and kernel.tensor_cores == ("mma.sync",):
        found.append(
            "The tensor cores are used through mma.sync, as on an A100. Hopper's own instruction, wgmma, wants 4 warps or more "
            "and blocks of at least 64 rows."
        )
    if kernel.wgmma_one_by_one:
        found.append(one_by_one(kernel))
    widest = max((width.bytes for width in (*kernel.loads, *kernel.copies)), default=WIDEST)
    if widest < WIDEST and target.backend == "cuda":
        found.append(
            f"No load fetches more than {widest} bytes a thread at once, where {WIDEST} are possible: are the last axis' stride 1 and "
            "the other strides multiples of 16, and has each thread more than one element?"
        )
    if kernel.dots and kernel.loops and kernel.stages > 1 and not kernel.copies and target.backend == "cuda":
        found.append(
            "Nothing is copied ahead of the loop: loads of less than 4 bytes can't be, nor those that feed no tl.dot."
        )
    return found


def one_by_one(kernel: Compiled) -> str:
    """Of a kernel with loops that wait after each wgmma."""
    number = (
        f"All {kernel.wgmma_in_loops}"
        if kernel.wgmma_one_by_one == kernel.wgmma_in_loops
        else (f"{kernel.wgmma_one_by_one} of the {kernel.wgmma_in_loops}")
    )
    return (
        f"{number} wgmma in its loops run one by one: the machine code waits after each, where several steps of one tl.dot can follow "
        "each other and be waited for once. Try fewer num_stages, another tile, or one loop in place of two that go on with the same "
        "accumulators, and compile again."
    )


def without_tensor_cores(kernel: Compiled) -> str:
    """Why a kernel with dots, or one of its dots, uses none; empty where they are used, or there is no dot."""
    exact = [dot for dot in kernel.dots if dot.precision == "ieee"]
    if exact and len(exact) == len(kernel.dots):
        return 'No tensor cores: fp32 inputs with input_precision="ieee" use none. fp16 and bf16 inputs do.'
    if exact:
        verb = "uses" if len(exact) == 1 else "use"
        return (
            f'Of {len(kernel.dots)} dots, {len(exact)} {verb} no tensor cores: fp32 inputs with input_precision="ieee".'
        )
    if kernel.dots and not kernel.tensor_cores:
        return f"No tensor cores: there is no instruction for {_shown(kernel.dots)} on this target."
    return ""


def _shown(dots: Sequence[Dot]) -> str:
    return ", ".join(dict.fromkeys(f"{dot.dtype} dots of {' x '.join(map(str, dot.shape))}" for dot in dots))


def _size(size: int) -> str:
    """In the unit of what follows, or in bytes where that would be next to nothing."""
    return f"{size} bytes " if 0 < size < KIB else f"{_kib(size)} "


def _kib(size: int) -> str:
    return f"{size / KIB:.1f}".removesuffix(".0")


def _widths(widths: Sequence[Width]) -> str:
    """ "16 bytes", or "16 and 4 bytes" """
    sizes = [str(width.bytes) for width in widths if width.bytes]
    listed = " and ".join(filter(None, [", ".join(sizes[:-1]), *sizes[-1:]]))
    bulk = "in bulk" if any(not width.bytes for width in widths) else ""
    return ", ".join(filter(None, [f"{listed} bytes" if listed else "", bulk]))


def _occupancy(found: Occupancy) -> str:
    return f"{found.warps} of {found.most} warps" + (f": {found.limit}" if found.limit else "")
