"""
# Level 1: Vector addition

Add two vectors. One line of PyTorch, `x + y`, and everything that a GPU kernel is made of is already in it:
many copies of one program, each with its own piece of the work.

## The idea

A GPU doesn't run your function once. It runs many copies of it, at the same time and in no particular order. A
function that is run like this is a **kernel**. Each copy is called a **program**, and every program executes the same
lines. So the first question in any kernel is: *which program am I?* Triton answers with `tl.program_id(axis=0)`: 0 in
the first program, 1 in the second, and so on. We call this number `pid`.

From `pid` a program works out which elements are its own. Cut the vector into **blocks** of `BLOCK_SIZE`
elements: program 0 adds the first block, program 1 the second. A program doesn't loop over its block. It
handles the block as a whole, with a vector of indices (`offsets`) and one load, one add, one store. A place in such a
vector is called a **lane**: lane 0 holds the first element of the block, lane 1 the second.

Only one thing can go wrong: the length `n` is rarely a multiple of `BLOCK_SIZE`, so the last block hangs over
the end. There is no bounds check on a GPU. Reading past the end returns garbage, writing past it destroys
somebody else's data. A **mask**, a vector of True and False, one a lane, says which indices are real, and loads and
stores leave the others alone.

**What makes a kernel of a function.** The line `@triton.jit` above it. Below that line stands no Python any more, but
Triton's language, which looks like Python and knows much less. It is compiled for the GPU when it is first called
(*jit*: just in time). Python's part is the function at the end of this file, the **launcher**: it allocates the result,
and starts the programs.

**A program is not a thread.** A GPU computes with **threads**, each with a few numbers of its own. One program is worked
on by many threads, 128 here, and Triton deals the lanes out to them: 1024 lanes are 8 for each. You write what happens
to the block, and never see a thread. (If you know CUDA: a program is what is called a thread block there.)

**Without a GPU.** There, Triton's interpreter runs the programs one after the other, on the CPU. So that nothing passes here and
fails there, the judge also compiles each kernel for two GPUs, which its messages call what the compiler calls them:
`sm_80` is the A100, `sm_90` the H100.

## The maths

    out[i] = x[i] + y[i]        for i = 0, 1, ..., n - 1

Program `pid` is responsible for `i = pid * BLOCK_SIZE + j`, where `j = 0, 1, ..., BLOCK_SIZE - 1`, as long as `i < n`.

## A worked example

Take `n = 10` and `BLOCK_SIZE = 4`. We need `ceil(10 / 4) = 3` programs. In program 2 (the last one):

    pid      = 2
    offsets  = 2 * 4 + [0, 1, 2, 3]      = [8, 9, 10, 11]
    mask     = [8, 9, 10, 11] < 10       = [True, True, False, False]
    x        = [x[8], x[9], ?, ?]          (the last two lanes were not read)
    store    writes out[8] and out[9], and nothing else

## The picture

          program 0        program 1        program 2
                                                   masked off: these
                                                   indices don't exist
                                                     v  v
         +--+--+--+--+    +--+--+--+--+    +--+--+..+..+
    x    | 0| 1| 2| 3|    | 4| 5| 6| 7|    | 8| 9|  :  :
         +--+--+--+--+    +--+--+--+--+    +--+--+..+..+
              +                +                +
         +--+--+--+--+    +--+--+--+--+    +--+--+..+..+
    y    | 0| 1| 2| 3|    | 4| 5| 6| 7|    | 8| 9|  :  :
         +--+--+--+--+    +--+--+--+--+    +--+--+..+..+
              =                =                =
         +--+--+--+--+    +--+--+--+--+    +--+--+..+..+
    out  | 0| 1| 2| 3|    | 4| 5| 6| 7|    | 8| 9|  :  :
         +--+--+--+--+    +--+--+--+--+    +--+--+..+..+

## The algorithm

1. Ask which program this is: `pid`.
2. Compute the indices of its block: start at `pid * BLOCK_SIZE`, then 0, 1, 2, ... on top.
3. Compute the mask: which of these indices are smaller than `n`?
4. Load that block of `x`, with the mask.
5. Load that block of `y`, with the mask.
6. Store the sum at the same indices of `out`, with the mask.

The launcher `vector_add` (given) allocates `out` and starts `ceil(n / BLOCK_SIZE)` programs:
`add_kernel[(programs,)](...)`. The part in square brackets is called the **grid**.

## Triton functions used

- `tl.program_id(axis=0)`: the number of this program along the first axis of the grid.
- `tl.arange(0, BLOCK_SIZE)`: the vector `[0, 1, ..., BLOCK_SIZE - 1]`. Its length is a power of two, known when the
  kernel is compiled.
- `tl.load(pointers, mask=mask)`: reads one element per pointer, where the mask is True.
- `tl.store(pointers, values, mask=mask)`: writes one element per pointer, where the mask is True.

A tensor arrives in the kernel as a **pointer** to its first element, which is why the parameter is called `x_ptr`.
Adding integers to it moves it by that many *elements* (not bytes): `x_ptr + offsets` is a vector of pointers.
`BLOCK_SIZE: tl.constexpr` is a constant of the compilation: Triton makes a separate kernel for each value.

## What it costs

For each element the kernel reads 4 bytes of `x` and 4 of `y`, writes 4 of `out` (fp32), and does one addition:

    traffic     3 * 4 * n bytes        n = 1,000,000:  12 MB
    arithmetic  n additions            n = 1,000,000:   1 MFLOP

That is 1/12 of an operation per byte. A GPU has time for ten additions and more while it fetches a byte, so this kernel
is **memory-bound**: its speed is the speed of the memory, and the best we can do is to touch each byte once. We do.

## Common mistakes

- No mask on a load or on the store: right for `n = 1024`, wrong for `n = 1000`.
- `pid + tl.arange(...)` instead of `pid * BLOCK_SIZE + ...`: the blocks overlap, and most of a long vector is never
  written.
- `offsets <= n` in the mask: one element too many. The last index is `n - 1`.
- A mask on the loads and none on the store: the store is the one that does the damage.
- The sum computed and never stored: `out` stays as it was allocated, and nobody has written into it.

## Sources

- P. Tillet, H. T. Kung, D. Cox: *Triton: An Intermediate Language and Compiler for Tiled Neural Network Computations*,
  2019.
- The Triton documentation, tutorial 01, *Vector Addition*.

Behind the code: More on threads, and the names of GPUs.

To see what happens in the kernel, run this file itself: `python levels/level1_vector_add.py`. There,
`print('offsets', offsets)` and `breakpoint()` work in the middle of the kernel. Take a breakpoint out again before you
let the judge look.

A line that ends in `= ...` or is nothing but `...` is a gap. You needn't fill all of them before you ask: `check 1`
judges the gaps that you have filled, and lists the open ones. In these the judge puts lines of its own, which you don't
see, so that the kernel runs and what is said is about your lines.

Your task: fill the six gaps in this file, one line each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(
    x_ptr,  # pointer to the first element of x
    y_ptr,  # pointer to the first element of y
    out_ptr,  # pointer to the first element of out
    n,  # how many elements there are
    BLOCK_SIZE: tl.constexpr,  # how many elements one program handles
):
    # TODO 1 (1 line): `pid`, the number of this program along axis 0 of the grid.
    # [gap: pid]
    pid = tl.program_id(axis=0)
    # [end]

    # TODO 2 (1 line): `offsets`, the indices of this program's block: BLOCK_SIZE of them, from pid * BLOCK_SIZE on.
    # [gap: offsets]
    offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    # [end]

    # TODO 3 (1 line): `mask`, True where an index lies inside the vectors.
    # [gap: mask]
    mask = offsets < n
    # [end]

    # TODO 4 (1 line): `x`, this program's block of x. Mind the mask.                     4 * n bytes read in all
    # [gap: x]
    x = tl.load(x_ptr + offsets, mask=mask)
    # [end]

    # TODO 5 (1 line): `y`, the same block of y.                                          4 * n bytes read in all
    # [gap: y]
    y = tl.load(y_ptr + offsets, mask=mask)
    # [end]

    # TODO 6 (1 line): store the sum at the same indices of out. Mind the mask.           4 * n bytes written in all
    # [gap]
    tl.store(out_ptr + offsets, x + y, mask=mask)
    # [end]


def vector_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x + y for two contiguous vectors of one length and dtype.

    x: (n,), y: (n,) -> (n,). Raises ValueError for anything else.
    """
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"vector_add takes two vectors of one length, not {tuple(x.shape)} and {tuple(y.shape)}")
    if x.dtype != y.dtype or x.device != y.device:
        raise ValueError("vector_add takes two vectors of one dtype on one device")
    if not (x.is_contiguous() and y.is_contiguous()):
        raise ValueError("vector_add takes contiguous vectors: call .contiguous() first")

    out = torch.empty_like(x)
    n = out.numel()
    BLOCK_SIZE = 1024
    grid = (triton.cdiv(n, BLOCK_SIZE),)  # ceil(n / BLOCK_SIZE) programs
    add_kernel[grid](x, y, out, n, BLOCK_SIZE=BLOCK_SIZE)
    return out


MORE = """
## More on threads

The threads of a GPU come in groups of 32, called **warps**: the threads of a warp execute the same instruction at the
same time, each on numbers of its own. A program is given four warps, 4 * 32 = 128 threads, unless the launch asks for
another number with `num_warps=`. The cores that warps run on are called streaming multiprocessors, **SMs** for short: an
A100 has 108, an H100 132. A program stays on one SM from its first line to its last, and an SM holds several programs at
a time. While the warps of one wait for the memory, it computes with those of another. That is why a launch wants many
more programs than there are SMs: a million elements in blocks of 1024 make 977.

Nothing in the kernel says which thread has which lane, and nothing needs to. Where lanes must look at each other, as from
level 3 on, there is a function of Triton's for it.

## More on the names of GPUs

`sm` is the streaming multiprocessor again, and the number is its version: 8.0 in the A100, 9.0 in the H100 and the H200.
A kernel that compiles for one needn't fit the other, since they differ in how much fast memory an SM has. `compile 1`
shows what the compiler makes of your kernel for each of them. There, **registers** are the fastest memory of all: what a
thread computes with.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(vector_add)
