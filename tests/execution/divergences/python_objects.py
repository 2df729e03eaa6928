"""Python's objects and operators: what the interpreter lets pass, since it runs the kernel as Python."""

import math

import triton
import triton.language as tl

from .cases import accepted, floats, halves, refused
from .names import FOUR, doubled

THREE = 3.0


@refused("dict_or_set", "variables of their own names", x_ptr=floats)
@triton.jit
def keeps_a_dict(x_ptr):
    sizes = {"rows": 1}  # here
    tl.store(x_ptr, sizes["rows"] * 1.0)


@refused("dict_or_set", "variables of their own names", x_ptr=floats)
@triton.jit
def keeps_a_set(x_ptr):
    sizes = {1, 2}  # here
    tl.store(x_ptr, 1.0 + 0 * len(sizes))


@refused("list_changed", "it is a tuple when compiled", x_ptr=floats)
@triton.jit
def grows_a_list(x_ptr):
    values = []
    for i in tl.static_range(4):
        values.append(i)  # here
    tl.store(x_ptr, 1.0)


@refused("list_comprehension", "use `tl.arange`", x_ptr=floats)
@triton.jit
def builds_a_list(x_ptr):
    values = [i * 2 for i in range(3)]  # here
    tl.store(x_ptr + values[0], 1.0)


@refused("lambda", "@triton.jit above the kernel", x_ptr=floats)
@triton.jit
def keeps_a_lambda(x_ptr):
    twice = lambda value: value * 2  # noqa: E731  # here
    tl.store(x_ptr, twice(1.0))


@refused("nested_function", "move it above the kernel", x_ptr=floats)
@triton.jit
def defines_a_function(x_ptr):
    def twice(value):  # here
        return value * 2

    tl.store(x_ptr, twice(1.0))


@refused("try", "take the `try` away", x_ptr=floats)
@triton.jit
def catches_an_error(x_ptr):
    try:  # noqa: SIM105  # here
        tl.store(x_ptr, 1.0)
    except ValueError:
        pass


@refused("raise", "check in the launcher", x_ptr=floats, n=4)
@triton.jit
def raises_an_error(x_ptr, n):
    if n > 100:
        raise ValueError("n is too large")  # here
    tl.store(x_ptr, 1.0)


@refused("import", "at the top of the file", x_ptr=floats)
@triton.jit
def imports_a_module(x_ptr):
    import math as maths  # here

    tl.store(x_ptr, maths.pi)


@refused("global", "store the value through a pointer", x_ptr=floats)
@triton.jit
def sets_a_global(x_ptr):
    global THREE  # here
    THREE = 3.0
    tl.store(x_ptr, 1.0)


@refused("del", "frees what isn't used", x_ptr=floats)
@triton.jit
def deletes_a_variable(x_ptr):
    value = 1.0
    del value  # here
    tl.store(x_ptr, 1.0)


@refused("yield", "store each value", x_ptr=floats, n=4)
@triton.jit
def yields_a_value(x_ptr, n):
    tl.store(x_ptr, 1.0)
    yield n  # here


@refused("walrus", "on a line of its own", before=(3, 8), x_ptr=floats, n=4)
@triton.jit
def assigns_in_a_condition(x_ptr, n):
    if (twice := n * 2) > 3:  # here
        tl.store(x_ptr + twice, 1.0)


@refused("formatted_text", "run-time value can't be made", x_ptr=floats, n=4)
@triton.jit
def formats_a_runtime_value(x_ptr, n):
    print(f"n = {n}")  # here
    tl.store(x_ptr, 1.0)


@refused("text", "can't keep a text", x_ptr=floats, N=16)
@triton.jit
def keeps_a_text(x_ptr, N: tl.constexpr):
    label = f"{N}"  # noqa: F841  # here
    tl.store(x_ptr, 1.0)


