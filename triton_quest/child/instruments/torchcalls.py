"""What a call of torch does with memory and numbers, as data: the kinds, and the table of names that decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CallKind(Enum):
    ALLOCATE = "allocate"  # new memory, contents undefined
    FILL = "fill"  # a constant, into new or existing memory
    VIEW = "view"  # the same memory, seen otherwise
    COPY = "copy"  # the same numbers in other memory
    CAST = "cast"  # a copy in another dtype
    COMPUTE = "compute"  # new numbers made of tensors
    INPLACE = "inplace"  # the same, written over an operand
    GENERATE = "generate"  # new numbers made of no tensor: arange, rand
    LEAVE = "leave"  # contents handed to Python or NumPy: .numpy(), .tolist(), .item()
    ENTER = "enter"  # a tensor made of data from outside: torch.tensor, torch.from_numpy
    OTHER = "other"  # questions and bookkeeping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMES: dict[CallKind, frozenset[str]] = {
    CallKind.ALLOCATE: _names("empty empty_like empty_strided empty_permuted new_empty new_empty_strided"),
    CallKind.FILL: _names("""
        zeros zeros_like new_zeros ones ones_like new_ones full full_like new_full scalar_tensor
        fill fill_ zero zero_"""),
    CallKind.VIEW: _names("""
        contiguous reshape _unsafe_view _reshape_alias set_ as_strided_ t_ transpose_ swapaxes_ swapdims_
        squeeze_ unsqueeze_ detach_"""),
    CallKind.COPY: _names("clone copy_ copy _to_copy to"),
    CallKind.GENERATE: _names("""
        arange range linspace logspace eye tril_indices triu_indices rand rand_like randn randn_like randint
        randint_like randperm normal normal_ uniform_ random_ bernoulli_ exponential_ geometric_ cauchy_
        log_normal_"""),
    CallKind.ENTER: _names("lift lift_fresh lift_fresh_copy"),
    CallKind.OTHER: _names("""
        _local_scalar_dense item is_nonzero equal allclose is_same_size is_pinned is_contiguous size stride dim numel
        storage_offset sym_size sym_stride sym_numel sym_storage_offset record_stream resize_ resize_as_"""),
}
_BY_NAME = {name: kind for kind, names in NAMES.items() for name in names}

NOT_ALLOWED_TO_COUNT = frozenset({CallKind.CAST, CallKind.COMPUTE, CallKind.INPLACE, CallKind.LEAVE})
"""The kinds that do a kernel's work in its place, where their result reaches a kernel or the answer."""


def classify(name: str, *, is_view: bool = False, is_mutable: bool = False, changes_dtype: bool = False) -> CallKind:
    """The kind of an aten packet. What the table doesn't name is a view by its schema, or else it computes."""
    kind = _BY_NAME.get(name)
    if kind is CallKind.COPY and changes_dtype:
        return CallKind.CAST
    if kind is not None:
        return kind
    if is_view:
        return CallKind.VIEW
    return CallKind.INPLACE if is_mutable and name.endswith("_") else CallKind.COMPUTE


@dataclass(frozen=True)
class TorchCall:
    """One call of torch outside the kernels. Storages go by number; those of the inputs and outputs may be shared."""

    name: str  # the aten packet, or the Python function for what leaves torch
    python_name: str  # as the learner wrote it: "a @ b", "x.softmax(-1)"
    file: str
    line: int
    kind: CallKind
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    allocates: int = 0  # bytes
