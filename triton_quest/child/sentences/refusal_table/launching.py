"""What a GPU refuses at the launch: arguments, options, grid and resources."""

from __future__ import annotations

from . import facts, rewriting
from .row import Row

LAUNCH = (
    Row(
        "unknown_option",
        "`{name}` is neither a parameter of `{kernel}` nor a launch option such as `num_warps`: "
        "check its spelling, or leave it out.",
        reason=r"Keyword argument (?P<name>\w+) was specified but unrecognised",
    ),
    Row(
        "num_warps",
        "`num_warps` must be a power of two: 1, 2, 4, 8, 16 or 32.",
        reason="num_warps must be a power of 2",
    ),
    Row(
        "too_many_warps",
        "`num_warps` asks for {required} threads a program, and a GPU has at most {limit}: 32 warps; 4 or 8 are usual.",
        reason=r"out of resource: threads, Required: (?P<required>\d+), Hardware limit: (?P<limit>\d+)",
    ),
    Row(
        "shared_memory",
        "`{kernel}` with these blocks needs {required} of shared memory a program, and {chip} has {limit}: "
        "use smaller blocks, or a smaller `num_stages`.",
        reason=r"shared memory, Required: (?P<required>\d+), Hardware limit: (?P<limit>\d+)",
        fact=facts.kilobytes,
    ),
    Row(
        "grid_too_large",
        "The grid has {programs} programs along axis {axis}, and a GPU launches at most {limit} there: "
        "put the long dimension on axis 0.",
        reason=r"(?P<programs>\d+) programs along axis (?P<axis>\d), at most (?P<limit>\d+)",
    ),
    Row(
        "grid_of_floats",
        "The number of programs along axis {axis} is a {type}, and must be a whole number: "
        "round up by `triton.cdiv(n, BLOCK)`, which divides without a fraction.",
        reason=r"the number of programs along axis (?P<axis>\d) is a (?P<type>\w+)",
    ),
    Row(
        "grid_axes",
        "The grid has {axes} axes, and a GPU has three: make one of two, as in `(rows * columns, heads)`, and take them apart "
        "in the kernel by `//` and `%`.",
        reason=r"(?P<axes>\d+) axes, at most",
    ),
    Row(
        "kernels_function_in_the_launcher",
        "`tl.{kernel}` works in a kernel alone, and this line is outside of one: write `{instead}`.",
        error="ImpossibleGrid",
        fact=facts.instead_in_the_launcher,
    ),
    Row("no_grid", "`{kernel}` needs a grid, which is a tuple: `{kernel}[(programs,)](...)`.", error="ImpossibleGrid"),
    Row(
        "missing_dtype_of_a_block",
        "`{code}` leaves out the dtype: write `{instead}`.",
        node="Call",
        code=r"^tl\.(full|zeros)\(",
        reason=r"missing (?:\d+ required positional arguments?|a required argument): 'dtype'",
        fact=rewriting.with_a_dtype,
    ),
    Row(
        "missing_argument_of_a_call",
        "`{code}` leaves out {names}: write `{form}`.",
        node="Call",
        reason=r"missing \d+ required positional arguments?: (?P<names>.+)",
        fact=facts.usual_form,
    ),
    Row(
        "missing_argument_of_a_call",
        "`{code}` leaves out {names}.",
        node="Call",
        reason=r"missing (?:\d+ required positional arguments?|a required argument): (?P<names>.+)",
        fact=facts.names_in_backticks,
    ),
    Row(
        "missing_argument",
        "This launch of `{kernel}` leaves out {names}. "
        "What has no name fills the parameters in order, so it may be something before these that is missing.",
        reason=r"missing \d+ required positional arguments?: (?P<names>.+)",
        fact=facts.names_in_backticks,
    ),
    Row(
        "too_many_arguments",
        "`{kernel}` takes {takes} arguments, and this launch passes {given}.",
        reason=r"takes (?:from \d+ to )?(?P<takes>\d+) positional arguments but (?P<given>\d+)",
    ),
    Row(
        "too_many_arguments",
        "This launch of `{kernel}` passes `{name}` twice, by its place and by its name: there is an argument too many before it.",
        reason=r"multiple values for argument '(?P<name>\w+)'",
    ),
    Row(
        "argument_type",
        "This launch passes an argument of type {type}: a kernel takes tensors, int, float, bool and None. "
        "Put `int(...)` or `float(...)` around a number of another kind.",
        reason=r"failed to specialize argument of type: (?P<type>\S+)",
    ),
    Row("tensor_dtype", "Triton has no {type} tensors.", reason=r"^(?P<type>complex\d+)$"),
    Row(
        "num_ctas",
        "`num_ctas` above 1 needs a Hopper GPU (sm_90), and this is compiled for {target}.",
        reason="num_ctas > 1 requires",
    ),
)