@refused("print", "needs a text first", x_ptr=floats, N=16)
@triton.jit
def prints_a_block_alone(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    print(x)  # here
    tl.store(x_ptr, 1.0)


@refused("in", "compare with each value", x_ptr=floats, n=4)
@triton.jit
def looks_a_value_up(x_ptr, n):
    if n in (1, 2, 4):  # here
        tl.store(x_ptr, 1.0)


@refused("chained_comparison", "(a < b) & (b < c)", before=(3, 9), x_ptr=floats, n=8, N=16)
@triton.jit
def chains_comparisons(x_ptr, n, N: tl.constexpr):
    offsets = tl.arange(0, N)
    tl.store(x_ptr + offsets, 1.0, mask=2 < offsets < n)  # here


@refused("matmul_operator", "write `tl.dot(x, x)`", x_ptr=halves, N=16)
@triton.jit
def multiplies_by_the_operator(x_ptr, N: tl.constexpr):
    offsets = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    x = tl.load(x_ptr + offsets)
    tl.store(x_ptr + offsets, x @ x)  # here


@refused("power_operator", "multiply, or write", x_ptr=floats, N=16)
@triton.jit
def squares_by_the_operator(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), x**2)  # here


@refused("several_targets", "write two lines", x_ptr=floats)
@triton.jit
def sets_two_names_at_once(x_ptr):
    one = other = 1.0  # here
    tl.store(x_ptr, one + other)


@refused("missing_argument_of_a_call", "leaves out `y`: write `tl.where(condition, x, y)`", x_ptr=floats, N=16)
@triton.jit
def chooses_between_one(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), tl.where(x > 0, x))  # here


@refused("missing_argument_of_a_call", "leaves out `end`", x_ptr=floats, N=16)
@triton.jit
def counts_without_an_end(x_ptr, N: tl.constexpr):
    tl.store(x_ptr + tl.arange(N), 1.0)  # here


@refused("missing_dtype_of_a_block", "leaves out the dtype", x_ptr=floats, N=16)
@triton.jit
def fills_without_a_dtype(x_ptr, N: tl.constexpr):
    tl.store(x_ptr + tl.arange(0, N), tl.full((N,), 1.0))  # here


@refused("item_assignment", "can't be set", x_ptr=floats, N=16)
@triton.jit
def sets_an_element(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    x[0] = 1.0  # here
    tl.store(x_ptr + tl.arange(0, N), x)


@refused("block_index", "can't be indexed or sliced", x_ptr=floats, N=16)
@triton.jit
def slices_a_block(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, 8), x[0:8])  # here


@refused("pointer_index", "write `tl.load(x_ptr + n)`", x_ptr=floats, n=4)
@triton.jit
def indexes_a_pointer(x_ptr, n):
    tl.store(x_ptr, x_ptr[n])  # here


@accepted(x_ptr=floats)
@triton.jit
def uses_tuples_and_constants(x_ptr):
    """A docstring, a constexpr global, a tuple, a decorated helper, and Python's numbers."""
    one, two = 1.0, 2.0
    both = (one, two)
    one, two = two, one
    scale: float = math.sqrt(2.0)
    tl.store(x_ptr, doubled(both[0]) + two + FOUR + scale + math.pi)


@accepted(x_ptr=floats, n=100, N=100)
@triton.jit
def computes_sizes_when_compiled(x_ptr, n, N: tl.constexpr):
    BLOCK: tl.constexpr = triton.next_power_of_2(N)
    HALF: tl.constexpr = BLOCK // 2
    offsets = tl.arange(0, BLOCK)
    tl.store(x_ptr + offsets, HALF * 1.0 + min(n, 3), mask=offsets < tl.cdiv(n, 2))


@accepted(x_ptr=floats, n=4)
@triton.jit
def prints_with_a_text(x_ptr, n):
    print("n", n)
    tl.device_print("n", n)
    tl.static_print("compiling")
    tl.store(x_ptr, 1.0)
