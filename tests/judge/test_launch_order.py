"""Guards which launch arguments are said to stand in the place of others, by the names alone."""

from __future__ import annotations

import pytest

from triton_quest.child.sentences.launch_order import tell

FILE = """
@triton.jit
def kernel(q_ptr, k_ptr, out_ptr, stride_qm, stride_qd, stride_kn, stride_kd, stride_om, stride_on, H, M, scale, D: tl.constexpr):
    pass

def launcher(q, k, scale):
    kernel[(1,)]({})
"""
RIGHT = "q, k, out, *q.stride(), *k.stride(), *out.stride(), H, M, scale, D=D"


def told(arguments: str) -> str:
    return tell(FILE.format(arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            "k, q, out, *q.stride(), *k.stride(), *out.stride(), H, M, scale, D=D",
            "`k` for `q_ptr` and `q` for `k_ptr`:",
        ),
        ("q, k, out, *k.stride(), *q.stride(), *out.stride(), H, M, scale, D=D", "`k.stride(0)` for `stride_qm`"),
        (
            "q, k, out, q.stride(0), q.stride(1), q.stride(0), k.stride(1), *out.stride(), H, M, scale, D=D",
            "passes `q.stride(0)` for `stride_kn`:",
        ),
        ("q, k, out, *q.stride(), *k.stride(), *out.stride(), M, H, scale, D=D", "`M` for `H` and `H` for `M`"),
        (
            "q, k, out, H, M, scale, *q.stride(), *k.stride(), *out.stride(), D=D",
            "`H` for `stride_qm`, `M` for `stride_qd`",
        ),
    ],
)
def test_arguments_in_the_place_of_others_are_named(arguments: str, says: str) -> None:
    assert says in told(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        RIGHT,
        "a, b, c, *a.stride(), *b.stride(), *c.stride(), heads, rows, 0.5, D=D",  # names that say nothing
        "q, k, out, 1, 2, 3, 4, 5, 6, H, M, scale, D=D",
        "out, *q.stride(), *k.stride(), *out.stride(), M=M, H=H, scale=scale, q_ptr=q, k_ptr=k, D=D",
        "*everything",
        "q, k",
        "**everything",
    ],
)
def test_nothing_is_said_of_an_order_that_the_names_agree_with_or_say_nothing_of(arguments: str) -> None:
    assert told(arguments) == ""
