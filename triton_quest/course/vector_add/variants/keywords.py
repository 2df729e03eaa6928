"""Everything by keyword, a launcher that is an object, gradients off, a default device."""

import functools

import torch
import triton
import triton.language as tl

torch.set_default_device("cpu")
torch.backends.cuda.matmul.allow_tf32 = False
torch.set_float32_matmul_precision("highest")


@functools.partial(triton.jit, do_not_specialize=["n"])
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK_SIZE: tl.constexpr = 512):
    offsets = tl.program_id(axis=0) * BLOCK_SIZE + tl.arange(start=0, end=BLOCK_SIZE)
    mask = offsets < n
    x = tl.load(pointer=x_ptr + offsets, mask=mask, other=None)
    y = tl.load(pointer=y_ptr + offsets, mask=mask, other=None)
    tl.store(pointer=out_ptr + offsets, value=x + y, mask=mask)


class Adder:
    """Knows the size of its blocks."""

    def __init__(self, block_size):
        self.block_size = block_size

    @torch.no_grad()
    def __call__(self, x, y):
        self.out = torch.empty(size=x.shape, dtype=x.dtype, device=x.device)
        n = x.shape[0]
        add_kernel[triton.cdiv(n, self.block_size),](
            y_ptr=y, x_ptr=x, n=n, out_ptr=self.out, BLOCK_SIZE=self.block_size, num_warps=2, num_stages=1
        )
        return self.out


vector_add = Adder(block_size=2048)
