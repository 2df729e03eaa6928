"""Says in the learner's terms why Triton's interpreter refuses a tensor descriptor: what a GPU's copy engine asks of a tensor."""

from __future__ import annotations

NEEDS = "It needs a last stride of 1, an address that is a multiple of 16 bytes, and rows that are a multiple of 16 bytes apart"
ADVICE = (
    "What the launcher is given may lie in memory in any way, and have any length: load and store through pointers and strides instead, "
    "with tl.load and tl.store."
)
_HERE = {
    "stride must be 16-byte aligned": "the rows are not a multiple of 16 bytes apart",
    "strides must be 16-byte aligned": "the rows are not a multiple of 16 bytes apart",
    "last dim must be contiguous": "the last stride is not 1",
    "Last dimension must be contiguous": "the last stride is not 1",
    "base must be 16-byte aligned": "the address is not a multiple of 16 bytes",
    "block offset start must be 16-byte aligned": "a tile begins at an offset that is not a multiple of 16 bytes",
}


def explain(message: str, when: str) -> str | None:
    """The sentence for the message of an AssertionError of Triton's; None if it isn't about a descriptor."""
    here = _HERE.get(message)
    return f"A tensor descriptor can't describe this tensor. {NEEDS}; {when} {here}." if here else None
