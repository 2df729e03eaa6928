"""Level 2's known mistakes, as edits of the solution, and right kernels written differently.

`formula` gives what the mistake computes, where that doesn't depend on the tiles. Everything here
is data: the judge decides.
"""

import torch

from triton_quest.course.mistake import Edit, Mistake, Variant

A_MASK = "a_mask = (offs_m[:, None] < M) & (offs_k[None, :] < K - k)"
B_MASK = "b_mask = (offs_k[:, None] < K - k) & (offs_n[None, :] < N)"
C_MASK = "c_mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)"
A_PTRS = "a_ptrs = a_ptr + offs_m[:, None] * stride_am + offs_k[None, :] * stride_ak"
B_PTRS = "b_ptrs = b_ptr + offs_k[:, None] * stride_bk + offs_n[None, :] * stride_bn"
A_PTRS_AT_K = A_PTRS.replace("offs_k", "(k + offs_k)")
B_PTRS_AT_K = B_PTRS.replace("offs_k", "(k + offs_k)")
C_PTRS = "c_ptrs = c_ptr + offs_m[:, None] * stride_cm + offs_n[None, :] * stride_cn"
LOAD_A = "a = tl.load(a_ptrs, mask=a_mask, other=0.0)"
LOAD_B = "b = tl.load(b_ptrs, mask=b_mask, other=0.0)"
ZEROS = "acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)"
DOT = 'acc = tl.dot(a, b, acc, input_precision="ieee")'
NEXT_A = "a_ptrs += BLOCK_K * stride_ak"
NEXT_B = "b_ptrs += BLOCK_K * stride_bk"
PID_M = "pid_m = first_m + place % rows"
PID_N = "pid_n = place // rows"
LOOP = "for k in range(0, K, BLOCK_K):"
BLOCKS = "BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M = 64, 64, 32, 8"
GRID = "grid = (triton.cdiv(M, BLOCK_M) * triton.cdiv(N, BLOCK_N),)"
ALLOCATION = "c = torch.empty((M, N), dtype=a.dtype, device=a.device)"
SHAPES = "M, K = a.shape"
STORE = "tl.store(c_ptrs, acc.to(c_ptr.dtype.element_ty), mask=c_mask)"


def _as_if_contiguous(x: torch.Tensor) -> torch.Tensor:
    """x: (rows, columns) read as if its strides were (columns, 1), in float64"""
    return x.as_strided(x.shape, (x.shape[1], 1)).double()


def a_as_if_contiguous(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N)"""
    return _as_if_contiguous(a) @ b.double()


def b_as_if_contiguous(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N)"""
    return a.double() @ _as_if_contiguous(b)


