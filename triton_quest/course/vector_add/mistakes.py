"""Wrong versions of level 1 and right ones written differently, each a named edit of the solution."""

import torch

from triton_quest.course.mistake import Edit, Mistake, Variant

# The lines of the solution that the edits below touch.
PID = "    pid = tl.program_id(axis=0)\n"
OFFSETS = "    offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)\n"
MASK = "    mask = offsets < n\n"
LOAD_X = "    x = tl.load(x_ptr + offsets, mask=mask)\n"
LOAD_Y = "    y = tl.load(y_ptr + offsets, mask=mask)\n"
STORE = "    tl.store(out_ptr + offsets, x + y, mask=mask)\n"
OUT = "    out = torch.empty_like(x)\n"
BLOCK = "    BLOCK_SIZE = 1024\n"
GRID = "    grid = (triton.cdiv(n, BLOCK_SIZE),)  # ceil(n / BLOCK_SIZE) programs\n"
LAUNCH = "    add_kernel[grid](x, y, out, n, BLOCK_SIZE=BLOCK_SIZE)\n"
RETURN = "    return out\n"


def in_a_loop(loop: str, *inside: str) -> tuple[Edit, ...]:
    """The whole body in a loop that sets `pid` to one block after the other."""
    head = "".join(f"        {line}\n" for line in inside)
    return (
        Edit(PID, ""),
        Edit(OFFSETS, f"    {loop}\n{head}    " + OFFSETS),
        *(Edit(line, "    " + line) for line in (MASK, LOAD_X, LOAD_Y, STORE)),
    )


def stored(what: str) -> tuple[Edit, ...]:
    return (Edit(STORE, STORE.replace("x + y", what)),)


