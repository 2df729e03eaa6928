"""What Hopper's machine code tells of its loops: products that wait after each are told from those that must, and from those that don't."""

from __future__ import annotations

import pytest

from triton_quest.child.triton.sass import wgmma_in_loops

WAIT = "WARPGROUP.DEPBAR.LE gsb0, 0x0 ;"
FIRST = "HGMMA.64x64x16.F32 R24, gdesc[UR8], RZ, !UPT, gsb0 ;"
NEXT = "HGMMA.64x64x16.F32 R24, gdesc[UR12], R24, gsb0 ;"
OTHER = "HGMMA.64x64x16.F32 R56, R24, gdesc[UR20].tnspB, R56, gsb0 ;"


def code(*instructions: str) -> str:
    """As cuobjdump prints a function; 16 bytes an instruction."""
    lines = [
        f"        /*{16 * i:04x}*/                   {one}      /* 0x00e0 */" for i, one in enumerate(instructions)
    ]
    return "\n".join(["\t\tFunction : kernel", *lines, ""])


def loop(*body: str) -> str:
    return code("MOV R1, R2 ;", *body, "@P1 BRA 0x10 ;", "EXIT ;", f"BRA 0x{16 * (len(body) + 3):x};")


@pytest.mark.parametrize(
    ("sass", "counted"),
    [
        (loop(FIRST, WAIT, NEXT, WAIT, OTHER, WAIT), (3, 3)),
        (loop(FIRST, NEXT, WAIT, OTHER, WAIT), (3, 0)),
        (loop(FIRST, NEXT, OTHER, WAIT), (3, 0)),
        (loop(FIRST, WAIT, OTHER, WAIT), (2, 0)),  # each has another accumulator: the second needs the first one's result
        (loop(FIRST, WAIT), (1, 0)),
        (code(FIRST, WAIT, NEXT, WAIT, "EXIT ;"), (0, 0)),
        (code("@P1 BRA 0x40 ;", FIRST, WAIT, NEXT, WAIT, "EXIT ;"), (0, 0)),  # a branch forwards is no loop
        (code(OTHER, FIRST, WAIT, NEXT, WAIT, "@!P0 BRA 0x10 ;", OTHER, "@!P0 BRA 0x0 ;"), (2, 2)),  # the inner one counts
        (loop(FIRST, WAIT, NEXT, WAIT) + loop(FIRST, NEXT, WAIT), (4, 2)),
        ("", (0, 0)),
    ],
    ids=["each waits", "once a product", "none waits", "a chain of products", "a single one", "no loop", "forwards", "nested",
         "two functions", "nothing"],
)  # fmt: skip
def test_only_a_loop_that_waits_inside_of_a_product_is_said_to_run_one_by_one(
    sass: str, counted: tuple[int, int]
) -> None:
    assert wgmma_in_loops(sass) == counted
