"""Kernels for the tests of the memory model, right and wrong; `# HERE` marks the line that a test expects."""

import triton
import triton.language as tl


@triton.jit
def add_unmasked(x_ptr, y_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets)  # HERE add_unmasked
    y = tl.load(y_ptr + offsets)
    tl.store(o_ptr + offsets, x + y, mask=offsets < n)


@triton.jit
def add(x_ptr, y_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n  # HERE add
    x = tl.load(x_ptr + offsets, mask=mask)  # HERE add_load
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(o_ptr + offsets, x + y, mask=mask)  # HERE add_store


@triton.jit
def store_unmasked(o_ptr, n, BLOCK: tl.constexpr):
    tl.store(o_ptr + tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), 1.0)  # HERE store_unmasked


@triton.jit
def previous(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    before = offsets - 1
    x = tl.load(x_ptr + before, mask=offsets < n)  # HERE previous
    tl.store(o_ptr + offsets, x, mask=offsets < n)


@triton.jit
def matmul(
    a_ptr,
    b_ptr,
    c_ptr,
    M,
    N,
    K,
    stride_am,
    stride_ak,
    stride_bk,
    stride_bn,
    stride_cm,
    stride_cn,
    MASK_K: tl.constexpr,
    MASK_M: tl.constexpr,
    BM: tl.constexpr,
    BN: tl.constexpr,
    BK: tl.constexpr,
):
    offs_m = tl.program_id(0) * BM + tl.arange(0, BM)
    offs_n = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, K, BK):
        offs_k = k + tl.arange(0, BK)
        rows = (offs_m < M) | (not MASK_M)
        inner = (offs_k < K) | (not MASK_K)
        a = tl.load(  # HERE matmul
            a_ptr + offs_m[:, None] * stride_am + offs_k[None, :] * stride_ak,
            mask=rows[:, None] & inner[None, :],
            other=0.0,
        )
        b = tl.load(
            b_ptr + offs_k[:, None] * stride_bk + offs_n[None, :] * stride_bn,
            mask=inner[:, None] & (offs_n[None, :] < N),
            other=0.0,
        )
        acc = tl.dot(a, b, acc, input_precision="ieee")
    tl.store(
        c_ptr + offs_m[:, None] * stride_cm + offs_n[None, :] * stride_cn,
        acc,
        mask=(offs_m[:, None] < M) & (offs_n[None, :] < N),
    )


@triton.jit
def matmul_wrapped(
    a_ptr,
    b_ptr,
    c_ptr,
    M,
    N,
    K,
    stride_am,
    stride_ak,
    stride_bk,
    stride_bn,
    stride_cm,
    stride_cn,
    BM: tl.constexpr,
    BN: tl.constexpr,
    BK: tl.constexpr,
):
    """As in the official tutorial: rows and columns wrap around, pointers advance past the end and stop there."""
    offs_m = (tl.program_id(0) * BM + tl.arange(0, BM)) % M
    offs_n = (tl.program_id(1) * BN + tl.arange(0, BN)) % N
    offs_k = tl.arange(0, BK)
    a_ptrs = a_ptr + (offs_m[:, None] * stride_am + offs_k[None, :] * stride_ak)
    b_ptrs = b_ptr + (offs_k[:, None] * stride_bk + offs_n[None, :] * stride_bn)
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(tl.cdiv(K, BK)):
        a = tl.load(a_ptrs, mask=offs_k[None, :] < K - k * BK, other=0.0)
        b = tl.load(b_ptrs, mask=offs_k[:, None] < K - k * BK, other=0.0)
        acc += tl.dot(a, b, input_precision="ieee")
        a_ptrs += BK * stride_ak
        b_ptrs += BK * stride_bk
    tl.store(c_ptr + stride_cm * offs_m[:, None] + stride_cn * offs_n[None, :], acc)  # HERE matmul_wrapped


@triton.jit
def matmul_unmasked(
    a_ptr,
    b_ptr,
    c_ptr,
    M,
    N,
    K,
    stride_am,
    stride_ak,
    stride_bk,
    stride_bn,
    stride_cm,
    stride_cn,
    BM: tl.constexpr,
    BN: tl.constexpr,
    BK: tl.constexpr,
):
    offs_n = tl.program_id(1) * BN + tl.arange(0, BN)
    offs_k = tl.arange(0, BK)
    b_ptrs = b_ptr + (offs_k[:, None] * stride_bk + offs_n[None, :] * stride_bn)
    if tl.program_id(1) == 2:
        for _ in range(tl.cdiv(K, BK)):
            tl.load(b_ptrs)  # HERE matmul_unmasked
            b_ptrs += BK * stride_bk


