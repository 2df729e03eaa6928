"""What stands out in a kernel's profile, and what one changes about it. Pure.

The reasons for which warps wait are explained after NVIDIA, "Nsight Compute: Kernel Profiling Guide", "Warp Stall Reasons".
"""

from __future__ import annotations

from triton_quest.records.profiling import Profiled

BUSY, IDLE, FEW_WARPS, MANY_REGISTERS = 0.8, 0.4, 0.25, 200
CONFLICTS, MISSES = 0.1, 0.3
STALLS = {  # in the profiler's word: what a warp waits for, and what helps
    "long_scoreboard": "for data from global memory: ask for it earlier (num_stages), or have more warps meanwhile",
    "short_scoreboard": "for shared memory or special functions such as exp2: fewer of these, or more warps",
    "barrier": "for the program's other warps at a barrier: fewer warps, or fewer steps in which they need each other's results",
    "wait": "for the fixed time that an instruction takes: more independent work, or more warps",
    "math_pipe_throttle": "for an arithmetic unit that is busy: fewer operations outside of tl.dot",
    "mio_throttle": "for the queue of shared memory and special functions: fewer, wider accesses",
    "lg_throttle": "for the queue of loads and stores: fewer, wider ones",
    "not_selected": "because another warp's turn came: there are enough warps",
    "gmma": "for the tensor cores (wgmma): they set the pace",
    "imc_miss": "for a constant to be fetched",
    "tex_throttle": "for the queue of textures",
    "misc": "for a reason that the profiler doesn't name",
    "membar": "for memory to be seen by others: fewer atomics or barriers",
    "no_instruction": "for instructions to be fetched: a shorter loop body",
    "dispatch_stall": "because the dispatcher held them back",
    "drain": "for stores to be done as the program ends: fewer, wider stores",
    "branch_resolving": "for a branch to be decided",
    "sleeping": "asleep by themselves",
}


def advice(kernel: Profiled) -> list[str]:
    """What stands out, the gravest first, each with what one changes about it."""
    told = []
    if kernel.memory is not None and kernel.memory >= BUSY:
        told.append("The memory is busy: only fewer bytes would make it faster.")
    if kernel.tensor is not None and kernel.tensor >= BUSY:
        told.append("The tensor cores are busy: it is about as fast as it gets.")
    idle = kernel.memory is not None and kernel.compute is not None and max(kernel.memory, kernel.compute) < IDLE
    if idle:
        told.append(
            "Neither memory nor arithmetic is busy: it waits. More warps, or a larger num_stages, hide waiting."
        )
    if 0 < kernel.occupancy < FEW_WARPS and not told:
        told.append("Few warps are there at once: smaller tiles or fewer registers let in more programs.")
    if kernel.registers >= MANY_REGISTERS:
        told.append(
            f"{kernel.registers} registers a thread are near the most there is, 255: `compile` says whether they spill."
        )
    return [*told, *_counted(kernel)] or ["Nothing stands out: `benchmark` says how far from the bound it is."]


def _counted(kernel: Profiled) -> list[str]:
    """What only Nsight Compute counts."""
    told = []
    if kernel.stalls:
        first, total = kernel.stalls[0], sum(stall.warps for stall in kernel.stalls)
        why = STALLS.get(first.reason, f"({first.reason}, in the profiler's word)")
        told.append(f"Of the warps that wait, {first.warps / total:.0%} wait {why}.")
    if kernel.bank_conflicts is not None and kernel.bank_conflicts >= CONFLICTS:
        told.append(
            f"{kernel.bank_conflicts:.0%} of the passes over shared memory are there because threads meet in one "
            f"bank: another tile or another "
            "order of its axes lays it out otherwise."
        )
    if (
        kernel.l2_hits is not None
        and kernel.l2_hits < 1 - MISSES
        and kernel.memory is not None
        and kernel.memory >= IDLE
    ):
        told.append(
            f"The L2 held {kernel.l2_hits:.0%} of what was asked for: programs that run at once and read the same "
            f"tiles (a grouped order) find more."
        )
    if kernel.wgmma:
        told.append(
            f"Of its instructions {kernel.wgmma:.1%} are wgmma: the fewer others stand around them, the busier the tensor cores."
        )
    return told
