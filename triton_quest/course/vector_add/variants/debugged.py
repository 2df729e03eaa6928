"""Full of what one writes while looking for a mistake: prints and assertions, in the kernel and around it."""

import torch
import triton
import triton.language as tl


@triton.jit(debug=True)
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK_SIZE: tl.constexpr):
    tl.static_assert(BLOCK_SIZE % 2 == 0, "an even block")
    tl.static_print("compiled for", BLOCK_SIZE)
    pid = tl.program_id(0)
    offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    mask = offsets < n
    tl.device_assert(pid >= 0, "programs are counted from 0")
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    y = tl.load(y_ptr + offsets, mask=mask, other=0.0)
    tl.device_assert(x == x, "no NaN comes in")
    assert n > 0
    if pid == 1:
        print("block", pid)
        tl.device_print("sum ", x + y)
    tl.store(out_ptr + offsets, x + y, mask=mask)


def vector_add(x, y):
    print("x:", x[:3], "mean", x.float().mean().item(), f"max {x.max():.3f}", y.tolist()[:2])
    assert torch.isfinite(x).all() and not torch.isnan(y).any()
    out = torch.full_like(x, float("nan"))
    out.fill_(0)
    grid = (triton.cdiv(x.numel(), 64),)
    add_kernel[grid](x, y, out, x.numel(), BLOCK_SIZE=64)
    expected = x + y
    if not torch.allclose(out, expected):
        print("off by", (out - expected).abs().max().item())
    print(out.numpy()[:2] if out.dtype == torch.float32 else out)
    return out
