"""Sizes, shapes and the operands of `tl.dot`."""

from __future__ import annotations

from . import facts, products
from .row import Row

SIZES = (
    Row(
        "forgotten_constexpr",
        "`{name}` is a size, so the compiler must know it: declare it as `{name}: tl.constexpr` in the parameters of "
        "`{function}`. A length that varies needs a fixed block and a mask.",
        reason="must be of type tl.constexpr|must be a constexpr|used as a constexpr",
        fact=facts.parameter_without_constexpr,
    ),
    Row(
        "runtime_size",
        "The bounds of `tl.arange` must be `tl.constexpr`. A constant computed in the kernel needs the annotation too, "
        "as in `HALF: tl.constexpr = BLOCK // 2`.",
        reason="arange's arguments must be of type tl.constexpr",
    ),
    Row(
        "power_of_two",
        "The length of `{code}` must be a power of two: round it up, and mask the rest.",
        reason="power of 2",
    ),
    Row("arange_bounds", "`tl.arange` needs an end above its start.", reason="end argument must be greater"),
    Row("arange_bounds", "`tl.arange` can't start below 0: subtract afterwards.", reason="arange must fit in int32"),
    Row(
        "block_too_large",
        "A block of {numel} elements is too large: Triton stops at {limit}. Take a smaller block and more programs.",
        reason=r"numel \((?P<numel>\d+)\) exceeds triton maximum tensor numel \((?P<limit>\d+)\)",
    ),
    Row(
        "product_of_matrices",
        "`{code}` multiplies number by number, and its blocks differ: {one} and {other} along axis {axis}. The product of two "
        "matrices is `tl.dot({first}, {second})`.",
        reason=r"incompatible dimensions at index (?P<axis>\d+): (?P<one>\d+) and (?P<other>\d+)",
        code=r"^(?!offs|stride|pid)(?P<first>\w+) \* (?!offs|stride|pid)(?P<second>\w+)$",
    ),
    Row(
        "shapes_of_an_access",
        "The pointers, the mask and the values of `{code}` must have one shape, and {one} meets {other} along axis {axis}: build all of "
        "them from the same offsets, those that run down by `[:, None]`, those to the right by `[None, :]`.",
        reason=r"incompatible dimensions at index (?P<axis>\d+): (?P<one>\d+) and (?P<other>\d+)",
        code=r"^tl\.(load|store)\(",
    ),
    Row(
        "shapes_differ",
        "Blocks of different length meet in `{code}`: {one} and {other} along axis {axis}. "
        "Give both the same block size, turn one by `[:, None]`, or reduce along the other axis.",
        reason=r"incompatible dimensions at index (?P<axis>\d+): (?P<one>\d+) and (?P<other>\d+)",
    ),
    Row(
        "axis",
        "There is no axis {axis} in this block: a vector has axis 0 alone, a tile the axes 0 and 1.",
        reason=r"invalid axis (?P<axis>-?\d+)",
    ),
)

DOT = (
    Row(
        "dot_too_small",
        "`tl.dot` needs an inner dimension (K) of at least {k} for this type: take a larger block along K, "
        "and mask the rest with zeros.",
        reason=r"Input shapes should have .*K >= (?P<k>\d+)",
    ),
    Row(
        "dot_types",
        "`tl.dot` needs both operands in one type, and `{first}` is {one}, `{second}` {other}, as they are loaded: does the launch pass "
        "the tensors for `{first_pointer}` and `{second_pointer}` that these names mean? If so, cast one, as in `{cast}`.",
        reason=r"Both operands must be same dtype\. Got (?P<one>\S+) and (?P<other>\S+)",
        fact=products.operands_as_loaded,
    ),
    Row(
        "dot_types",
        "`tl.dot` needs both operands in one type, and `{first}` is {one}, `{second}` {other}: cast one, as in `{cast}`.",
        reason=r"Both operands must be same dtype\. Got (?P<one>\S+) and (?P<other>\S+)",
        fact=products.cast_of_an_operand,
    ),
    Row(
        "dot_types",
        "`tl.dot` needs both operands in one type, and gets {one} and {other}: cast one, as in `p.to(v.dtype)`.",
        reason=r"Both operands must be same dtype\. Got (?P<one>\S+) and (?P<other>\S+)",
    ),
    Row(
        "dot_accumulator",
        "The accumulator of `{code}`, its third argument, has another type or shape than the product: "
        "create it as `tl.zeros((rows, columns), dtype=tl.float32)`, in the tile's size.",
        error="AssertionError",
        reason="^$|^accumulator shape is incompatible",
        code=r"^tl\.dot\(",
    ),
    Row("dot_types", "`tl.dot` doesn't take {type}.", reason=r"Unsupported \w+ dtype (?P<type>\w+)", code=r"tl\.dot"),
    Row(
        "dot_shapes", "`tl.dot` needs two blocks of two dimensions: (M, K) and (K, N).", reason="must have equal ranks"
    ),
    Row(
        "dot_shapes",
        "The inner dimensions of `{code}` differ: it takes (M, K) and (K, N). Perhaps a tile is transposed already.",
        reason="equal reduction dimensions|First input shape .* compatible|must be equal to second input shape",
        code=r"tl\.trans\(|\.T\b",
    ),
    Row(
        "dot_shapes",
        "The inner dimensions of `{code}` differ: it takes (M, K) and (K, N). Perhaps one needs `tl.trans`.",
        reason="equal reduction dimensions|First input shape .* compatible|must be equal to second input shape",
    ),
    Row(
        "dot_precision",
        '`input_precision` must be one of {known}; `"ieee"` multiplies fp32 numbers as they are.',
        reason=r"input_precision must be one of (?P<known>\(.*?\))",
    ),
)
