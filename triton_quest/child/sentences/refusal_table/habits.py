"""What PyTorch, NumPy and Python write one way and Triton another: the learner's own line, as Triton wants it."""

from __future__ import annotations

from . import products, rewriting
from .row import Row

HABITS = (
    Row(
        "shape_tuple",
        "A shape is a tuple, in brackets of its own: write `{instead}`.",
        reason="not iterable|multiple values for argument|positional arguments",
        code=r"^tl\.(zeros|full)\(",
        fact=rewriting.with_a_tuple,
        runs=False,
    ),
    Row(
        "range_for_a_block",
        "`range` counts the rounds of a loop, and is no block of indices: write `{instead}`.",
        reason="'range' object has no attribute|range",
        node="BinOp",
        fact=rewriting.block_for_a_range,
        runs=False,
    ),
    Row(
        "offsets_beside_the_pointer",
        "`{called}` takes pointers that have their offsets already, so `{offsets}` is one argument too many: write `{instead}`.",
        reason=r"multiple values for argument '(?P<name>\w+)'",
        code=r"^(?P<called>tl\.load)\(",
        fact=rewriting.joined_pointer,
    ),
    Row(
        "passed_twice",
        "`{called}` gets `{name}` twice, by its place and by its name: there is an argument too many before it.",
        reason=r"multiple values for argument '(?P<name>\w+)'",
        code=r"^(?P<called>tl\.\w+)\(",
    ),
    Row(
        "never_loaded",
        "`{name}` (line {made}) is a block of addresses: nothing has been loaded from them. Write `{instead}`, with a mask.",
        reason="pointer",
        node="BinOp|UnaryOp|Call|AugAssign",
        fact=rewriting.never_loaded,
    ),
    Row(
        "axis_of_the_grid",
        "A grid has the axes 0, 1 and 2: there is no axis {axis}.",
        reason=r"program_id axis must be 0, 1, or 2 but got (?P<axis>-?\d+)",
        runs=False,
    ),
    Row(
        "called_dtype",
        "`{called}` is a type, and isn't called: write `{instead}`.",
        reason="'dtype' object is not callable",
        fact=rewriting.converted,
        runs=False,
    ),
    Row(
        "reduction_of_one_block",
        "`tl.{name}imum` compares two blocks lane by lane: what is wanted of one block is `tl.{name}({block}, axis=0)`.",
        reason=r"missing (?:\d+ required positional arguments?|a required argument)",
        code=r"^tl\.(?P<name>max|min)imum\((?P<block>\w+)\)$",
    ),
    Row(
        "integer_division",
        "`/` gives a float, which `{kind}` can't convert on a GPU: write `{instead}`.",
        reason=r"^(?P<kind>int)\(\) argument",
        fact=rewriting.whole_division,
    ),
    Row(
        "arange_from_a_runtime_start",
        "`tl.arange` counts between numbers that are known when the kernel is compiled: add the start to it, `{instead}`.",
        reason="arange's arguments must be of type tl.constexpr|must be a constexpr",
        code=r"^tl\.arange\(",
        fact=rewriting.start_added,
        runs=False,
    ),
    Row(
        "length_known_too_late",
        "`{name}` is known only when the kernel runs, and the length of a block must be known when it is compiled: write `{instead}`.",
        reason=r"must be of type tl.constexpr|must be a constexpr|used as a constexpr|Shape element \d+ must have type",
        code=r"^tl\.(arange|zeros|full)\(",
        fact=rewriting.length_of_a_block,
    ),
    Row(
        "length_of_a_pointer",
        "`{argument}` is an address, and knows no length: {instead}.",
        reason="'(?:tensor|pointer_type)' has no len|has no len",
        fact=rewriting.length_by_an_argument,
        runs=False,
    ),
    Row(
        "len",
        "A block has no `len`: write `{instead}`.",
        reason="has no len",
        fact=rewriting.first_of_its_shape,
        runs=False,
    ),
    Row(
        "scaled_operand",
        "`tl.dot` needs both operands in one type, and `{scale}` makes fp32 of the first or the second: leave them as they are "
        "and scale the product, `{instead}`.",
        reason=r"Both operands must be same dtype\.",
        fact=products.scaled_product,
    ),
    Row(
        "dot_types",
        "`tl.dot` needs both operands in one type, and gets {one} and {other}: write `{instead}`.",
        reason=r"Both operands must be same dtype\. Got (?P<one>\S+) and (?P<other>\S+)",
        fact=products.wide_operand_cast,
    ),
    Row(
        "method_of_a_mask",
        "A mask in a kernel has no `.{name}`: write `{instead}`.",
        reason=r"'tensor' object has no attribute '(?P<name>any|all)'",
        fact=rewriting.mask_reduced,
        runs=False,
    ),
    Row(
        "other_name_of_an_argument",
        "Triton calls `{name}` `{known}`: write `{instead}`.",
        reason=r"unexpected keyword argument '(?P<name>dim|keepdim|keepdims|precision)'",
        node="Call",
        fact=rewriting.argument_renamed,
        runs=False,
    ),
    Row(
        "pointer_index",
        "`{pointer}` is an address, and isn't indexed: write `{instead}`.",
        reason="unsupported tensor index|Did you forget",
        fact=rewriting.load_through_a_pointer,
        runs=False,
    ),
)
