"""Values of the wrong kind: offsets, masks, pointers and types."""

from __future__ import annotations

from . import facts, rewriting
from .row import Row

VALUES = (
    Row(
        "tensor_for_a_number",
        "`{name}` is a pointer here, because the launch passes a tensor for it, and a tensor of a single number (0-d) is one, too. "
        "Pass a Python number, or read it in the kernel with `tl.load({name})`.",
        node="BinOp",
        reason="operands of type .*pointer",
        fact=facts.pointer_as_a_factor,
    ),
    Row(
        "float_offset",
        "The offset in `{code}` is a float, and an address moves by whole elements. There is no `/` in what it is made of: does the "
        "launch pass a float, such as the scale, in the place of a whole number?",
        reason=r"operands of type (pointer<\w+> and \S+\.(fp|float|bfloat)\d|\S+\.(fp|float|bfloat)\d+ and pointer)",
        fact=facts.without_division,
    ),
    Row(
        "float_offset",
        "The offset in `{code}` is a float, and an address moves by whole elements: use `//` instead of `/`.",
        reason=r"operands of type (pointer<\w+> and \S+\.(fp|float|bfloat)\d|\S+\.(fp|float|bfloat)\d+ and pointer)",
    ),
    Row(
        "pointer_arithmetic",
        "A pointer plus or minus an integer is all that can be computed with pointers.",
        node="BinOp|UnaryOp|Compare|AugAssign",
        reason="pointer",
    ),
    Row(
        "bits_of_float",
        "`{code}` works on masks and integers, and gets floats: compare first, as in `x > 0`.",
        node="BinOp|UnaryOp|AugAssign",
        reason="invalid operands of type|wrong type argument to unary invert",
    ),
    Row(
        "needs_fp32",
        "`{called}` takes fp32, and `{argument}` is {type}: write `{called}({operand}.to(tl.float32))`.",
        reason=r"Expected dtype \['fp32', 'fp64'\] but got (?P<type>\w+)",
        fact=facts.first_argument,
    ),
    Row(
        "needs_fp32",
        "`tl.{name}` takes a float, and `{argument}` is a whole number: write `tl.{name}({argument} * 1.0)`.",
        reason="must be floating-point-like, but got 'i",
        fact=facts.function_of_a_whole_number,
    ),
    Row(
        "libdevice_dtype",
        "`{called}` isn't there for arguments of these types: most of libdevice's functions take fp32 or fp64 alone. Cast each, "
        "as in `{operand}.to(tl.float32)`.",
        reason=r"^\(triton\.language\.|input arg type does not match|^\(dtype\(",
        node="Call",
        fact=facts.first_argument,
    ),
    Row(
        "no_such_method",
        "A block in a kernel isn't a torch tensor, and has no `.{name}`: {instead}.",
        reason=r"'tensor' object has no attribute '(?P<name>\w+)'",
        fact=facts.instead_of_method,
        runs=False,
    ),
    Row(
        "constant_has_no_to",
        "`{name}` is a compile-time constant here (an argument that equals 1 becomes one) and has no `.to`: "
        "write `tl.cast({name}, {dtype})`, which takes constants too.",
        reason=r"'int' object has no attribute 'to'",
        code=r"^(?P<name>\w+)\.to$",
        fact=rewriting.dtype_asked_for,
    ),
    Row(
        "constant_has_no_method",
        "`{name}` is a compile-time constant here (an argument that equals 1 becomes one) and has no `.{attribute}`: "
        "`tl.full((), {name}, tl.int32)` makes a value of the kernel of it, which has.",
        reason=r"'(?:int|float|bool)' object has no attribute '(?P<attribute>\w+)'",
        code=r"^(?P<name>\w+)\.",
    ),
    Row(
        "number_conversion",
        "Python's `{kind}` can't convert a run-time value: write `tl.cast({argument}, tl.{kind}32)`.",
        reason=r"^(?P<kind>int|float)\(\) argument",
        fact=facts.first_argument,
    ),
    Row(
        "float_for_a_whole_number",
        "`//` and `%` need integers, and `{name}` is a float here: does the launch pass a float, such as the scale, in the place of a "
        "whole number? Look at the order of its arguments.",
        reason="unexpected type fp",
        node="BinOp",
        fact=facts.parameter_that_divides,
    ),
    Row(
        "floor_of_float",
        "`//` and `%` need integers: write `tl.floor(x / y)`.",
        reason="unexpected type fp",
        node="BinOp",
    ),
    Row(
        "block_at_one_address",
        "The pointer is a single address, and the {what} is a block: add a block of offsets to the pointer.",
        reason=r"(?P<what>[Mm]ask|[Vv]alue|`?other`?) argument cannot be block type if pointer argument is not a block",
        fact=facts.lower_what,
    ),
    Row(
        "other_without_mask",
        "`other` is the value of lanes that a mask switches off, and this load has no `mask`: pass the mask, too.",
        reason="without `mask`",
    ),
    Row(
        "mask_type",
        "A mask must be true or false: write a comparison, such as `offsets < n`.",
        reason=r"Mask must have boolean|mask has unsupported dtype|'tt\.(load|store)' op operand #\d must be 1-bit",
    ),
    Row(
        "block_at_other_addresses",
        "`{code}` stores a block of {value}, and its pointers are a block of {pointers}: both must have one shape.",
        reason=r"Expected pointer argument to have shape (?P<value>\[.*?\]) but got (?P<pointers>\[.*?\])$",
        code=r"^tl\.store",
        fact=facts.two_shapes,
    ),
    Row(
        "pointer_set_anew",
        "`{name}` is no pointer here any more: line {set_line} gives the name to values. Use another name there.",
        reason="'(?:dtype|block_type)' object has no attribute 'element_ty'",
        code=r"^(?P<name>\w+)(\.type|\.dtype)",
        fact=facts.pointer_set_anew,
    ),
    Row(
        "pointer_set_anew",
        "`{name}` is no pointer here any more: line {set_line} gives the name to values. Use another name there.",
        reason="Unsupported ptr type",
        code=r"^tl\.\w+\((?P<name>\w+)",
        fact=facts.pointer_set_anew,
    ),
    Row(
        "no_pointer_passed",
        "`{name}` is no pointer here, and has no element type: does the launch pass a tensor for it?",
        reason="'(?:dtype|block_type)' object has no attribute 'element_ty'",
        code=r"^(?P<name>\w+)(\.type|\.dtype)",
    ),
    Row(
        "hint_on_a_constant",
        "`{name}` is 1 here, which is known when the kernel is compiled, and `tl.{called}` takes values of the kernel: leave the hint "
        "out. 1 is no multiple of anything larger, and `tl.{called}` must promise what always holds.",
        reason="'constexpr' object has no attribute 'shape'",
        code=r"^tl\.(?P<called>multiple_of)\((?P<name>\w+)",
        fact=facts.argument_that_is_1,
    ),
    Row(
        "hint_on_a_constant",
        "`{name}` is known when the kernel is compiled, and `tl.{called}` takes values of the kernel: leave the hint out.",
        reason="'constexpr' object has no attribute 'shape'",
        code=r"^tl\.(?P<called>max_contiguous|max_constancy|multiple_of)\((?P<name>\w+)",
    ),
    Row(
        "not_a_pointer",
        "`{called}` needs a pointer first, and `{argument}` is none.",
        reason="Unsupported ptr type",
        fact=facts.first_argument,
    ),
    Row(
        "tritons_dtype",
        "Types in a kernel are Triton's: write `tl.{name}`, not `torch.{name}`.",
        reason=r"'torch\.dtype' object has no attribute",
        fact=facts.dtype_of_torch,
    ),
    Row(
        "tritons_dtype",
        "Types in a kernel are Triton's: `tl.float32` rather than `torch.float32` or a text.",
        reason=r"'(?:str|torch\.dtype)' object has no attribute",
    ),
    Row(
        "atomic_type",
        "`tl.{name}` doesn't work on {type}.",
        reason=r"(?P<name>atomic_\w+) does not support (?P<type>\w+)",
    ),
    Row(
        "type_of_architecture",
        "{target} has no {type}; there are {known}.",
        reason=r"type (?P<type>\w+) not supported in this architecture\..*\((?P<known>.*)\)",
    ),
)