def both_as_if_contiguous(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N)"""
    return _as_if_contiguous(a) @ _as_if_contiguous(b)


MISTAKES = (
    # numbers: the strides
    Mistake(
        "a_assumed_contiguous",
        (Edit(A_PTRS, "a_ptrs = a_ptr + offs_m[:, None] * K + offs_k[None, :]"), Edit(NEXT_A, "a_ptrs += BLOCK_K")),
        caught_by="memory",
        says="Your result is what comes out when `a` is read as if it were contiguous: rows K apart, columns 1 apart. "
        "Its strides are stride_am and stride_ak.",
        hint=2,
        formula=a_as_if_contiguous,
    ),
    Mistake(
        "b_assumed_contiguous",
        (Edit(B_PTRS, "b_ptrs = b_ptr + offs_k[:, None] * N + offs_n[None, :]"), Edit(NEXT_B, "b_ptrs += BLOCK_K * N")),
        caught_by="memory",
        says="Your result is what comes out when `b` is read as if it were contiguous: rows N apart, columns 1 apart. "
        "Its strides are stride_bk and stride_bn.",
        hint=2,
        formula=b_as_if_contiguous,
    ),
    Mistake(
        "both_assumed_contiguous",
        (
            Edit(A_PTRS, "a_ptrs = a_ptr + offs_m[:, None] * K + offs_k[None, :]"),
            Edit(NEXT_A, "a_ptrs += BLOCK_K"),
            Edit(B_PTRS, "b_ptrs = b_ptr + offs_k[:, None] * N + offs_n[None, :]"),
            Edit(NEXT_B, "b_ptrs += BLOCK_K * N"),
        ),
        caught_by="memory",
        says="Your result is what comes out when both matrices are read as if they were contiguous. "
        "Use the strides that the kernel is given.",
        hint=2,
        formula=both_as_if_contiguous,
    ),
    Mistake(
        "b_inner_stride_assumed",
        (Edit(B_PTRS, "b_ptrs = b_ptr + offs_k[:, None] * stride_bk + offs_n[None, :]"),),
        caught_by="memory",
        says="Your pointers to `b` step from column to column by 1 element. In a transposed or sliced `b` "
        "columns are stride_bn apart.",
        hint=2,
    ),
    # numbers: the loop over K
    Mistake(
        "accumulator_overwritten",
        (Edit(DOT, 'acc = tl.dot(a, b, input_precision="ieee")'),),
        caught_by="numbers",
        says="Your result holds the last step along K only. `acc` is set to zero once, before the loop, "
        "and each step adds to it.",
        hint=3,
    ),
    Mistake(
        "accumulator_reset_in_loop",
        (Edit(DOT, f"{ZEROS}\n        {DOT}"),),
        caught_by="numbers",
        says="Your result holds the last step along K only. `acc` is set to zero once, before the loop, "
        "and each step adds to it.",
        hint=3,
        same_output_as=("accumulator_overwritten",),
    ),
    Mistake(
        "first_step_only",
        (Edit(LOOP, "for k in range(0, BLOCK_K, BLOCK_K):"),),
        caught_by="numbers",
        says="Your result holds the first BLOCK_K terms of each sum and no more. The steps after the first add "
        "nothing: look at where the loop ends, and at what the masks say then.",
        hint=3,
    ),
    Mistake(
        "pointers_not_advanced",
        (Edit(NEXT_A, "pass"), Edit(NEXT_B, "pass")),
        caught_by="numbers",
        says="Your pointers stay where they are: every step along K loads the first tiles of `a` and `b` again.",
        hint=5,
    ),
    Mistake(
        "a_not_advanced",
        (Edit(NEXT_A, "pass"),),
        caught_by="numbers",
        says="Your `a_ptrs` don't move: every step along K multiplies the first tile of `a`.",
        hint=5,
    ),
    Mistake(
        "b_not_advanced",
        (Edit(NEXT_B, "pass"),),
        caught_by="numbers",
        says="Your `b_ptrs` don't move: every step along K multiplies with the first tile of `b`.",
        hint=5,
    ),
    Mistake(
        "a_advanced_without_stride",
        (Edit(NEXT_A, "a_ptrs += BLOCK_K"),),
        caught_by="numbers",
        says="Your `a_ptrs` move by BLOCK_K elements a step. The next tile is BLOCK_K columns away, and "
        "columns are stride_ak apart.",
        hint=5,
    ),
    Mistake(
        "b_advanced_without_stride",
        (Edit(NEXT_B, "b_ptrs += BLOCK_K"),),
        caught_by="memory",
        says="Your `b_ptrs` move by BLOCK_K elements a step. The next tile is BLOCK_K rows away, and rows are "
        "stride_bk apart.",
        hint=5,
    ),
    Mistake(
        "step_counted_twice",
        (
            Edit(A_MASK, "a_mask = (offs_m[:, None] < M) & (offs_k[None, :] < K - k * BLOCK_K)"),
            Edit(B_MASK, "b_mask = (offs_k[:, None] < K - k * BLOCK_K) & (offs_n[None, :] < N)"),
        ),
        caught_by="numbers",
        says="Your result holds few terms beyond the first BLOCK_K of each sum: the later steps are masked off. "
        "`k` goes up by BLOCK_K itself, so K - k columns are left.",
        hint=4,
        same_output_as=("first_step_only",),
    ),
    # numbers: the accumulator's dtype
    Mistake(
        "accumulator_in_input_dtype",
        (
            Edit(ZEROS, "acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=c_ptr.dtype.element_ty)"),
            Edit(DOT, 'acc += tl.dot(a, b, input_precision="ieee").to(acc.dtype)'),
        ),
        caught_by="numbers",
        says="Your accumulator is rounded to half precision in each step, and in a long sum the errors add up. "
        "Keep `acc` in tl.float32 and convert it once, after the loop.",
        hint=3,
    ),
    # memory
    Mistake(
        "no_k_mask",
        (Edit(A_MASK, "a_mask = offs_m[:, None] < M"), Edit(B_MASK, "b_mask = offs_n[None, :] < N")),
        caught_by="memory",
        says="Your masks let lanes beyond K through in the last step, and they are added to the sum: "
        "compare offs_k with K - k.",
        hint=4,
    ),
    Mistake(
        "k_mask_ignores_step",
        (
            Edit(A_MASK, "a_mask = (offs_m[:, None] < M) & (offs_k[None, :] < K)"),
            Edit(B_MASK, "b_mask = (offs_k[:, None] < K) & (offs_n[None, :] < N)"),
        ),
        caught_by="memory",
        says="Your masks let lanes beyond K through in the last step. The pointers have moved on by k by then: "
        "compare offs_k with K - k, not with K.",
        hint=4,
    ),
    Mistake(
        "no_row_mask_on_a",
        (Edit(A_MASK, "a_mask = offs_k[None, :] < K - k"),),
        caught_by="memory",
        says="Your load of `a` has no mask that stops at row M: the lowest tiles hang over the end of `a`.",
        hint=4,
    ),
    Mistake(
        "no_column_mask_on_b",
        (Edit(B_MASK, "b_mask = offs_k[:, None] < K - k"),),
        caught_by="memory",
        says="Your load of `b` has no mask that stops at column N: the rightmost tiles hang over the end of `b`.",
        hint=4,
    ),
    Mistake(
        "no_load_masks",
        (Edit(LOAD_A, "a = tl.load(a_ptrs)"), Edit(LOAD_B, "b = tl.load(b_ptrs)")),
        caught_by="memory",
        says="Your loads have no masks: tiles that hang over an edge read what lies behind it.",
        hint=4,
    ),
    Mistake(
        "mask_one_too_far",
        (Edit(A_MASK, "a_mask = (offs_m[:, None] <= M) & (offs_k[None, :] <= K - k)"),),
        caught_by="memory",
        says="Your mask of `a` uses `<=`: it lets in row M and column K, and the last ones are M - 1 and K - 1.",
        hint=4,
    ),
    Mistake(
        "no_other",
        (Edit(LOAD_A, "a = tl.load(a_ptrs, mask=a_mask)"), Edit(LOAD_B, "b = tl.load(b_ptrs, mask=b_mask)")),
        caught_by="memory",
        says="Your loads say nothing about the lanes that are masked off. Those along K take part in the sum: "
        "give them `other=0.0`.",
        hint=4,
    ),
    Mistake(
        "no_row_mask_on_store",
        (Edit(C_MASK, "c_mask = offs_n[None, :] < N"),),
        caught_by="memory",
        says="Your store has no mask that stops at row M: the lowest tiles write beyond the end of `c`.",
        hint=4,
    ),
    Mistake(
        "no_column_mask_on_store",
        (Edit(C_MASK, "c_mask = offs_m[:, None] < M"),),
        caught_by="memory",
        says="Your store has no mask that stops at column N: what hangs over on the right lands in the next "
        "rows of `c`.",
        hint=4,
    ),
    Mistake(
        "a_strides_swapped",
        (
            Edit(A_PTRS, "a_ptrs = a_ptr + offs_m[:, None] * stride_ak + offs_k[None, :] * stride_am"),
            Edit(NEXT_A, "a_ptrs += BLOCK_K * stride_am"),
        ),
        caught_by="memory",
        says="Your pointers use the two strides of `a` the wrong way round: rows are stride_am apart, columns "
        "stride_ak.",
        hint=2,
    ),
    Mistake(
        "b_strides_swapped",
        (
            Edit(B_PTRS, "b_ptrs = b_ptr + offs_k[:, None] * stride_bn + offs_n[None, :] * stride_bk"),
            Edit(NEXT_B, "b_ptrs += BLOCK_K * stride_bn"),
        ),
        caught_by="memory",
        says="Your pointers use the two strides of `b` the wrong way round: rows are stride_bk apart, columns "
        "stride_bn.",
        hint=2,
    ),
    Mistake(
        "a_advanced_downwards",
        (Edit(NEXT_A, "a_ptrs += BLOCK_K * stride_am"),),
        caught_by="memory",
        says="Your `a_ptrs` move down by BLOCK_K rows of `a`. K runs to the right in `a`: columns are stride_ak apart.",
        hint=5,
    ),
    Mistake(
        "result_transposed",
        (Edit(C_PTRS, "c_ptrs = c_ptr + offs_m[:, None] * stride_cn + offs_n[None, :] * stride_cm"),),
        caught_by="memory",
        says="Your store writes the transpose: it uses the two strides of `c` the wrong way round. Rows are "
        "stride_cm apart, columns stride_cn.",
        hint=2,
    ),
    Mistake(
        "tile_numbers_swapped",
        (
            Edit("offs_m = pid_m * BLOCK_M", "offs_m = pid_n * BLOCK_M"),
            Edit("offs_n = pid_n * BLOCK_N", "offs_n = pid_m * BLOCK_N"),
        ),
        caught_by="memory",
        says="Your tile numbers are the wrong way round: rows belong to pid_m, the number of the tile from the top, "
        "and columns to pid_n.",
        hint=1,
    ),
    Mistake(
        "offsets_without_block",
        (Edit("offs_m = pid_m * BLOCK_M", "offs_m = pid_m"), Edit("offs_n = pid_n * BLOCK_N", "offs_n = pid_n")),
        caught_by="memory",
        says="Your tiles overlap: tile number pid_m begins at row pid_m * BLOCK_M, and tile number pid_n at "
        "column pid_n * BLOCK_N.",
        hint=1,
    ),
    Mistake(
        "grid_axes_swapped",
        (
            Edit(GRID, "grid = (triton.cdiv(N, BLOCK_N), triton.cdiv(M, BLOCK_M))"),
            Edit(PID_M, "pid_m = tl.program_id(axis=0)"),
            Edit(PID_N, "pid_n = tl.program_id(axis=1)"),
        ),
        caught_by="memory",
        says="Your tile numbers are the wrong way round: pid_m must count ceil(M / BLOCK_M) programs, "
        "and pid_n ceil(N / BLOCK_N).",
        hint=1,
    ),
    Mistake(
        "grid_rounded_down",
        (Edit(GRID, "grid = ((M // BLOCK_M) * (N // BLOCK_N),)"),),
        caught_by="memory",
        says="Your grid rounds down: the tiles that hang over an edge get no program. triton.cdiv rounds up.",
        hint=1,
    ),
    # compile
    Mistake(
        "and_between_masks",
        (Edit(C_MASK, "c_mask = (offs_m[:, None] < M) and (offs_n[None, :] < N)"),),
        caught_by="compile",
        says="Your mask joins two blocks with `and`, which asks a whole block for a single True or False. "
        "Write `&`, with brackets around each comparison.",
        hint=4,
    ),
    Mistake(
        "accumulator_changes_dtype",
        (
            Edit(ZEROS, "acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float16)"),
            Edit(DOT, 'acc += tl.dot(a, b, input_precision="ieee")'),
        ),
        caught_by="compile",
        says="Your `acc` starts as fp16 and becomes fp32 in the loop. A variable keeps one dtype through a "
        "loop: create it as tl.float32.",
        hint=3,
    ),
    Mistake(
        "accumulator_starts_as_number",
        (Edit(ZEROS, "acc = 0.0"), Edit(DOT, 'acc += tl.dot(a, b, input_precision="ieee")')),
        caught_by="compile",
        says="Your `acc` starts as a single number and becomes a tile in the loop. A variable keeps one shape "
        "through a loop: begin with tl.zeros.",
        hint=3,
    ),
    # rules
    Mistake(
        "computed_in_torch",
        (Edit("    return c\n", "    return a @ b\n"),),
        caught_by="rules",
        says="Your launcher returns `a @ b`, computed by PyTorch. The product has to come from the kernel.",
        hint=1,
    ),
    Mistake(
        "copied_to_contiguous",
        (Edit(SHAPES, f"a, b = a.contiguous(), b.contiguous()\n    {SHAPES}"),),
        caught_by="rules",
        says="Your launcher copies its inputs with `.contiguous()`. In this level strides are the lesson: let "
        "the kernel read `a` and `b` where they lie.",
        hint=2,
    ),
    Mistake(
        "result_cast_in_launcher",
        (
            Edit(ALLOCATION, "c = torch.empty((M, N), dtype=torch.float32, device=a.device)"),
            Edit("    return c\n", "    return c.to(a.dtype)\n"),
        ),
        caught_by="rules",
        says="Your launcher converts the result with `.to(...)` in PyTorch: one more pass over `c`. "
        "Allocate `c` in the dtype of the inputs, and the store converts.",
        hint=3,
    ),
    # contract
    Mistake(
        "result_always_fp32",
        (Edit(ALLOCATION, "c = torch.empty((M, N), dtype=torch.float32, device=a.device)"),),
        caught_by="contract",
        says="Your result is fp32 whatever the inputs are. Only `acc` is fp32; `c` has the dtype of `a` and `b`.",
        hint=3,
    ),
)

VARIANTS = (
    Variant(
        "blocks_16",
        (Edit(BLOCKS, "BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M = 16, 16, 16, 8"),),
        "the smallest tiles that tl.dot takes are as right as any",
    ),
    Variant(
        "blocks_128",
        (
            Edit(BLOCKS, "BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M = 128, 128, 32, 8"),
            Edit("num_warps, num_stages = 4, 3", "num_warps, num_stages = 8, 3"),
            Edit(DOT, "acc = tl.dot(a, b, acc)"),
        ),
        "large tiles, with the dot in its default precision",
    ),
    Variant(
        "blocks_of_three_sizes",
        (Edit(BLOCKS, "BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M = 32, 64, 16, 4"),),
        "the three block sizes are independent",
    ),
    Variant(
        "default_precision",
        (Edit(DOT, "acc = tl.dot(a, b, acc)"),),
        "tl.dot without a precision: TF32 for fp32 inputs on a GPU, judged by the half-precision budget",
    ),
    Variant(
        "accumulator_added",
        (Edit(DOT, 'acc += tl.dot(a, b, input_precision="ieee")'),),
        "acc + dot is what the third argument does",
    ),
    Variant(
        "implicit_cast",
        (Edit(STORE, "tl.store(c_ptrs, acc, mask=c_mask)"),),
        "tl.store converts to the dtype that the pointer points to",
    ),
    Variant(
        "row_by_row",
        (Edit(PID_M, "pid_m = pid // tiles_n"), Edit(PID_N, "pid_n = pid % tiles_n")),
        "the order of the programs changes the speed, not the result",
    ),
    Variant(
        "grid_of_two_axes",
        (
            Edit(GRID, "grid = (triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N))"),
            Edit(PID_M, "pid_m = tl.program_id(axis=0)"),
            Edit(PID_N, "pid_n = tl.program_id(axis=1)"),
        ),
        "a 2-D grid names the tiles directly",
    ),
    Variant(
        "steps_counted",
        (
            Edit(LOOP, "for step in range(0, tl.cdiv(K, BLOCK_K)):"),
            Edit(A_MASK, "a_mask = (offs_m[:, None] < M) & (offs_k[None, :] < K - step * BLOCK_K)"),
            Edit(B_MASK, "b_mask = (offs_k[:, None] < K - step * BLOCK_K) & (offs_n[None, :] < N)"),
        ),
        "the loop may count steps instead of columns",
    ),
    Variant(
        "pointers_made_anew",
        (
            Edit(
                A_MASK,
                f"{A_PTRS_AT_K}\n        {B_PTRS_AT_K}\n        {A_MASK}",
            ),
            Edit(NEXT_A, "pass"),
            Edit(NEXT_B, "pass"),
        ),
        "pointers may be computed in each step instead of moved",
    ),
    Variant(
        "wrapped_around",
        (
            Edit(A_PTRS, A_PTRS.replace("offs_m[:, None]", "(offs_m % M)[:, None]")),
            Edit(B_PTRS, B_PTRS.replace("offs_n[None, :]", "(offs_n % N)[None, :]")),
            Edit(A_MASK, "a_mask = offs_k[None, :] < K - k"),
            Edit(B_MASK, "b_mask = offs_k[:, None] < K - k"),
        ),
        "the official tutorial's way: indices that hang over an edge wrap around to real rows, and the "
        "store's mask drops them",
    ),
    Variant(
        "zeros_by_where",
        (
            Edit(LOAD_A, "a = tl.where(a_mask, tl.load(a_ptrs, mask=a_mask), 0.0)"),
            Edit(LOAD_B, "b = tl.where(b_mask, tl.load(b_ptrs, mask=b_mask), 0.0)"),
        ),
        "lanes without `other` never reach the sum when tl.where replaces them",
    ),
    Variant(
        "without_dot",
        (
            Edit(BLOCKS, "BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M = 16, 16, 16, 8"),
            Edit(DOT, "acc += tl.sum(a[:, None, :].to(tl.float32) * tl.trans(b)[None, :, :].to(tl.float32), axis=2)"),
        ),
        "the product written out as a sum over a third axis",
    ),
)
