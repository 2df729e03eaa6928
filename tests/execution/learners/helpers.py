"""A second file of the learner's."""

import triton
import triton.language as tl


@triton.jit
def gelu(x):
    return x * tl.sigmoid(1.702 * x)


@triton.jit
def stops_early(x_ptr, n):
    acc = 0.0
    for i in range(n):
        if i > 2:
            break
        acc += tl.load(x_ptr + i)
    return acc
