"""What only some versions of Triton compile: `since` and `before` say which of them refuse it.

Others that changed stand with their kind: chained comparisons, `:=`, the type of a dot's accumulator, masks that are added.
"""

import triton
import triton.language as tl

from .cases import accepted, floats, integers, refused


@refused("newer_function", "`tl.atomic_add(pointer, 0)`", before=(3, 9), x_ptr=integers)
@triton.jit
def reads_atomically(x_ptr):
    tl.store(x_ptr + 1, tl.atomic_load(x_ptr))  # here


@refused("newer_function", "`tl.atomic_xchg(pointer, value)`", before=(3, 9), x_ptr=integers)
@triton.jit
def stores_atomically(x_ptr):
    tl.atomic_store(x_ptr, 3)  # here


@refused("newer_function", "read in a loop", before=(3, 9), x_ptr=integers)
@triton.jit
def waits_for_a_value(x_ptr):
    tl.atomic_poll(x_ptr, 3)  # here


@accepted(x_ptr=integers)
@triton.jit
def does_as_the_advice_on_newer_functions_says(x_ptr):
    tl.store(x_ptr + 1, tl.atomic_add(x_ptr, 0))
    tl.atomic_xchg(x_ptr, 3)
    while tl.atomic_add(x_ptr, 0) != 3:
        tl.debug_barrier()


@refused("gone_argument", "tl.load(pointers, mask=offsets < n, other=0.0)", since=(3, 9), x_ptr=floats, N=16)
@triton.jit
def checks_no_boundary(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N), boundary_check=())  # here
    tl.store(x_ptr + tl.arange(0, N), x)


@refused("unknown_argument", "is it misspelt?", x_ptr=floats, n=8, N=16)
@triton.jit
def misspells_an_argument(x_ptr, n, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N), maks=tl.arange(0, N) < n)  # here
    tl.store(x_ptr + tl.arange(0, N), x)


@refused("comprehension_condition", "`tl.static_range`", before=(3, 9), compiles=True, x_ptr=floats)
@triton.jit
def picks_elements_of_a_tuple(x_ptr):
    odd = [number for number in (1, 2, 3) if number % 2 == 1]  # here
    for place in tl.static_range(len(odd)):
        tl.store(x_ptr + place, odd[place] * 1.0)


@accepted(x_ptr=floats)
@triton.jit
def picks_by_a_static_loop(x_ptr):
    for number in tl.static_range(1, 4):
        if number % 2 == 1:
            tl.store(x_ptr + number, number * 1.0)
