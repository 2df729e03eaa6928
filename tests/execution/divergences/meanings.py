"""What compiles, and does something else on a GPU than in the interpreter. Its neighbours that mean the same pass."""

import triton
import triton.language as tl

from .cases import accepted, floats, refused


@refused("and_or_on_blocks", "write `&` and `|`", compiles=True, x_ptr=floats, n=8, N=16)
@triton.jit
def joins_masks_by_and(x_ptr, n, N: tl.constexpr):
    offsets = tl.arange(0, N)
    mask = offsets < n and offsets > 2  # here
    tl.store(x_ptr + offsets, 1.0, mask=mask)


@refused("not_on_block", "write `~`", compiles=True, x_ptr=floats, n=8, N=16)
@triton.jit
def negates_a_mask_by_not(x_ptr, n, N: tl.constexpr):
    offsets = tl.arange(0, N)
    tl.store(x_ptr + offsets, 1.0, mask=not (offsets < n))  # here


@refused(
    "min_max_on_blocks", "`tl.maximum(a, b)`; likewise `tl.min` and `tl.minimum`", compiles=True, x_ptr=floats, N=16
)
@triton.jit
def takes_pythons_max_of_a_block(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), max(x, 0.0))  # here


@refused("or_as_default", "write `tl.where(condition, a, b)`", compiles=True, x_ptr=floats, n=4)
@triton.jit
def takes_a_default_by_or(x_ptr, n):
    length = n or 3  # here
    tl.store(x_ptr, length * 1.0)


@refused("masks_added", "write `|` for either", before=(3, 9), compiles=True, x_ptr=floats, n=4, N=16)
@triton.jit
def adds_masks(x_ptr, n, N: tl.constexpr):
    offsets = tl.arange(0, N)
    tl.store(x_ptr + offsets, 1.0, mask=(offsets < n) + (offsets < 8))  # here


@refused("counter_after_loop", "`i` has no value after its loop", compiles=True, x_ptr=floats, n=4)
@triton.jit
def uses_the_counter_after_its_loop(x_ptr, n):
    for i in range(n):
        tl.store(x_ptr + i, 1.0)
    tl.store(x_ptr + i, 2.0)  # here


@accepted(x_ptr=floats, n=8, N=16)
@triton.jit
def uses_truth_where_it_means_the_same(x_ptr, n, N: tl.constexpr, MASKED: tl.constexpr = True):
    offsets = tl.arange(0, N)
    mask = MASKED and offsets < n
    both = n > 2 and tl.program_id(0) == 0
    if both and not n > 100:
        tl.store(x_ptr + offsets, 1.0, mask=mask & (offsets > 2))
    if n and not MASKED:
        tl.store(x_ptr + offsets, 1.0)


@accepted(x_ptr=floats, n=8, N=16)
@triton.jit
def uses_min_and_max_of_scalars(x_ptr, n, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, min(N, 8)))
    tl.store(x_ptr + tl.arange(0, min(N, 8)), tl.maximum(x, 0.0) * max(n, 3))


@accepted(x_ptr=floats, n=4)
@triton.jit
def uses_a_counter_again(x_ptr, n):
    for i in range(n):
        tl.store(x_ptr + i, 1.0)
    for i in range(n):
        tl.store(x_ptr + i, 1.0)
    for i in tl.static_range(4):
        tl.store(x_ptr + i, 1.0)
    tl.store(x_ptr + i, 2.0)
    i = 7
    tl.store(x_ptr + i, 2.0)
