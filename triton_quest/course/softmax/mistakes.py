"""Wrong versions of level 3 and right ones written differently, each a named edit of the solution.

The formulas give what a mistake puts out, whatever the block size. They compute in float64, but for `no_max`: only in
fp32 does it overflow as the kernel does.
"""

import torch

from triton_quest.course.mistake import Edit, Mistake, Variant

# The lines of the solution that the edits below touch.
N_COLS = "    n_cols,  # how many columns there are\n"
ROW = "    row = tl.program_id(axis=0)\n"
COLS = "    cols = tl.arange(0, BLOCK_SIZE)\n"
MASK = "    mask = cols < n_cols\n"
X_POINTERS = "x_ptr + row * stride_x_row + cols * stride_x_col"
LOAD = f'    x = tl.load({X_POINTERS}, mask=mask, other=-float("inf"))\n'
CAST = "    x = x.to(tl.float32)\n"
ROW_MAX = "    row_max = tl.max(x, axis=0)\n"
NUMERATOR = "    numerator = tl.exp(x - row_max)  # exp(-inf) = 0 in the masked lanes\n"
DENOMINATOR = "    denominator = tl.sum(numerator, axis=0)\n"
OUT_POINTERS = "out_ptr + row * stride_out_row + cols * stride_out_col"
STORE = f"    tl.store({OUT_POINTERS}, numerator / denominator, mask=mask)\n"
OUT = "    out = torch.empty_like(x)\n"
BLOCK = "    BLOCK_SIZE = triton.next_power_of_2(n_cols)  # the smallest power of two that holds a row\n"
GRID = "    grid = (n_rows,)  # one program per row\n"
ARGUMENTS = "n_cols, BLOCK_SIZE=BLOCK_SIZE"
RETURN = "    return out\n"


def in_steps(*lines: str) -> str:
    """A kernel body of these lines, indented as a function's is."""
    return "".join(f"    {line}\n" for line in lines)


LOAD_STEP = (
    "for start in range(0, n_cols, BLOCK_SIZE):",
    "    here = start + cols",
    "    x = tl.load(",
    '        x_ptr + row * stride_x_row + here * stride_x_col, mask=here < n_cols, other=-float("inf")',
    "    ).to(tl.float32)",
)
STORE_STEP = (
    *LOAD_STEP,
    "    tl.store(",
    "        out_ptr + row * stride_out_row + here * stride_out_col,",
    "        tl.exp(x - row_max) / denominator,",
    "        mask=here < n_cols,",
    "    )",
)


def by_blocks(block: int, *before_the_store: str, store: tuple[str, ...] = STORE_STEP) -> tuple[Edit, ...]:
    """A fixed BLOCK_SIZE, with loops over the blocks of the row: `before_the_store` finds the maximum and the sum."""
    return (
        Edit(MASK, ""),
        Edit(LOAD, in_steps(*before_the_store)),
        *(Edit(line, "") for line in (CAST, ROW_MAX, NUMERATOR, DENOMINATOR)),
        Edit(STORE, in_steps(*store)),
        Edit(BLOCK, f"    BLOCK_SIZE = {block}\n"),
    )


THREE_PASSES = (
    'row_max = -float("inf")',
    *LOAD_STEP,
    "    row_max = tl.maximum(row_max, tl.max(x, axis=0))",
    "denominator = 0.0",
    *LOAD_STEP,
    "    denominator += tl.sum(tl.exp(x - row_max), axis=0)",
)
TWO_PASSES = (
    'row_max = -float("inf")',
    "denominator = 0.0",
    *LOAD_STEP,
    "    new_max = tl.maximum(row_max, tl.max(x, axis=0))",
    "    denominator = denominator * tl.exp(row_max - new_max) + tl.sum(tl.exp(x - new_max), axis=0)",
    "    row_max = new_max",
)


