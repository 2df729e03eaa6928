"""What the toy is judged on."""

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race


def pair(d: Draw, n: int) -> tuple[torch.Tensor, ...]:
    return d.normal(n), d.normal(n)


CASES = (
    Case("one element", "the smallest", lambda d: pair(d, 1), quick=True),
    Case("two blocks and a rest", "every program finds its own block", lambda d: pair(d, 2 * d.block + 3), quick=True),
)
SHOWN = Case("a few", "what `show` draws", lambda d: pair(d, 2 * d.block + 3))
RACES = (Race("n = 4096", lambda d: pair(d, 4096), least_bytes=4 * 4 * 4096, dtype="fp32"),)


def the_two_add_up(call: Call, d: Draw) -> bool:
    """The sum and the difference add up to twice x."""
    x, y = d.normal(d.block + 3).round(), d.normal(d.block + 3).round()
    record = call(x, y)
    return torch.equal(record["total"] + record["difference"], 2.0 * x)


def one_launch_over_whole_blocks(call: Call, d: Draw) -> bool:
    """One kernel does it, in a program for each block, and allocates the answers alone."""
    x, y = pair(d, 3 * d.block)
    record = call(x, y)
    (launch,) = record.launches
    right = launch.kernel == "kernel" and launch.grid[0] * launch.constants["BLOCK"] == 3 * d.block
    return right and record.allocated_bytes == 3 * d.block * (4 + x.element_size()) and launch.config is None


PROPERTIES = (the_two_add_up, one_launch_over_whole_blocks)
