"""Reads the machine code of NVIDIA's Hopper: whether the tensor-core products of a loop run one by one.

A `tl.dot` becomes several HGMMA, which follow each other into one accumulator and are waited for once. Where ptxas can't keep the
accumulator in its registers meanwhile, it waits after each of them (WARPGROUP.DEPBAR), without a word in the binary's metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FUNCTION = re.compile(r"^\s*Function : ", re.MULTILINE)
_INSTRUCTION = re.compile(
    r"/\*(?P<address>[0-9a-f]{4,})\*/\s+(?:@!?\w+ )?(?:"
    r"(?P<product>HGMMA)\S* (?P<into>R\d+), (?P<operands>[^;]*);"
    r"|(?P<wait>WARPGROUP\.DEPBAR)\S* gsb\d+, 0x0 ;"
    r"|BRA (?:U?P\w+, )?(?P<goal>0x[0-9a-f]+) ?;)"
)


@dataclass(frozen=True)
class _Step:
    """A product, a wait for all products before it, or a branch to `goal`."""

    address: int
    into: str = ""  # a product's accumulator
    adds: bool = False  # the product adds to what the accumulator holds
    goal: int = -1


def wgmma_in_loops(sass: str) -> tuple[int, int]:
    """How many wgmma stand in the innermost loops of this code, and how many of these are in loops that run them one by one.

    A loop does so where a wait stands behind each of its products, and two products that follow each other have one accumulator.
    """
    total = one_by_one = 0
    for function in _FUNCTION.split(sass):
        steps = list(_steps(function))
        for loop in _innermost(steps):
            products = [step for step in loop if step.into]
            total += len(products)
            one_by_one += len(products) if _is_serial(loop) else 0
    return total, one_by_one


def _steps(function: str) -> Iterator[_Step]:
    for found in _INSTRUCTION.finditer(function):
        address = int(found["address"], 16)
        if found["product"]:
            parts = [part.strip() for part in found["operands"].split(",")]
            yield _Step(address, found["into"], adds=found["into"] in parts)
        else:
            yield _Step(address, goal=int(found["goal"], 16) if found["goal"] else -1)


def _innermost(steps: Sequence[_Step]) -> Iterator[list[_Step]]:
    """The products and waits of each loop that holds no other: a loop ends with a branch back to its beginning."""
    spans = sorted((step.goal, step.address) for step in steps if 0 <= step.goal < step.address)
    for first, last in spans:
        if not any((first, last) != other and first <= other[0] and other[1] <= last for other in spans):
            yield [step for step in steps if first <= step.address <= last and step.goal < 0]


def _is_serial(loop: Sequence[_Step]) -> bool:
    products = [place for place, step in enumerate(loop) if step.into]
    waited_for = all(place + 1 < len(loop) and not loop[place + 1].into for place in products)
    chained = any(
        loop[later].adds and loop[later].into == loop[before].into
        for before, later in zip(products, products[1:], strict=False)
    )
    return waited_for and chained