def replaced(lines: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(line.replace(old, new) for line in lines)


def rows_at_once(rows: int, maximum: str, total: str) -> tuple[Edit, ...]:
    """Several rows in one program, as a tile of two dimensions."""
    return (
        Edit(N_COLS, "    n_cols,\n    n_rows,\n    BLOCK_ROWS: tl.constexpr,\n"),
        Edit(ROW, "    row = tl.program_id(axis=0) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)[:, None]\n"),
        Edit(COLS, "    cols = tl.arange(0, BLOCK_SIZE)[None, :]\n"),
        Edit(MASK, "    mask = (row < n_rows) & (cols < n_cols)\n"),
        Edit(ROW_MAX, f"    row_max = {maximum}\n"),
        Edit(DENOMINATOR, f"    denominator = {total}\n"),
        Edit(GRID, f"    grid = (triton.cdiv(n_rows, {rows}),)\n"),
        Edit(ARGUMENTS, f"n_cols, n_rows, BLOCK_ROWS={rows}, BLOCK_SIZE=BLOCK_SIZE"),
    )


def no_max(x: torch.Tensor) -> torch.Tensor:
    exp = x.float().exp()
    return (exp / exp.sum(dim=-1, keepdim=True)).double()


def not_divided(x: torch.Tensor) -> torch.Tensor:
    return (x - x.amax(dim=-1, keepdim=True)).exp()


def divided_by_max(x: torch.Tensor) -> torch.Tensor:
    return not_divided(x) / x.amax(dim=-1, keepdim=True)


def divided_by_count(x: torch.Tensor) -> torch.Tensor:
    return not_divided(x) / x.shape[-1]


def log_softmax(x: torch.Tensor) -> torch.Tensor:
    return torch.log_softmax(x, dim=-1)


def exp2_for_exp(x: torch.Tensor) -> torch.Tensor:
    power = torch.exp2(x - x.amax(dim=-1, keepdim=True))
    return power / power.sum(dim=-1, keepdim=True)


def down_the_columns(x: torch.Tensor) -> torch.Tensor:
    return torch.softmax(x, dim=0)


def first_row_everywhere(x: torch.Tensor) -> torch.Tensor:
    return torch.softmax(x[:1], dim=-1).expand(x.shape)


MISTAKES = (
    # -- stability and the lanes that don't exist
    Mistake(
        "no_max",
        (Edit(NUMERATOR, "    numerator = tl.exp(x)\n"),),
        "numbers",
        "Your output equals softmax without the maximum subtracted: for large scores `exp` overflows, and `inf "
        "/ inf` is NaN.",
        4,
        no_max,
    ),
    Mistake(
        "max_added",
        (Edit(NUMERATOR, "    numerator = tl.exp(x + row_max)\n"),),
        "numbers",
        "Your exponent grows with the maximum of the row: subtract `row_max` from the scores, don't add it.",
        4,
    ),
    Mistake(
        "min_for_max",
        (Edit(ROW_MAX, "    row_max = tl.min(x, axis=0)\n"),),
        "numbers",
        "Your output equals softmax with the smallest element subtracted instead of the largest: that makes "
        "`exp` larger, not smaller, and a "
        "masked-off -inf is always the smallest.",
        4,
    ),
    Mistake(
        "other_zero",
        (Edit(LOAD, f"    x = tl.load({X_POINTERS}, mask=mask, other=0.0)\n"),),
        "numbers",
        "Your rows are computed as if they went on with zeros up to the block size: the masked-off lanes need a"
        " value that adds nothing to the sum.",
        3,
    ),
    Mistake(
        "other_missing",
        (Edit(LOAD, f"    x = tl.load({X_POINTERS}, mask=mask)\n"),),
        "memory",
        "Your load has no `other=`: what stands in the masked-off lanes is anybody's guess on a GPU, and the "
        "maximum and the sum look at it.",
        3,
    ),
    Mistake(
        "other_finite",
        (Edit(LOAD, f"    x = tl.load({X_POINTERS}, mask=mask, other=-1e4)\n"),),
        "numbers",
        "Your masked-off lanes hold a number that scores can be smaller than: it wins the maximum there. Only "
        "minus infinity is below every score.",
        3,
    ),
    # -- masks
    Mistake(
        "no_load_mask",
        (Edit(LOAD, f"    x = tl.load({X_POINTERS})\n"),),
        "memory",
        "Your load has no mask: the lanes behind the last column read the next row, and after the last row they"
        " read what isn't yours.",
        3,
    ),
    Mistake(
        "no_store_mask",
        (Edit(STORE, STORE.replace(", mask=mask", "")),),
        "memory",
        "Your store has no mask: the lanes behind the last column write into the next row, and after the last "
        "row into somebody else's data.",
        5,
    ),
    Mistake(
        "mask_one_too_many",
        (Edit(MASK, "    mask = cols <= n_cols\n"),),
        "memory",
        "Your mask lets column `n_cols` through, which doesn't exist: the last column is `n_cols - 1`, so "
        "compare with `<`.",
        1,
    ),
    Mistake(
        "mask_one_too_few",
        (Edit(MASK, "    mask = cols < n_cols - 1\n"),),
        "memory",
        "Your mask leaves out the last column: it is never written. Column `n_cols - 1` exists.",
        1,
    ),
    # -- places
    Mistake(
        "row_stride_of_x_assumed",
        (Edit(X_POINTERS, "x_ptr + row * n_cols + cols * stride_x_col"),),
        "memory",
        "Your load takes the rows of x to lie `n_cols` elements apart. In a slice or a transposed matrix they "
        "don't: use `stride_x_row`.",
        2,
    ),
    Mistake(
        "column_stride_of_x_assumed",
        (Edit(X_POINTERS, "x_ptr + row * stride_x_row + cols"),),
        "memory",
        "Your load takes the columns of x to be neighbours in memory. In a transposed matrix they aren't: "
        "multiply `cols` by `stride_x_col`.",
        2,
    ),
    Mistake(
        "strides_of_x_assumed",
        (Edit(X_POINTERS, "x_ptr + row * n_cols + cols"),),
        "memory",
        "Your load reads x as if it were one row after the other without gaps. A slice or a transposed matrix "
        "isn't: use both strides of x.",
        2,
    ),
    Mistake(
        "strides_of_out_assumed",
        (Edit(OUT_POINTERS, "out_ptr + row * n_cols + cols"),),
        "numbers",
        "Your store takes out to be one row after the other without gaps. Where x is transposed, out is too: "
        "use both strides of out.",
        5,
    ),
    Mistake(
        "strides_of_x_for_out",
        (Edit(OUT_POINTERS, "out_ptr + row * stride_x_row + cols * stride_x_col"),),
        "memory",
        "Your store uses the strides of x, but writes to out, whose rows and columns may lie differently: use "
        "`stride_out_row` and `stride_out_col`.",
        5,
    ),
    Mistake(
        "strides_swapped",
        (Edit(X_POINTERS, "x_ptr + row * stride_x_col + cols * stride_x_row"),),
        "memory",
        "Your load multiplies the row by the stride of the columns and the columns by the stride of the rows: "
        "it is the other way round.",
        2,
    ),
    Mistake(
        "row_forgotten_in_load",
        (Edit(X_POINTERS, "x_ptr + cols * stride_x_col"),),
        "numbers",
        "Your output has the softmax of the first row in every row: the pointers of the load don't depend on `row`.",
        2,
        first_row_everywhere,
    ),
    Mistake(
        "row_forgotten_in_store",
        (Edit(OUT_POINTERS, "out_ptr + cols * stride_out_col"),),
        "memory",
        "Your programs all write to the first row of out: the pointers of the store don't depend on `row`.",
        5,
    ),
    # -- the formula
    Mistake(
        "not_divided",
        (Edit(STORE, STORE.replace("numerator / denominator", "numerator")),),
        "numbers",
        "Your output equals the numerators: they still have to be divided by their sum.",
        5,
        not_divided,
    ),
    Mistake(
        "divided_by_max",
        (Edit(STORE, STORE.replace("numerator / denominator", "numerator / row_max")),),
        "numbers",
        "Your output equals the numerators divided by the largest score: divide by the sum of the numerators instead.",
        5,
        divided_by_max,
    ),
    Mistake(
        "divided_by_count",
        (Edit(DENOMINATOR, "    denominator = n_cols\n"),),
        "numbers",
        "Your output equals the numerators divided by the number of columns: divide by their sum instead.",
        4,
        divided_by_count,
    ),
    Mistake(
        "log_softmax",
        (Edit(STORE, STORE.replace("numerator / denominator", "x - row_max - tl.log(denominator)")),),
        "numbers",
        "Your output equals the logarithm of softmax: softmax itself is the numerator divided by the denominator.",
        5,
        log_softmax,
    ),
    Mistake(
        "exp2_for_exp",
        (Edit(NUMERATOR, "    numerator = tl.exp2(x - row_max)\n"),),
        "numbers",
        "Your output equals softmax with powers of 2 instead of powers of e: `tl.exp2` needs its argument "
        "multiplied by log2(e) = 1.4427.",
        4,
        exp2_for_exp,
    ),
    Mistake(
        "sum_of_scores",
        (Edit(DENOMINATOR, "    denominator = tl.sum(x, axis=0)\n"),),
        "numbers",
        "Your denominator is the sum of the scores: it has to be the sum of their exponentials, the numerators.",
        4,
    ),
    Mistake(
        "sum_before_max",
        (Edit(DENOMINATOR, "    denominator = tl.sum(tl.exp(x), axis=0)\n"),),
        "numbers",
        "Your denominator sums exponentials without the maximum subtracted, and your numerator subtracts it: "
        "both need the same.",
        4,
    ),
    Mistake(
        "over_columns",
        (
            Edit("    n_rows, n_cols = x.shape\n", "    n_cols, n_rows = x.shape\n"),
            Edit("*x.stride(), *out.stride()", "x.stride(1), x.stride(0), out.stride(1), out.stride(0)"),
        ),
        "numbers",
        "Your output equals softmax down the columns: each row has to sum to 1, not each column.",
        1,
        down_the_columns,
    ),
    Mistake(
        "max_of_the_tile",
        rows_at_once(4, "tl.max(tl.max(x, axis=1), axis=0)", "tl.sum(numerator, axis=1)[:, None]"),
        "numbers",
        "Your maximum is that of several rows together: a row far below the others underflows to 0 / 0. Each "
        "row needs its own.",
        4,
    ),
    Mistake(
        "sum_of_the_tile",
        rows_at_once(4, "tl.max(x, axis=1)[:, None]", "tl.sum(tl.sum(numerator, axis=1), axis=0)"),
        "numbers",
        "Your denominator is the sum over several rows together: each row needs its own, or no row sums to 1.",
        4,
    ),
    Mistake(
        "axis_of_the_tile",
        rows_at_once(4, "tl.max(x, axis=1)[:, None]", "tl.sum(numerator, axis=0)[None, :]"),
        "numbers",
        "Your sum runs over the rows of the tile instead of its columns: for a tile of rows and columns, a row "
        "is summed with `axis=1`.",
        4,
    ),
    # -- precision
    Mistake(
        "half_numerator",
        (Edit(NUMERATOR, "    numerator = tl.exp(x - row_max).to(tl.float16)\n"),),
        "numbers",
        "Your numerators are rounded to fp16 before they are summed and divided: about three digits are left. "
        "Keep them in fp32 until the store.",
        3,
    ),
    Mistake(
        "half_input",
        (Edit(CAST, "    x = x.to(tl.float16).to(tl.float32)\n"),),
        "numbers",
        "Your scores are rounded to fp16 on the way, and digits that are lost don't come back: convert to fp32 only.",
        3,
    ),
    Mistake(
        "half_sum_by_blocks",
        by_blocks(
            16,
            *replaced(
                THREE_PASSES,
                "denominator += tl.sum(tl.exp(x - row_max), axis=0)",
                "denominator = (denominator + tl.sum(tl.exp(x - row_max), axis=0)).to(tl.float16).to(tl.float32)",
            ),
        ),
        "numbers",
        "Your running sum is kept in fp16: it loses digits with every block that is added. Keep it in fp32.",
        4,
    ),
    # -- by blocks
    Mistake(
        "first_block_only",
        (Edit(BLOCK, "    BLOCK_SIZE = 64\n"),),
        "memory",
        "Your block is shorter than a row: the columns beyond BLOCK_SIZE are never written. The block has to "
        "hold the whole row.",
        1,
    ),
    Mistake(
        "softmax_per_block",
        by_blocks(
            64,
            store=replaced(
                STORE_STEP,
                "tl.exp(x - row_max) / denominator",
                "tl.exp(x - tl.max(x, axis=0)) / tl.sum(tl.exp(x - tl.max(x, axis=0)), axis=0)",
            ),
        ),
        "numbers",
        "Your rows are normalised block by block: each block of a row sums to 1. The maximum and the sum belong"
        " to the whole row.",
        4,
    ),
    Mistake(
        "sum_not_rescaled",
        by_blocks(64, *replaced(TWO_PASSES, "denominator * tl.exp(row_max - new_max)", "denominator")),
        "numbers",
        "Your running sum is not rescaled when a later block has a larger maximum: its old terms still belong "
        "to the old maximum.",
        4,
    ),
    # -- the launch
    Mistake(
        "grid_of_level_1",
        (Edit(GRID, "    grid = (triton.cdiv(n_rows, BLOCK_SIZE),)\n"),),
        "memory",
        "Your grid has one program per BLOCK_SIZE rows, as for the elements of a vector: here every row needs a"
        " program of its own.",
        1,
    ),
    Mistake(
        "grid_too_large",
        (Edit(GRID, "    grid = (n_rows + 1,)\n"),),
        "memory",
        "Your grid starts more programs than there are rows: the last one works on a row that doesn't exist.",
        1,
    ),
    Mistake(
        "wrong_axis_of_the_grid",
        (Edit(ROW, "    row = tl.program_id(axis=1)\n"),),
        "memory",
        "Your programs all take row 0: the grid has one axis, axis 0, and along axis 1 every program is number 0.",
        1,
    ),
    # -- rules
    Mistake(
        "torch_softmax",
        (Edit(RETURN, "    return torch.softmax(x, dim=-1)\n"),),
        "rules",
        "Your launcher calls `torch.softmax`: the kernel has to compute the answer.",
        1,
    ),
    Mistake(
        "exp_in_the_launcher",
        (Edit(OUT, "    out = x.exp()\n"), Edit(RETURN, "    return out / out.sum(dim=-1, keepdim=True)\n")),
        "rules",
        "Your launcher computes exponentials and sums in PyTorch: that is the kernel's part.",
        4,
    ),
    Mistake(
        "max_in_the_launcher",
        (Edit(OUT, "    x = x - x.amax(dim=-1, keepdim=True)\n" + OUT),),
        "rules",
        "Your launcher subtracts the maximum in PyTorch, which reads and writes the whole matrix once more: the"
        " kernel has the row at hand.",
        4,
    ),
    Mistake(
        "cast_in_the_launcher",
        (Edit(OUT, OUT + "    x = x.float()\n"),),
        "rules",
        "Your launcher converts x to fp32 in PyTorch, which writes a copy of the whole matrix: convert in the "
        "kernel, after the load.",
        3,
    ),
    Mistake(
        "in_place",
        (Edit(OUT, "    out = x\n"),),
        "rules",
        "Your launcher writes the result into x: the input has to stay as it was.",
        5,
    ),
    # -- contract
    Mistake(
        "fp32_out",
        (Edit(OUT, "    out = torch.empty_like(x, dtype=torch.float32)\n"),),
        "contract",
        "Your output is always fp32: it has to have the dtype of x.",
        5,
    ),
    Mistake(
        "nothing_returned",
        (Edit(RETURN, ""),),
        "contract",
        "Your launcher returns nothing: it has to return out.",
        5,
    ),
    # -- what only the interpreter accepts
    Mistake(
        "if_on_a_block",
        (Edit(STORE, "    if mask:\n    " + STORE),),
        "compile",
        "Your `if` asks a whole block of True and False: a program takes one way for all of its lanes. The mask"
        " of the store does what you mean.",
        5,
    ),
    Mistake(
        "global_in_the_kernel",
        (
            Edit("MAX_COLS = 32768", 'MINUS_INF = -float("inf")\nMAX_COLS = 32768'),
            Edit('other=-float("inf")', "other=MINUS_INF"),
        ),
        "compile",
        "Your kernel uses a variable of the module, which a compiled kernel can't see: write the value in the "
        "kernel, or pass it as a `tl.constexpr`.",
        3,
    ),
    Mistake(
        "sum_starts_as_int",
        by_blocks(64, *replaced(THREE_PASSES, "denominator = 0.0", "denominator = 0")),
        "compile",
        "Your sum starts as the integer 0 and becomes fp32 in the loop: start it as 0.0.",
        4,
    ),
    Mistake(
        "break_in_a_loop",
        by_blocks(
            64,
            *replaced(
                THREE_PASSES,
                "    here = start + cols",
                "    if start >= n_cols:\n            break\n        here = start + cols",
            ),
        ),
        "compile",
        "Your loop has a `break`, which doesn't exist in a kernel: let the range end where the work ends.",
        1,
    ),
)

VARIANTS = (
    Variant(
        "three_passes_64",
        by_blocks(64, *THREE_PASSES),
        "The row in blocks of 64, read three times: for the maximum, for the sum, for the store. More traffic, "
        "the same answer.",
    ),
    Variant("three_passes_16", by_blocks(16, *THREE_PASSES), "The same with tiny blocks."),
    Variant(
        "two_passes_256",
        by_blocks(256, *TWO_PASSES),
        "Maximum and sum in one pass: the sum is rescaled whenever the maximum rises (Milakov and Gimelshein, 2018).",
    ),
    Variant(
        "block_of_8192",
        (Edit(BLOCK, "    BLOCK_SIZE = max(triton.next_power_of_2(n_cols), 8192)\n"),),
        "A block may be far longer than the row: masked-off lanes cost time, not correctness.",
    ),
    Variant(
        "four_rows_a_program",
        rows_at_once(4, "tl.max(x, axis=1)[:, None]", "tl.sum(numerator, axis=1)[:, None]"),
        "A tile of four rows, reduced along axis 1: better for short rows.",
    ),
    Variant(
        "eight_rows_a_program",
        rows_at_once(8, "tl.max(x, axis=1, keep_dims=True)", "tl.sum(numerator, axis=1, keep_dims=True)"),
        "A tile of eight rows, reduced with `keep_dims`.",
    ),
    Variant(
        "persistent",
        (
            Edit(N_COLS, "    n_cols,\n    n_rows,\n"),
            Edit(ROW, ""),
            Edit(LOAD, "    for row in range(tl.program_id(axis=0), n_rows, tl.num_programs(axis=0)):\n    " + LOAD),
            *(Edit(line, "    " + line) for line in (CAST, ROW_MAX, NUMERATOR, DENOMINATOR, STORE)),
            Edit(GRID, "    grid = (min(n_rows, 8),)\n"),
            Edit(ARGUMENTS, "n_cols, n_rows, BLOCK_SIZE=BLOCK_SIZE"),
        ),
        "A fixed number of programs, each of which goes through every eighth row.",
    ),
    Variant(
        "rows_backwards",
        (Edit(ROW, "    row = tl.num_programs(axis=0) - 1 - tl.program_id(axis=0)\n"),),
        "Which program takes which row is free.",
    ),
    Variant(
        "exp2",
        (Edit(NUMERATOR, "    numerator = tl.exp2((x - row_max) * 1.4426950408889634)\n"),),
        "exp(z) is 2 to the power of z * log2(e); the GPU has an instruction for powers of 2.",
    ),
    Variant(
        "where_for_other",
        (
            Edit(LOAD, f"    x = tl.load({X_POINTERS}, mask=mask, other=0.0)\n"),
            Edit(CAST, '    x = tl.where(mask, x.to(tl.float32), -float("inf"))\n'),
        ),
        "The masked-off lanes are set to minus infinity after the load.",
    ),
    Variant(
        "numerator_masked",
        (
            Edit(LOAD, f"    x = tl.load({X_POINTERS}, mask=mask)\n"),
            Edit(ROW_MAX, '    row_max = tl.max(tl.where(mask, x, -float("inf")), axis=0)\n'),
            Edit(NUMERATOR, "    numerator = tl.where(mask, tl.exp(x - row_max), 0.0)\n"),
        ),
        "Whatever the masked-off lanes hold is replaced before each reduction, so `other` isn't needed.",
    ),
    Variant(
        "load_in_fp32",
        (Edit(LOAD, LOAD.rstrip() + ".to(tl.float32)\n"), Edit(CAST, "")),
        "Load and conversion in one line.",
    ),
    Variant(
        "no_cast",
        (Edit(CAST, ""),),
        "`tl.max` of fp16 returns fp32, so `x - row_max` and all that follows is in fp32 without a conversion.",
    ),
    Variant(
        "reciprocal",
        (Edit(STORE, STORE.replace("numerator / denominator", "numerator * (1.0 / denominator)")),),
        "One division per row and a multiplication per element.",
    ),
    Variant(
        "tl_softmax",
        (
            Edit(ROW_MAX, ""),
            Edit(NUMERATOR, ""),
            Edit(DENOMINATOR, ""),
            Edit(STORE, STORE.replace("numerator / denominator", "tl.softmax(x, 0)")),
        ),
        "Triton's own softmax of a block, inside the kernel: the reductions are the same.",
    ),
    Variant(
        "ordinary_copy",
        (
            Edit(OUT, "    x = x.contiguous()\n" + OUT),
            Edit(X_POINTERS, "x_ptr + row * n_cols + cols"),
            Edit(OUT_POINTERS, "out_ptr + row * n_cols + cols"),
        ),
        "A contiguous copy first, whose strides are known: it costs a pass over the matrix, and strides are not"
        " the lesson here.",
    ),
    Variant(
        "out_zeroed",
        (Edit(OUT, "    out = torch.zeros(x.shape, dtype=x.dtype, device=x.device)\n"),),
        "An ordinary matrix for out, filled before: the strides of out are passed on.",
    ),
)
