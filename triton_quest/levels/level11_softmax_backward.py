"""
# Level 11: Softmax backward

A network learns by asking, of every number in it: if you were a little larger, would the result be better or worse?
The answer is a gradient, and it is computed by walking the network backwards, one operation at a time. Here you write
such a step back, through the softmax of level 3. It needs two loads, one sum and one store.

## The idea

**A loss and its gradients.** Training has one number that should become small, the **loss** `L`. For each number `x`
that goes into it, the **gradient** `dL/dx` says how fast `L` grows when `x` does: with `dL/dx = 3`, adding 0.001 to
`x` adds about 0.003 to `L`. In code `dL/dx` is called `dx`. It has the shape of `x`, one number for each number.

**Backwards.** Say `x` becomes `y = softmax(x)`, and `y` goes on through the rest of the network until `L` comes out.
PyTorch's **autograd** walks that way back. When it arrives here, it has `dy` already, the gradient of the loss with
respect to `y`, and asks for `dx`. What the rest of the network looks like doesn't matter: everything that must be
known of it stands in `dy`. So a backward kernel of softmax takes `dy` and returns `dx`.

**The chain rule.** If a number `x[j]` pushes on several numbers, and each of them pushes on the loss, the effects add up:

    dx[j] = sum over i of  dy[i] * (how fast y[i] grows when x[j] does)

An addition passes its gradient on as it is, and each element has its own. Softmax is different: its elements share a
sum. When one score of a row grows, its weight grows and all the others shrink, since they must still sum to 1. So
every `dx[j]` of a row depends on every `dy[i]` of that row, and the kernel has to look at a row twice: once to gather
one number about the whole of it, once to compute each element. As in level 3, a program keeps its row in the registers
meanwhile, and memory sees each number once.

**What one kernel must know of another.** The forward kernel is over when this one starts, and its registers are gone.
All that remains is what was written to memory. The backward pass could take `x` and compute the softmax again; but the
formula turns out to need only the *result*, `y`, which has to be in memory anyway. Nothing extra is kept, and no `exp`
is computed. (In Flash Attention that won't be so: there, levels 12 to 14 keep one number a row.)

## The maths

For one row, with `S` the sum of its exponentials, `y[i] = exp(x[i]) / S`. How fast does `y[i]` grow with `x[j]`? Both
numerator and denominator may move:

    i == j:  exp(x[i]) / S - exp(x[i]) * exp(x[j]) / S^2 = y[j] - y[j] * y[j]
    i != j:                - exp(x[i]) * exp(x[j]) / S^2 =      - y[i] * y[j]

Put that into the chain rule. The first line gives `dy[j] * y[j]`, and both give `- dy[i] * y[i] * y[j]`, for every i:

    dx[j] = dy[j] * y[j]  -  y[j] * sum over i of dy[i] * y[i]
          = y[j] * (dy[j] - s)          with  s = sum over i of y[i] * dy[i]

In words: `s` is the mean of `dy`, weighted by `y`. A score is pushed up if its weight's gradient is above that mean,
down if it is below, and the more the larger its weight is. Two things follow, and the judge looks at both:

- The `dx` of a row sum to 0: adding the same number to all scores of a row changes nothing, so there is no push in
  that direction.
- Add any number to the whole row of `dy`, and `dx` stays the same, for the same reason seen from the other end: `y`
  sums to 1, whatever happens.

## A worked example

One row of three scores, [0, ln 2, ln 5], so that the exponentials are 1, 2 and 5:

    y            = [0.125, 0.25, 0.625]              from the forward pass
    dy           = [1, -2, 0.4]                      handed over by autograd
    y * dy       = [0.125, -0.5, 0.25]
    s            = 0.125 - 0.5 + 0.25 = -0.125
    dy - s       = [1.125, -1.875, 0.525]
    dx           = y * (dy - s)
                 = [0.140625, -0.46875, 0.328125]       sum: 0

**A pocket test.** A gradient is a prediction, so try it. Take `L = 1 * y[0] - 2 * y[1] + 0.4 *
y[2]`, whose `dy` is the one above, and move the first score up by 0.001:

    exponentials   [1.0010005, 2, 5]       sum 8.0010005
    y              [0.12510942, 0.24996874, 0.62492185]
    L              0.12510942 - 0.49993748 + 0.24996874 = -0.12485932
    before         0.125      - 0.5        + 0.25       = -0.125

`L` has grown by 0.00014068, so by 0.14068 for each unit of `x`; the formula says 0.140625. The difference is due to the
size of the step. This test, by **finite differences**, needs no calculus and works for any gradient: keep it for the levels to come.

## The picture

                       n_cols = 3
    y            +-----+-----+-----+.......+
    dy           +-----+-----+-----+.......+     the same row of both

                        y * dy
                 +-----+-----+-----+.......+
    program r    |0.125| -0.5| 0.25|  0    :   -- tl.sum -->   s
                 +-----+-----+-----+.......+                   |
                    BLOCK_SIZE = 4    ^                        |
                             masked off: counts as 0           |
                                                               v
                                                y * (dy - s)  ->  row r of dx

## The algorithm

1. Ask which program this is: that is the number of its row. Number the columns, and compute the mask (as in level 3).
   The row is converted to int64, as in level 4: `row * stride` passes 2^31 in a large matrix.
2. Load the row of `y` and the row of `dy`, with 0 in the lanes that don't exist, and convert both to fp32.
3. Multiply them and sum: that is `s`, one number.
4. Compute `y * (dy - s)` and store it in the row of `dx`.

The launcher `softmax_backward` (given) allocates `dx` and starts one program per row. Neither `y` nor `dy` may be
written into: others may still need them.

**Which value do the masked-off lanes need?** Whatever adds nothing to the sum. Level 3 needed minus infinity for that;
here a product is summed, so 0 does it. One zero would be enough if the other factor were a number, but a lane that
wasn't loaded may hold infinity or NaN, and 0 times those is NaN. So both loads say `other=0.0`.

**Strides that are 0.** Autograd hands over `dy` as it happens to lie in memory. The most common last line of a network
is `loss = y.sum()`. Its gradient is 1 for every element, and PyTorch doesn't write a matrix of ones for that: it hands
over a *single* 1 with the shape of `y` and the strides (0, 0), so that every row and every column lead to the same
place. After `y.sum(dim=0)` the strides are (0, 1): all rows are one. A kernel that uses the strides that it is given
never notices. One that takes `dy` to lie in memory like `y` reads numbers that aren't its own, far behind the end.
Therefore y, dy and dx have two strides each, six in all.

## Triton functions used

- `tl.program_id(axis=0)`, `tl.arange(0, BLOCK_SIZE)`: as in level 1. `.to(tl.int64)` makes the program's number one of
  64 bits.
- `tl.load(pointers, mask=mask, other=0.0)`: reads where the mask is True; the other lanes get 0.
- `x.to(tl.float32)`: the same block in fp32. `tl.sum` of a block in fp16 adds in fp16 on a GPU, which gets stuck: 2048
  + 1 is 2048 there. So convert before you sum.
- `tl.sum(x, axis=0)`: the sum of all lanes, as one number.
- `tl.store(pointers, values, mask=mask)`: converts to the dtype of the pointer as it stores.

## What it costs

Let N be the number of elements. Two matrices are read, one is written:

    operation                              elements read  elements written
    product = y * dy                       2 N            N
    s       = product.sum(dim=-1)          N              R
    shifted = dy - s                       N + R          N
    dx      = y * shifted                  2 N            N
                                           -------------------------------
    in four steps of PyTorch               6 N + R        3 N + R

    your kernel                            2 N            N

For 16384 rows of 8192 columns in fp16, N is 134 million, and your kernel moves 3 * 134,217,728 * 2 bytes = 805 MB. It
computes 4 operations for these 6 bytes (multiply, add, subtract, multiply), so it is **memory-bound** once more, and
the goal is the speed of a copy of as many bytes.

That counts on a whole row in the registers, two of them even, of `y` and of `dy`. A row that doesn't fit must be read
twice, once for `s` and once for `dx`: that makes 4 N elements read and N written, 5 N instead of 3 N.

## Common mistakes

- The sum left out, `dx = y * dy`: that is the gradient of a softmax whose sum is taken for a constant. Its rows don't
  sum to 0.
- The sum of `dy` alone, or of `y` alone: `s` is the sum of the *products*.
- `dx = dy * y * (1 - y)`: that is how fast each weight grows with its *own* score, and it leaves out all the others.
- Softmax taken again, of `y`: the argument is the result of the forward pass already.
- `dy` found by the strides of `y`: right until somebody calls `sum()`, and then the kernel reads far behind the single
  number that is there.
- No conversion to fp32: right for fp32. In fp16 the sum keeps three digits, and where gradients are around 50, `dy - s`
  keeps about one.
- `dx` stored into `dy` to save memory: others may still need `dy`, and with strides of 0 all rows of it are one.

## Sources

- A. Griewank, A. Walther: *Evaluating Derivatives*, 2008. Why walking backwards costs only a few times the way there.
- J. S. Bridle: *Probabilistic Interpretation of Feedforward Classification Network Outputs*, 1990. The name softmax, and
  its derivative.
- The PyTorch documentation, *Autograd mechanics* and *Extending PyTorch*.

Behind the code: More on the matrix that isn't there, the step of a test, cross-entropy, and what is kept.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the five gaps in this file, one to three lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

MAX_COLS = 32768  # a longer row doesn't fit into the registers of one program


@triton.jit
def softmax_backward_kernel(
    y_ptr,  # pointer to the first element of y, the result of softmax
    dy_ptr,  # pointer to the first element of dy, the gradient of y
    dx_ptr,  # pointer to the first element of dx, the gradient that is asked for
    stride_y_row,  # from one row of y to the next, in elements
    stride_y_col,  # from one column of y to the next
    stride_dy_row,  # the same for dy: both may be 0
    stride_dy_col,
    stride_dx_row,  # and for dx
    stride_dx_col,
    n_cols,  # how many columns there are
    BLOCK_SIZE: tl.constexpr,  # a power of two, n_cols or more: one program handles one whole row
):
    # TODO 1 (3 lines): `row`, this program's row, in int64; `cols`, the numbers of the columns; `mask`, which exist.
    row = cols = mask = ...

    # TODO 2 (2 lines): `y`, this row of y in fp32, with 0 in the lanes that don't exist.               N elements read
    y = ...

    # TODO 3 (2 lines): `dy`, the same row of dy, by dy's own strides.                                   N elements read
    dy = ...

    # TODO 4 (1 line): `s`, the sum of the products of y and dy, one number.
    s = ...

    # TODO 5 (2 lines): `dx`, the gradient; then store it in this row of dx. Mind the strides, and the mask.
    #                                                                                                 N elements written
    dx = ...


def softmax_backward(y: torch.Tensor, dy: torch.Tensor) -> torch.Tensor:
    """The gradient of softmax over the last axis, for matrices with any strides.

    y: (rows, cols), the result of softmax; dy: (rows, cols), its gradient, of the same dtype -> dx: (rows, cols).
    Raises ValueError for anything else, and for more than MAX_COLS columns.
    """
    if y.ndim != 2 or y.shape != dy.shape or not y.is_floating_point():
        raise ValueError(
            f"softmax_backward takes two matrices of one shape, not {tuple(y.shape)} and {tuple(dy.shape)}"
        )
    if y.dtype != dy.dtype or y.device != dy.device:
        raise ValueError(f"softmax_backward takes y and dy of one dtype on one device, not {y.dtype} and {dy.dtype}")
    n_rows, n_cols = y.shape
    if not 1 <= n_cols <= MAX_COLS:
        raise ValueError(f"softmax_backward takes matrices of 1 to {MAX_COLS} columns, not {n_cols}")

    dx = torch.empty(y.shape, dtype=y.dtype, device=y.device)
    BLOCK_SIZE = triton.next_power_of_2(n_cols)  # the smallest power of two that holds a row
    num_warps = min(max(BLOCK_SIZE // 2048, 4), 16)  # longer rows are shared by more threads (a warp is 32 threads)
    grid = (n_rows,)  # one program per row
    softmax_backward_kernel[grid](
        y, dy, dx,
        *y.stride(), *dy.stride(), *dx.stride(),
        n_cols, BLOCK_SIZE=BLOCK_SIZE, num_warps=num_warps,
    )  # fmt: skip
    return dx


MORE = """
## More on the matrix that isn't there