def twice_x(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x + x


def twice_y(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return y + y


def only_x(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x.clone()


def only_y(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return y.clone()


def product(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x * y


def difference(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x - y


MISTAKES = (
    # -- masks
    Mistake(
        "no_masks",
        (
            Edit("x_ptr + offsets, mask=mask", "x_ptr + offsets"),
            Edit("y_ptr + offsets, mask=mask", "y_ptr + offsets"),
            Edit("x + y, mask=mask", "x + y"),
        ),
        "memory",
        "Your loads and your store have no mask: the last block hangs over the end of the vectors.",
        3,
    ),
    Mistake(
        "no_mask_on_x",
        (Edit("x_ptr + offsets, mask=mask", "x_ptr + offsets"),),
        "memory",
        "Your load of x has no mask: in the last block it reads beyond the end of x.",
        4,
    ),
    Mistake(
        "no_mask_on_y",
        (Edit("y_ptr + offsets, mask=mask", "y_ptr + offsets"),),
        "memory",
        "Your load of y has no mask: in the last block it reads beyond the end of y.",
        4,
    ),
    Mistake(
        "no_mask_on_the_store",
        (Edit("x + y, mask=mask", "x + y"),),
        "memory",
        "Your store has no mask: in the last block it writes beyond the end of out, into somebody else's data.",
        5,
    ),
    Mistake(
        "mask_one_too_many",
        (Edit(MASK, "    mask = offsets <= n\n"),),
        "memory",
        "Your mask lets index `n` through, which doesn't exist: the last index is `n - 1`, so compare with `<`.",
        3,
    ),
    Mistake(
        "mask_one_too_few",
        (Edit(MASK, "    mask = offsets < n - 1\n"),),
        "memory",
        "Your mask leaves out the last element: it is never written. Index `n - 1` exists.",
        3,
    ),
    Mistake(
        "mask_within_the_block",
        (Edit(MASK, "    mask = tl.arange(0, BLOCK_SIZE) < n\n"),),
        "memory",
        "Your mask compares the position within the block with `n`: compare the offsets, the indices in the vector.",
        3,
    ),
    Mistake(
        "mask_of_the_first_block",
        (Edit(MASK, "    mask = offsets < BLOCK_SIZE\n"),),
        "memory",
        "Your mask compares the offsets with BLOCK_SIZE: what ends the vectors is `n`.",
        3,
    ),
    Mistake(
        "mask_the_wrong_way_round",
        (Edit(MASK, "    mask = offsets >= n\n"),),
        "memory",
        "Your mask is True where an index does not exist: it has to be True where it does, `offsets < n`.",
        3,
    ),
    # -- offsets
    Mistake(
        "blocks_overlap",
        (Edit(OFFSETS, "    offsets = pid + tl.arange(0, BLOCK_SIZE)\n"),),
        "memory",
        "Your blocks start one element apart instead of BLOCK_SIZE: they overlap, and most of out is never written.",
        2,
    ),
    Mistake(
        "pid_forgotten",
        (Edit(OFFSETS, "    offsets = tl.arange(0, BLOCK_SIZE)\n"),),
        "memory",
        "Your offsets don't depend on `pid`: every program works on the first block, and the rest is never written.",
        2,
    ),
    Mistake(
        "arange_forgotten",
        (Edit(OFFSETS, "    offsets = pid * BLOCK_SIZE\n"),),
        "memory",
        "Your offsets are a single index, the first of the block: add `tl.arange(0, BLOCK_SIZE)` to have all of them.",
        2,
    ),
    Mistake(
        "arange_multiplied",
        (Edit(OFFSETS, "    offsets = pid + tl.arange(0, BLOCK_SIZE) * BLOCK_SIZE\n"),),
        "memory",
        "Your lanes are BLOCK_SIZE elements apart: multiply `pid`, not the lanes, which are neighbours.",
        2,
    ),
    Mistake(
        "one_block_too_far",
        (Edit(OFFSETS, "    offsets = (pid + 1) * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)\n"),),
        "memory",
        "Your first block starts at BLOCK_SIZE: the first program is number 0, and its block starts at 0.",
        2,
    ),
    Mistake(
        "wrong_axis_of_the_grid",
        (Edit(PID, "    pid = tl.program_id(axis=1)\n"),),
        "memory",
        "Your programs all have number 0: the grid has one axis, axis 0, and along axis 1 every program is number 0.",
        1,
    ),
    Mistake(
        "number_of_programs_for_pid",
        (Edit(PID, "    pid = tl.num_programs(axis=0)\n"),),
        "memory",
        "Your `pid` is the number of programs, the same in every program: `tl.program_id` says which one this is.",
        1,
    ),
    # -- loads and store
    Mistake(
        "bytes_for_elements",
        (Edit("x_ptr + offsets, mask", "x_ptr + offsets * 4, mask"),),
        "memory",
        "Your load of x multiplies the offsets by a size in bytes: adding 1 to a pointer moves it by a whole element.",
        4,
    ),
    Mistake(
        "x_twice",
        (Edit(LOAD_Y, "    y = tl.load(x_ptr + offsets, mask=mask)\n"),),
        "numbers",
        "Your output equals x + x: y isn't read.",
        4,
        twice_x,
    ),
    Mistake(
        "y_twice",
        (Edit(LOAD_X, "    x = tl.load(y_ptr + offsets, mask=mask)\n"),),
        "numbers",
        "Your output equals y + y: x isn't read.",
        4,
        twice_y,
    ),
    Mistake("x_only", stored("x"), "numbers", "Your output equals x: y isn't added.", 5, only_x),
    Mistake("y_only", stored("y"), "numbers", "Your output equals y: x isn't added.", 5, only_y),
    Mistake("product", stored("x * y"), "numbers", "Your output equals x * y: the sum is asked for.", 5, product),
    Mistake("difference", stored("x - y"), "numbers", "Your output equals x - y: the sum is asked for.", 5, difference),
    Mistake(
        "stored_at_the_start",
        (Edit("out_ptr + offsets", "out_ptr + tl.arange(0, BLOCK_SIZE)"),),
        "memory",
        "Your programs all store into the first block of out: store at the same offsets that you load from.",
        5,
    ),
    Mistake(
        "stored_into_x",
        (Edit("out_ptr + offsets", "x_ptr + offsets"),),
        "rules",
        "Your store writes into x, which has to stay as it was: the sum belongs in out.",
        5,
    ),
    Mistake(
        "sum_in_half",
        stored("x.to(tl.float16) + y.to(tl.float16)"),
        "numbers",
        "Your sum is computed in fp16: of fp32 numbers about three digits are left. Add x and y as they are.",
        5,
    ),
    # -- the launch
    Mistake(
        "grid_rounded_down",
        (Edit(GRID, "    grid = (max(n // BLOCK_SIZE, 1),)\n"),),
        "memory",
        "Your grid is n / BLOCK_SIZE rounded down: the rest behind the last whole block has no program. Round up.",
        2,
    ),
    Mistake(
        "one_program",
        (Edit(GRID, "    grid = (1,)\n"),),
        "memory",
        "Your grid has one program, which writes one block: the others have no program.",
        2,
    ),
    # -- rules
    Mistake(
        "sum_returned",
        (Edit(RETURN, "    return x + y\n"),),
        "rules",
        "Your launcher returns a sum that PyTorch computed: the kernel has to compute the answer.",
        1,
    ),
    Mistake(
        "sum_before_the_launch",
        (Edit(OUT, "    out = torch.add(x, y)\n"),),
        "rules",
        "Your launcher computes the sum in PyTorch before the kernel runs: allocate out with `torch.empty_like(x)`.",
        1,
    ),
    Mistake(
        "kernel_not_launched",
        (Edit(LAUNCH, ""), Edit(RETURN, "    return out.copy_(x).add_(y)\n")),
        "rules",
        "Your launcher launches no kernel: the kernel has to compute the answer.",
        1,
    ),
    Mistake(
        "cast_in_the_launcher",
        (Edit(OUT, OUT + "    x, y = x.float(), y.float()\n"),),
        "rules",
        "Your launcher converts x and y to fp32 in PyTorch, which writes copies: the kernel adds them as they are.",
        1,
    ),
    Mistake(
        "in_place",
        (Edit(OUT, "    out = x\n"),),
        "rules",
        "Your launcher writes the result into x: the inputs have to stay as they were.",
        5,
    ),
    # -- contract
    Mistake(
        "nothing_returned",
        (Edit(RETURN, ""),),
        "contract",
        "Your launcher returns nothing: it has to return out.",
        1,
    ),
    Mistake(
        "fp32_out",
        (Edit(OUT, "    out = torch.empty_like(x, dtype=torch.float32)\n"),),
        "contract",
        "Your output is always fp32: it has to have the dtype of x.",
        5,
    ),
    # -- what only the interpreter accepts
    Mistake(
        "if_on_a_block",
        (Edit(STORE, "    if mask:\n    " + STORE),),
        "compile",
        "Your `if` asks a whole block of True and False: a program takes one way for all of its lanes. "
        "The mask of the store does what you mean.",
        5,
    ),
    Mistake(
        "break_in_a_loop",
        (
            *in_a_loop("for pid in range(0, 1 << 20):", "if pid * BLOCK_SIZE >= n:", "    break"),
            Edit(GRID, "    grid = (1,)\n"),
        ),
        "compile",
        "Your loop has a `break`, which doesn't exist in a kernel: let the range end where the work ends.",
        1,
    ),
    Mistake(
        "global_in_the_kernel",
        (
            Edit("@triton.jit\n", "SIZE = 256\n\n\n@triton.jit\n"),
            Edit(OFFSETS, "    offsets = pid * SIZE + tl.arange(0, SIZE)\n"),
            Edit(BLOCK, "    BLOCK_SIZE = SIZE\n"),
        ),
        "compile",
        "Your kernel uses a variable of the module, which a compiled kernel can't see: BLOCK_SIZE is passed to it.",
        2,
    ),
)

VARIANTS = (
    Variant("blocks_of_128", (Edit(BLOCK, "    BLOCK_SIZE = 128\n"),), "Smaller blocks, more programs."),
    Variant("blocks_of_16", (Edit(BLOCK, "    BLOCK_SIZE = 16\n"),), "Very small blocks."),
    Variant("blocks_of_65536", (Edit(BLOCK, "    BLOCK_SIZE = 65536\n"),), "One block for nearly any vector."),
    Variant(
        "block_fits_the_vector",
        (Edit(BLOCK, "    BLOCK_SIZE = min(triton.next_power_of_2(n), 4096)\n"),),
        "The block size follows from the length.",
    ),
    Variant(
        "one_program_loops",
        (*in_a_loop("for pid in range(0, tl.cdiv(n, BLOCK_SIZE)):"), Edit(GRID, "    grid = (1,)\n")),
        "One program goes through all blocks: slow on a GPU, and right.",
    ),
    Variant(
        "four_programs_loop",
        (
            *in_a_loop("for pid in range(tl.program_id(axis=0), tl.cdiv(n, BLOCK_SIZE), tl.num_programs(axis=0)):"),
            Edit(BLOCK, "    BLOCK_SIZE = 128\n"),
            Edit(GRID, "    grid = (4,)\n"),
        ),
        "Four programs, each of which takes every fourth block. A program without a block does nothing.",
    ),
    Variant(
        "blocks_backwards",
        (Edit(PID, "    pid = tl.num_programs(axis=0) - 1 - tl.program_id(axis=0)\n"),),
        "Which program takes which block is free.",
    ),
    Variant(
        "strided_lanes",
        (Edit(OFFSETS, "    offsets = pid + tl.arange(0, BLOCK_SIZE) * tl.num_programs(axis=0)\n"),),
        "A program's elements needn't be neighbours: slower on a GPU, and right.",
    ),
    Variant(
        "wrap_around",
        (Edit(OFFSETS, "    offsets = (pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)) % n\n"),),
        "What hangs over the end starts again at 0: the same sums are written twice, so nothing goes wrong.",
    ),
    Variant(
        "programs_to_spare",
        (Edit(GRID, "    grid = (triton.cdiv(n, BLOCK_SIZE) + 3,)\n"),),
        "Programs beyond the end have all of their lanes masked off.",
    ),
    Variant(
        "two_axes",
        (
            Edit(PID, "    pid = tl.program_id(axis=0) * tl.num_programs(axis=1) + tl.program_id(axis=1)\n"),
            Edit(GRID, "    grid = (triton.cdiv(n, 2 * BLOCK_SIZE), 2)\n"),
        ),
        "A grid of two axes, counted through row by row.",
    ),
    Variant(
        "grid_from_a_function",
        (
            Edit(GRID, "    grid = lambda meta: (triton.cdiv(n, meta['BLOCK_SIZE']),)  # noqa: E731\n"),
            Edit(LAUNCH, "    add_kernel[grid](x, y, out, n, BLOCK_SIZE=BLOCK_SIZE, num_warps=8)\n"),
        ),
        "The grid as the official tutorials write it, and a number of warps.",
    ),
    Variant(
        "other_zero",
        (
            Edit(LOAD_X, LOAD_X.replace("mask=mask", "mask=mask, other=0.0")),
            Edit(STORE, STORE.replace("x + y", "y + x")),
        ),
        "A value for the masked-off lanes does no harm, nor does the order of the sum.",
    ),
    Variant(
        "added_in_fp32",
        stored("x.to(tl.float32) + y.to(tl.float32)"),
        "The sum in fp32, rounded once when it is stored.",
    ),
    Variant("out_zeroed", (Edit(OUT, "    out = torch.zeros_like(x)\n"),), "out filled before the launch."),
)