@triton.jit
def softmax_rows(x_ptr, o_ptr, stride, n_cols, MASK: tl.constexpr, OTHER: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    if not MASK:
        x = tl.load(x_ptr + row * stride + cols)  # HERE softmax_unmasked
    elif OTHER:
        x = tl.load(x_ptr + row * stride + cols, mask=cols < n_cols, other=-float("inf"))
    else:
        x = tl.load(x_ptr + row * stride + cols, mask=cols < n_cols)  # HERE softmax_no_other
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(o_ptr + row * n_cols + cols, e / tl.sum(e, axis=0), mask=cols < n_cols)


@triton.jit
def copy(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n)  # HERE copy
    tl.store(o_ptr + offsets, x, mask=offsets < n)


@triton.jit
def reverse(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + n - 1 - offsets, mask=offsets < n)
    tl.store(o_ptr + offsets, x, mask=offsets < n)


@triton.jit
def running_total(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    total = tl.sum(tl.load(x_ptr + offsets, mask=offsets < n, other=0.0), 0)
    before = tl.load(o_ptr)  # HERE running_total_load
    tl.store(o_ptr, before + total)  # HERE running_total_store


@triton.jit
def atomic_total(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(o_ptr, tl.sum(tl.load(x_ptr + offsets, mask=offsets < n, other=0.0), 0))  # HERE atomic_total


@triton.jit
def histogram(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n, other=0)
    tl.atomic_add(o_ptr + x, 1, mask=offsets < n)  # HERE histogram


@triton.jit
def last_wins(o_ptr, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    tl.store(o_ptr + offsets, offsets + tl.program_id(0))  # HERE last_wins


@triton.jit
def all_the_same(o_ptr, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    tl.store(o_ptr + offsets, -1.0)  # HERE all_the_same
    tl.store(o_ptr + offsets, offsets.to(tl.float32))


@triton.jit
def halves(o_ptr, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    tl.store(o_ptr + offsets // 2, offsets)  # HERE halves


@triton.jit
def halves_equal(o_ptr, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    tl.store(o_ptr + offsets // 2, offsets // 2)


@triton.jit
def shift_in_place(x_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets + 1, mask=offsets + 1 < n, other=0.0)
    tl.store(x_ptr + offsets, x, mask=offsets < n)  # HERE shift_in_place


@triton.jit
def scale_in_place(x_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n)
    tl.store(x_ptr + offsets, x * 2, mask=offsets < n)


@triton.jit
def rewrite_neighbours(x_ptr, n, BLOCK: tl.constexpr):
    """Each program stores back what it read, its neighbours' elements among it: no value ever changes."""
    offsets = (tl.program_id(0) * BLOCK + tl.arange(0, 2 * BLOCK)) % n
    tl.store(x_ptr + offsets, tl.load(x_ptr + offsets))


@triton.jit
def read_null(o_ptr, BLOCK: tl.constexpr):
    nowhere = tl.cast(tl.full((BLOCK,), 0, tl.int64), tl.pointer_type(tl.float32))
    tl.store(o_ptr + tl.arange(0, BLOCK), tl.load(nowhere))  # HERE read_null


@triton.jit
def write_address(address, o_ptr, BLOCK: tl.constexpr):
    somewhere = tl.cast(address + tl.arange(0, BLOCK).to(tl.int64) * 4, tl.pointer_type(tl.float32))
    tl.store(somewhere, tl.load(o_ptr + tl.arange(0, BLOCK)))  # HERE write_address


@triton.jit
def there_and_back(x_ptr, o_ptr, BLOCK: tl.constexpr):
    """A pointer through an integer and back is the same pointer."""
    offsets = tl.arange(0, BLOCK)
    address = (x_ptr + offsets).to(tl.int64)
    tl.store(o_ptr + offsets, tl.load(tl.cast(address, tl.pointer_type(tl.float32))))


@triton.jit
def misaligned(x_ptr, o_ptr, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    odd = tl.cast(tl.cast(x_ptr, tl.pointer_type(tl.int8)) + offsets, tl.pointer_type(tl.float32))
    tl.store(o_ptr + offsets, tl.load(odd))  # HERE misaligned


@triton.jit
def bytes_of(x_ptr, o_ptr, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    tl.store(o_ptr + offsets, tl.load(tl.cast(x_ptr, tl.pointer_type(tl.int8)) + offsets))


@triton.jit
def choose(x_ptr, y_ptr, o_ptr, n, BLOCK: tl.constexpr):
    """One load from two tensors."""
    offsets = tl.arange(0, BLOCK)
    pointers = tl.where(offsets % 2 == 0, x_ptr + offsets, y_ptr + offsets)
    tl.store(o_ptr + offsets, tl.load(pointers, mask=offsets < n), mask=offsets < n)  # HERE choose


@triton.jit
def gather(x_ptr, index_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    index = tl.load(index_ptr + offsets, mask=offsets < n)
    tl.store(o_ptr + offsets, tl.load(x_ptr + index, mask=offsets < n), mask=offsets < n)  # HERE gather


@triton.jit
def gather_at(x_ptr, offset_ptr, mask_ptr, o_ptr, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    offset = tl.load(offset_ptr + lanes)
    mask = tl.load(mask_ptr + lanes) != 0
    tl.store(o_ptr + lanes, tl.load(x_ptr + offset, mask=mask, other=0.0))


@triton.jit
def scatter_at(x_ptr, offset_ptr, mask_ptr, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    offset = tl.load(offset_ptr + lanes)
    mask = tl.load(mask_ptr + lanes) != 0
    tl.store(x_ptr + offset, lanes, mask=mask)


@triton.jit
def one_number(x_ptr, o_ptr):
    tl.store(o_ptr, tl.load(x_ptr) + tl.load(x_ptr + tl.program_id(0)))  # HERE one_number


@triton.jit
def first_of_previous(x_ptr, o_ptr, OTHER: tl.constexpr):
    pid = tl.program_id(0)
    if OTHER:  # noqa: SIM108
        x = tl.load(x_ptr + pid - 1, mask=pid > 0, other=0.0)
    else:
        x = tl.load(x_ptr + pid - 1, mask=pid > 0)  # HERE first_of_previous
    tl.store(o_ptr + pid, x)


@triton.jit
def sum_pair(pair, o_ptr, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    tl.store(o_ptr + offsets, tl.load(pair[0] + offsets) + tl.load(pair[1] + offsets))  # HERE sum_pair


@triton.jit
def through_descriptor(x, o_ptr, BLOCK: tl.constexpr):
    block = x.load([0, 0])
    rows = tl.arange(0, BLOCK)
    tl.store(o_ptr + rows[:, None] * BLOCK + rows[None, :], block)


@triton.jit
def with_descriptor(x_ptr, o_ptr, rows, columns, BLOCK: tl.constexpr):
    x = tl.make_tensor_descriptor(x_ptr, shape=[rows, columns], strides=[columns, 1], block_shape=[BLOCK, BLOCK])
    offs = tl.arange(0, BLOCK)
    tl.store(o_ptr + offs[:, None] * BLOCK + offs[None, :], x.load([0, 0]))  # HERE with_descriptor


@triton.jit
def load_at(pointers, mask):
    return tl.load(pointers, mask=mask)  # HERE load_at


@triton.jit
def through_helper(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    tl.store(o_ptr + offsets, load_at(x_ptr + offsets, offsets < n + 1), mask=offsets < n)


@triton.jit
def block_sum(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(o_ptr + tl.program_id(0), tl.sum(tl.load(x_ptr + offsets, mask=offsets < n), 0))  # HERE block_sum


@triton.jit
def write_if(o_ptr, n, LIMIT: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(o_ptr + offsets, 1.0, mask=offsets < LIMIT)  # HERE write_if


@triton.jit
def read_tile(
    x_ptr, o_ptr, row, column, rows, columns, stride_r, stride_c, MASK: tl.constexpr, BR: tl.constexpr, BC: tl.constexpr
):
    offs_r = row + tl.arange(0, BR)
    offs_c = column + tl.arange(0, BC)
    keep = ((offs_r[:, None] < rows) & (offs_c[None, :] < columns)) | (not MASK)
    x = tl.load(x_ptr + offs_r[:, None] * stride_r + offs_c[None, :] * stride_c, mask=keep, other=0)
    tl.store(o_ptr + tl.arange(0, BR)[:, None] * BC + tl.arange(0, BC)[None, :], x)


@triton.jit
def load_then_store(x_ptr, read_ptr, write_ptr, value_ptr, sink_ptr, LANES: tl.constexpr):
    lanes = tl.program_id(0) * LANES + tl.arange(0, LANES)
    tl.store(sink_ptr + lanes, tl.load(x_ptr + tl.load(read_ptr + lanes)))
    tl.store(x_ptr + tl.load(write_ptr + lanes), tl.load(value_ptr + lanes))


@triton.jit
def block_pointer(x_ptr, o_ptr, n, CHECK: tl.constexpr, BLOCK: tl.constexpr):
    """Up to Triton 3.7."""
    x = tl.make_block_ptr(x_ptr, shape=(n,), strides=(1,), offsets=(0,), block_shape=(BLOCK,), order=(0,))
    offsets = tl.arange(0, BLOCK)
    if CHECK:
        tl.store(o_ptr + offsets, tl.load(x, boundary_check=(0,)), mask=offsets < n)
    else:
        tl.store(o_ptr + offsets, tl.load(x), mask=offsets < n)  # HERE block_pointer


@triton.jit
def hand_over(flag_ptr, o_ptr):
    """From Triton 3.8 on."""
    pid = tl.program_id(0)
    tl.store(o_ptr + pid, tl.atomic_load(flag_ptr))
    tl.atomic_store(flag_ptr, pid)


@triton.jit
def load_number(n, o_ptr):
    tl.store(o_ptr, tl.load(n))


@triton.jit
def copy_heads(
    x_ptr,
    o_ptr,
    H,
    M,
    stride_b,
    stride_h,
    stride_m,
    SWAP: tl.constexpr,
    MASK: tl.constexpr,
    BM: tl.constexpr,
    D: tl.constexpr,
):
    pid = tl.program_id(1)
    batch, head = (pid % H, pid // H) if SWAP else (pid // H, pid % H)
    offs_m = tl.program_id(0) * BM + tl.arange(0, BM)
    offsets = batch * stride_b + head * stride_h + offs_m[:, None] * stride_m + tl.arange(0, D)[None, :]
    mask = (offs_m[:, None] < M) | (not MASK)
    tl.store(o_ptr + offsets, tl.load(x_ptr + offsets, mask=mask), mask=mask)  # HERE copy_heads


@triton.jit
def turned_around(x_ptr, tmp_ptr, o_ptr, BARRIER: tl.constexpr, BACK: tl.constexpr, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    tl.store(tmp_ptr + lanes, tl.load(x_ptr + lanes))
    if BARRIER:
        tl.debug_barrier()
    back = BLOCK - 1 - lanes if BACK else lanes
    tl.store(o_ptr + lanes, tl.load(tmp_ptr + back))  # HERE turned_around


@triton.jit
def updated_and_read_back(total_ptr, o_ptr, BARRIER: tl.constexpr, BACK: tl.constexpr, BLOCK: tl.constexpr):
    """Atomics whose results are dropped, then a load of what they updated, by the same lanes or by others."""
    lanes = tl.arange(0, BLOCK)
    tl.atomic_add(total_ptr + lanes, 1.0)
    if BARRIER:
        tl.debug_barrier()
    back = BLOCK - 1 - lanes if BACK else lanes
    tl.store(o_ptr + lanes, tl.load(total_ptr + back))  # HERE updated_and_read_back


@triton.jit
def counted_and_read_back(total_ptr, o_ptr, USED: tl.constexpr):
    """An atomic of a single number, whose result is used or dropped, then a load of it."""
    if USED:
        before = tl.atomic_add(total_ptr, 1.0)
        tl.store(o_ptr, tl.load(total_ptr) - before)
    else:
        tl.atomic_add(total_ptr, 1.0)
        tl.store(o_ptr, tl.load(total_ptr))  # HERE counted_and_read_back


@triton.jit
def stored_block_read_as_one(x_ptr, tmp_ptr, o_ptr, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    tl.store(tmp_ptr + lanes, tl.load(x_ptr + lanes))
    tl.store(o_ptr, tl.load(tmp_ptr))  # HERE stored_block_read_as_one


@triton.jit
def stored_row_read_as_column(x_ptr, tmp_ptr, o_ptr, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    tl.store(tmp_ptr + lanes, tl.load(x_ptr + lanes))
    tl.store(o_ptr + lanes[:, None], tl.load(tmp_ptr + lanes[:, None]))


@triton.jit
def doubled_from_behind(
    x_ptr, o_ptr, BARRIER: tl.constexpr, SUM: tl.constexpr, BACK: tl.constexpr, BLOCK: tl.constexpr
):
    """x is loaded and stored over, by the same lanes or by others."""
    lanes = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + lanes)
    total = tl.sum(x, axis=0) if SUM else 0.0
    if BARRIER:
        tl.debug_barrier()
    back = BLOCK - 1 - lanes if BACK else lanes
    tl.store(x_ptr + back, 2 * x + total)  # HERE doubled_from_behind
    tl.store(o_ptr + lanes, x)


@triton.jit
def stored_twice(o_ptr, FIRST: tl.constexpr, BARRIER: tl.constexpr, SHIFT: tl.constexpr, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    tl.store(o_ptr + lanes, FIRST + 0 * lanes)
    if BARRIER:
        tl.debug_barrier()
    tl.store(o_ptr + (lanes + SHIFT) % BLOCK, 1 + 0 * lanes)  # HERE stored_twice
