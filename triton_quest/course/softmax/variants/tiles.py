"""Tiles of several rows; the kernel chosen from a dict; a numerator that tl.where cleans instead of `other`."""

import torch
import triton
import triton.language as tl


@triton.jit
def tile_kernel(x_ptr, out_ptr, sxr, sxc, sor, soc, n_rows, n_cols, ROWS: tl.constexpr, COLS: tl.constexpr):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    cols = tl.arange(0, COLS)[None, :]
    inside = (rows < n_rows) & (cols < n_cols)
    x = tl.load(x_ptr + rows * sxr + cols * sxc, mask=inside).to(tl.float32)
    largest = tl.max(tl.where(inside, x, float("-inf")), axis=1, keep_dims=True)
    largest = tl.where(rows < n_rows, largest, 0.0)
    numerator = tl.where(inside, tl.exp(x - largest), 0.0)
    denominator = tl.sum(numerator, axis=1)[:, None]
    tl.store(out_ptr + rows * sor + cols * soc, numerator / denominator, mask=inside)


KERNELS = dict.fromkeys((1, 4, 16), tile_kernel)


def softmax(x):
    n_rows, n_cols = x.shape
    rows = 16 if n_rows >= 16 else 4 if n_rows >= 4 else 1
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    kernel = KERNELS[rows]
    kernel[(-(-n_rows // rows),)](
        x, out, *x.stride(), *out.stride(), n_rows, n_cols, ROWS=rows, COLS=triton.next_power_of_2(n_cols)
    )
    return out