How fast each `y[i]` grows with each `x[j]` is a table of its own, the **Jacobian**. For the worked example:

                 x[0]        x[1]        x[2]
    y[0]       0.109375   -0.03125    -0.078125
    y[1]      -0.03125     0.1875     -0.15625
    y[2]      -0.078125   -0.15625     0.234375

On the diagonal stands `y[j] - y[j] * y[j]`, elsewhere `- y[i] * y[j]`. The chain rule multiplies this table by `dy`: the
first column gives `1 * 0.109375 + 2 * 0.03125 - 0.4 * 0.078125 = 0.140625`. A row of 8192 scores has a table of 67
million numbers. Nobody ever writes it down: a backward kernel is a shortcut for a product with a matrix that is never
made. The shortcut exists since the table has only two parts, a diagonal, and the products of `y` with itself.

## More on the step of a test

Which step is best for finite differences? A long one sees the curve instead of the slope; a short one drowns in rounding.
Better than a shorter step is one to either side: the error then falls with the square of the step.

    step       (L up - L) / step             (L up - L down) / (2 * step)
    0.1        0.14598                       0.1407055
    0.01       0.14115                       0.1406258
    0.001      0.14068                       0.1406250
    the formula                              0.140625

In fp16, numbers around 0.125 are 0.0001 apart, which is more than `L` moves by with a step of 0.0005: the test says
nothing at all there. So it is made in float64, and what the kernel gives in fp16 is compared with the formula in
float64. `torch.autograd.gradcheck` is such a test, of every element.

## More on cross-entropy

The loss of a language model is `L = -ln(y[t])`, where `t` is the word that really came. Its `dy` is `-1 / y[t]` at `t` and
0 elsewhere. So `s = y[t] * (-1 / y[t]) = -1`, and

    dx[j] = y[j] * (0 + 1)               = y[j]          for j other than t
    dx[t] = y[t] * (-1 / y[t] + 1)       = y[t] - 1

The gradient is the prediction minus what came. Kernels for this loss never make `dy`: they write `y - 1` and `y` at once.
That also spares them the division by a weight that may be tiny.

## More on what is kept

A forward pass keeps tensors for its backward pass, and they stay in memory until that is over: in training, this is what
fills a GPU. For a backward pass there is often a choice of what to keep. Of `x + y` nothing is needed. Of `x * y` both
factors are. Of softmax either `x` or `y` would do; `y` is the better one, since it is wanted elsewhere anyway, and since
no `exp` has to be taken again. Where the result is too large to be kept, as the weights of attention are, one keeps less
and computes more: level 12 begins with that.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(softmax_backward)
