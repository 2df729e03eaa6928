"""
# Level 3: Softmax

Turn every row of a matrix into positive numbers that sum to 1. Step by step that takes five operations, and each one
walks through the memory. Your kernel does it in one go, and avoids the trap that fills the answer with NaN.

## The idea

Softmax turns a row of scores into a row of weights: a larger score becomes a larger weight, every weight is positive,
and together they make 1. Attention is built on it: from level 6 on, such weights say how much each word of a text
looks at each other word.

The rows have nothing to do with each other, so one program takes one **row**: program 0 the first, program 1 the
second. The block of a program is its whole row, handled at once. A block must have a power of two of lanes (a lane is
one place in a block), so `BLOCK_SIZE` is the smallest power of two that holds `n_cols` columns, and a mask switches off
the lanes behind the last column, as in level 1.

New is the **reduction**: a function that takes a whole block and returns one number. Softmax needs two of them, the
largest element of the row and a sum. In Triton each is one call, `tl.max(x, axis=0)` and `tl.sum(x, axis=0)`: axis 0
is the only axis that a vector has. The result is a plain number, and `x - row_max` subtracts it from every lane.

A reduction looks at *all* lanes, also at those that are masked off. In level 1 it didn't matter what stood in such a
lane, because nobody looked. Here it decides the answer, and on a GPU a lane that was not loaded may hold anything.
`tl.load` has an argument for this: `other` is the value that the masked-off lanes receive. Softmax wants a value that
is never the largest and adds nothing to the sum. There is exactly one: **minus infinity**, since `exp(-inf) = 0`.

## The maths

    out[r, c] = exp(x[r, c]) / sum of exp(x[r, j]) over all columns j

Computed like this, it fails. `exp` grows so fast that it leaves the range of the numbers we compute with:

    type     largest number     exp(x) becomes inf for x above
    fp16     65504              11.09
    fp32     3.4e38             88.72

Scores beyond that are nothing unusual. The fraction is then `inf / inf`, which is NaN ("not a number"), and NaN spreads
into all that is computed from it. Very negative scores are no better: in fp32 `exp(-104)` is 0, and a row of those
gives `0 / 0`, NaN again.

The remedy costs one subtraction. Take any number `m` away from all scores of a row, and the answer stays the same:
`exp(x - m) = exp(x) * exp(-m)`, and the factor `exp(-m)` stands both above and below the fraction line.

    exp(x[r, c] - m) / sum of exp(x[r, j] - m)
        =  exp(x[r, c]) / sum of exp(x[r, j])

Choose the largest score of the row for `m`. Then every exponent is 0 or less, every `exp` lies between 0 and 1, and
nothing overflows. The largest score itself contributes `exp(0) = 1`, so the sum is at least 1, and nothing is divided
by 0.

## A worked example

Take `n_cols = 3`. Then `BLOCK_SIZE = 4`, and one lane is masked off. Here are three rows; the second is the first plus
80, the third is the first minus 20:

    row              the formula as written, in fp32       minus the maximum
    [ 10, 12, 11]    [22026, 162755, 59874] / 244655       [-2, 0, -1]
    [ 90, 92, 91]    [inf, inf, inf] / inf = [nan, ...]    [-2, 0, -1]
    [-10, -8, -9]    [0.000045, 0.000335, 0.000123] / ...  [-2, 0, -1]

All three have the same answer. In fp16 the formula as written fails in the first row already: `exp(12)` is more than
65504. This is program 1, which handles the second row:

    x            = [90, 92, 91, -inf]
    row_max      = 92
    x - row_max  = [-2, 0, -1, -inf]
    numerator    = [0.1353, 1.0000, 0.3679, 0]
    denominator  = 0.1353 + 1.0000 + 0.3679 + 0 = 1.5032
    store        writes [0.0900, 0.6652, 0.2447]: the fourth lane is masked

And this is program 2, with the third row and a 0 in the masked-off lane instead of minus infinity:

    x            = [-10, -8, -9, 0]
    row_max      = 0                 the lane that doesn't exist has won
    numerator    = [0.000045, 0.000335, 0.000123, 1]
    denominator  = 1.0005            and nearly all of the sum is its own
    store        writes [0.000045, 0.000335, 0.000123]: the sum is 0.0005

## The picture

                       n_cols = 3
                 +-----+-----+-----+.......+
    program 0    |  10 |  12 |  11 | -inf  :   ->  row 0 of out
                 +-----+-----+-----+.......+
    program 1    |  90 |  92 |  91 | -inf  :   ->  row 1 of out
                 +-----+-----+-----+.......+
    program 2    | -10 |  -8 |  -9 | -inf  :   ->  row 2 of out
                 +-----+-----+-----+.......+
                    BLOCK_SIZE = 4    ^
                            no such column: masked off, filled with `other`

    each program:  max -> subtract -> exp -> sum -> divide

A reduction sees all lanes of its own program, and nothing of any other row:

                   [  90,  92,  91, -inf ]   -- tl.max -->   92

## The algorithm

1. Ask which program this is: that is the number of its row.
2. Number the columns, 0, 1, ..., `BLOCK_SIZE - 1`, and compute the mask: which of them are smaller than `n_cols`?
3. Load the row, with minus infinity in the lanes that are masked off, and convert it to fp32.
4. Find the largest element of the row.
5. Subtract it from the row and apply `exp`: these are the numerators.
6. Sum them: this is the denominator.
7. Divide, and store the row at the same place of `out`, with the mask.

The launcher `softmax` (given) allocates `out` and starts one program per row.

Element (r, c) of x lies at `x_ptr + r * stride_x_row + c * stride_x_col`, as in level 2, and `out` has two strides of
its own.

**Why fp32?** Scores often come in fp16, which keeps about three decimal digits. If every step rounded to that, a long
sum would get stuck: in fp16, 2048 + 1 = 2048. So the kernel loads 2 bytes per element, converts them once with
`.to(tl.float32)`, computes in fp32, and lets `tl.store` convert back to the type of `out`. The conversion takes place
inside the program and costs no memory traffic; where x is fp32 already, it does nothing.

## Triton functions used

- `tl.program_id(axis=0)`, `tl.arange(0, BLOCK_SIZE)`, `tl.store(pointers, values, mask=mask)`: as in level 1.
- `tl.load(pointers, mask=mask, other=value)`: reads where the mask is True; the other lanes get `value`.
- `-float("inf")`: minus infinity, in a kernel as in Python.
- `x.to(tl.float32)`: the same block, converted.
- `tl.max(x, axis=0)`: the largest element of the vector `x`, as one number.
- `tl.exp(x)`: the exponential of every lane. It takes fp32, and refuses fp16.
- `tl.sum(x, axis=0)`: the sum of all lanes, as one number.

## What it costs

Let N be the number of elements, `n_rows * n_cols`, and R the number of rows. Written step by step in PyTorch, softmax
is five operations. Each fetches its input from memory and puts its result back, where the next one fetches it again:

    operation                                elements read  elements written
    row_max     = x.amax(dim=-1)             N              R
    shifted     = x - row_max                N + R          N
    numerator   = shifted.exp()              N              N
    denominator = numerator.sum(dim=-1)      N              R
    out         = numerator / denominator    N + R          N
                                             -------------------------------
    together                                 5 N + 2 R      3 N + 2 R

    your kernel                              N              N

Your kernel reads each row once. The maximum, the exponentials, the sum and the quotient stay in **registers**, the
fast storage inside the GPU's cores, until the row is written once. Doing several operations in one kernel, so that
what lies between them never goes to memory, is called **fusing** (`torch.softmax` is such a kernel, too). For 4096 rows
of 1024 columns in fp32:

    five operations     (8 * 4,194,304 + 4 * 4096) * 4 bytes   =  134.3 MB
    one kernel           2 * 4,194,304 * 4 bytes               =   33.6 MB

    arithmetic          5 * 4,194,304 operations               =   21 MFLOP
                        (compare, subtract, exp, add, divide)

That is 0.6 operations per byte, so softmax is **memory-bound**, as vector addition was, and a quarter of the bytes
should take about a quarter of the time. The same idea, taken further, is what makes Flash Attention fast.

Fusing works because a row fits into the registers of one program. That is also the limit: the launcher refuses rows
of more than 32,768 columns. Softmax piece by piece, for rows of any length, is the subject of level 7.

## Common mistakes

- No `other=` on the load: the interpreter puts 0 there, a GPU anything at all. And with `other=0`, a lane that doesn't
  exist wins the maximum in a row of negative scores.
- No maximum subtracted: right for small scores, NaN for large ones.
- `row * n_cols + cols` for the pointers: right for an ordinary matrix, wrong for a slice or a transposed one.
- The strides of x used for `out`: nothing says that both lie in memory in the same way.
- `cols <= n_cols` in the mask: one column too many. The last column is `n_cols - 1`.
- No conversion to fp32: nothing refuses it, and the answer is right, because `tl.max` of an fp16 row returns fp32 and
  `x - row_max` follows it. Write it all the same: `tl.exp(x)` of an fp16 row doesn't compile.

## Sources

- P. Blanchard, D. J. Higham, N. J. Higham: *Accurately Computing the Log-Sum-Exp and Softmax Functions*, 2021. What
  subtracting the maximum does to the rounding error.
- M. Milakov, N. Gimelshein: *Online Normalizer Calculation for Softmax*, 2018. How many passes over memory it takes.
- The Triton documentation, tutorial 02, *Fused Softmax*.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the seven gaps in this file, one or two lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

MAX_COLS = 32768  # a longer row doesn't fit into the registers of one program


@triton.jit
def softmax_kernel(
    x_ptr,  # pointer to the first element of x
    out_ptr,  # pointer to the first element of out
    stride_x_row,  # from one row of x to the next, in elements
    stride_x_col,  # from one column of x to the next
    stride_out_row,  # the same for out
    stride_out_col,
    n_cols,  # how many columns there are
    BLOCK_SIZE: tl.constexpr,  # a power of two, n_cols or more: one program handles one whole row
):
    # TODO 1 (1 line): `row`, the number of this program along axis 0 of the grid.
    # [gap: row]
    row = tl.program_id(axis=0)
    # [end]

    # TODO 2 (2 lines): `cols`, the numbers 0, 1, ..., BLOCK_SIZE - 1, and `mask`, True where such a column exists.
    # [gap: cols, mask]
    cols = tl.arange(0, BLOCK_SIZE)
    mask = cols < n_cols
    # [end]

    # TODO 3 (2 lines): `x`, this row of x, with -inf in the masked-off lanes; then the same in fp32.    N elements read
    # [gap: x]
    x = tl.load(x_ptr + row * stride_x_row + cols * stride_x_col, mask=mask, other=-float("inf"))
    x = x.to(tl.float32)
    # [end]

    # TODO 4 (1 line): `row_max`, the largest element of the row, one number.
    # [gap: row_max]
    row_max = tl.max(x, axis=0)
    # [end]

    # TODO 5 (1 line): `numerator`, the exponentials of the row, after the maximum is subtracted.          (BLOCK_SIZE,)
    # [gap: numerator]
    numerator = tl.exp(x - row_max)  # exp(-inf) = 0 in the masked lanes
    # [end]

    # TODO 6 (1 line): `denominator`, the sum of the numerators, one number.
    # [gap: denominator]
    denominator = tl.sum(numerator, axis=0)
    # [end]

    # TODO 7 (1 line): store the quotient in this row of out. Mind out's strides, and the mask.       N elements written
    # [gap]
    tl.store(out_ptr + row * stride_out_row + cols * stride_out_col, numerator / denominator, mask=mask)
    # [end]


def softmax(x: torch.Tensor) -> torch.Tensor:
    """Softmax over the last axis of a matrix with any strides.

    x: (rows, cols) -> (rows, cols). Raises ValueError for anything else, and for more than MAX_COLS columns.
    """
    if x.ndim != 2 or not x.is_floating_point():
        raise ValueError(f"softmax takes a matrix of floating-point numbers, not {tuple(x.shape)} of {x.dtype}")
    n_rows, n_cols = x.shape
    if not 1 <= n_cols <= MAX_COLS:
        raise ValueError(f"softmax takes a matrix of 1 to {MAX_COLS} columns, not {n_cols}")

    out = torch.empty_like(x)
    BLOCK_SIZE = triton.next_power_of_2(n_cols)  # the smallest power of two that holds a row
    num_warps = min(max(BLOCK_SIZE // 1024, 4), 16)  # longer rows are shared by more threads (a warp is 32 threads)
    grid = (n_rows,)  # one program per row
    softmax_kernel[grid](x, out, *x.stride(), *out.stride(), n_cols, BLOCK_SIZE=BLOCK_SIZE, num_warps=num_warps)
    return out


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(softmax)
