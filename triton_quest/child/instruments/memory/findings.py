"""What the memory model finds, as plain records. How a finding is told to the learner is the judge's affair."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    OUT_OF_BOUNDS_READ = "out_of_bounds_read"
    OUT_OF_BOUNDS_WRITE = "out_of_bounds_write"
    NULL_POINTER = "null_pointer"
    FOREIGN_POINTER = "foreign_pointer"
    MISALIGNED = "misaligned"
    UNWRITTEN = "unwritten"
    WRITE_RACE = "write_race"
    LANE_RACE = "lane_race"
    OWN_STORE_READ = "own_store_read"
    OWN_LOAD_OVERTAKEN = "own_load_overtaken"
    OWN_STORES_MEET = "own_stores_meet"
    OWN_ATOMIC_READ = "own_atomic_read"
    READ_WRITE_RACE = "read_write_race"
    UNINITIALISED_READ = "uninitialised_read"
    POISONED_LANE = "poisoned_lane"
    EQUAL_VALUES_WRITTEN_TWICE = "equal_values_written_twice"


FATAL = frozenset(
    {Kind.OUT_OF_BOUNDS_READ, Kind.OUT_OF_BOUNDS_WRITE, Kind.NULL_POINTER, Kind.FOREIGN_POINTER, Kind.MISALIGNED}
)
WITHIN_A_PROGRAM = frozenset({Kind.OWN_STORE_READ, Kind.OWN_ATOMIC_READ, Kind.OWN_LOAD_OVERTAKEN, Kind.OWN_STORES_MEET})
"""What `tl.debug_barrier()` cures."""
REMARKS = frozenset({Kind.EQUAL_VALUES_WRITTEN_TWICE})


class Operation(Enum):
    READ = "read"
    WRITE = "write"
    ATOMIC = "atomic"


class Guard(Enum):
    """What the learner's call had to keep lanes from touching memory."""

    NONE = "none"
    MASK = "mask"
    DESCRIPTOR = "descriptor"
    BLOCK_POINTER = "block_pointer"
    ATOMIC = "atomic"  # the interpreter makes up a mask for each atomic: whether the learner gave one is unknown


@dataclass(frozen=True)
class Site:
    """A line of the learner's file."""

    file: str
    line: int
    source: str


@dataclass(frozen=True)
class Box:
    """The elements from `first` to `last`, both included, in each dimension. `full`: these and no fewer."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    full: bool

    def holds(self, index: tuple[int, ...]) -> bool:
        return all(low <= at <= high for low, at, high in zip(self.first, index, self.last, strict=True))

    @property
    def elements(self) -> int:
        count = 1
        for low, high in zip(self.first, self.last, strict=True):
            count *= high - low + 1
        return count


@dataclass(frozen=True)
class Limit:
    """A dimension that some lanes leave. The names are the kernel's own, where a value there is exactly that.

    `at` is where all lanes are in a dimension that the block doesn't walk: no mask helps there.
    """

    dimension: int
    size: int
    below: bool
    above: bool
    index_name: str | None = None
    size_name: str | None = None
    at: int | None = None


@dataclass(frozen=True)
class Reach:
    """How far the last program that wrote to a tensor got, and its grid."""

    program: tuple[int, ...]
    grid: tuple[int, ...]
    is_last_of_grid: bool
    wrote: Box


@dataclass(frozen=True)
class Idle:
    """Programs that stored nothing into a tensor, since the mask of their store was false in each lane: the first and the last."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    count: int
    in_a_row: bool
    grid: tuple[int, ...]


@dataclass(frozen=True)
class Finding:
    """One wrong (or remarkable) access, or the elements that none made.

    `argument` is the kernel's parameter, `tensor` the launcher's own name for what it passed. `program` has as many
    numbers as the grid has dimensions in use. `elements` are the offending ones, `touched` all that the active lanes
    access; both index the tensor's own shape. `bad` of `active` lanes offend. `offset` counts elements from the
    tensor's first; of a misaligned access bytes, and of a pointer into no tensor it is the address.

    `UNWRITTEN` counts elements, not lanes. Where all were masked off, `program` to `other_program` came to them and the
    line is the store's; where no store came to any, `reach` says how far the last program got. `written`: the elements
    that were written, where they fill a box. `idle`: programs whose store was masked off in every lane; the line is that
    store's. `stored_into`: the tensors that the call did store into, where this one isn't among them; `mask_is_given`: the
    mask of that line is the template's.

    `written_elsewhere`: the grid of the earlier launch that has stored to the tensor, but not to these elements.
    `masked_there`: that launch's store came to them, and its mask stopped it.
    """

    kind: Kind
    kernel: str
    program: tuple[int, ...]
    site: Site
    argument: str = ""
    operation: Operation = Operation.READ
    guard: Guard = Guard.MASK
    tensor: str | None = None
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    elements: Box | None = None
    touched: Box | None = None
    bad: int = 0
    active: int = 0
    between: bool = False
    ignores_strides: bool = False
    offset: int = 0
    access_bytes: int = 0
    limits: tuple[Limit, ...] = ()
    other_program: tuple[int, ...] | None = None
    reach: Reach | None = None
    written: Box | None = None
    idle: Idle | None = None
    stored_into: tuple[str, ...] | None = None
    mask_is_given: bool = False
    written_elsewhere: tuple[int, ...] | None = None
    masked_there: bool = False

    @property
    def name(self) -> str:
        """What it is called in JSON and in a level's mistakes: its kind, or `elsewhere` of a block wholly in a wrong place."""
        return "elsewhere" if any(limit.at is not None for limit in self.limits) else self.kind.value

    def is_left_out(self, index: tuple[int, ...]) -> bool:
        """Of unwritten elements: whether the one at `index` is sure to be among them."""
        if self.written is not None:
            return not self.written.holds(index)
        return self.elements is not None and self.elements.full and self.elements.holds(index)

    @property
    def first(self) -> tuple[int, ...]:
        return self.elements.first if self.elements else ()

    @property
    def last(self) -> tuple[int, ...]:
        return self.elements.last if self.elements else ()

    @property
    def file(self) -> str:
        return self.site.file

    @property
    def line(self) -> int:
        return self.site.line

    @property
    def has_mask(self) -> bool:
        return self.guard is not Guard.NONE

    @property
    def is_fatal(self) -> bool:
        return self.kind in FATAL

    @property
    def is_remark(self) -> bool:
        return self.kind in REMARKS


@dataclass(frozen=True)
class Traffic:
    """Bytes that one launch moved through one argument, masked-off lanes not counted, repeated lanes counted.

    `once`: of the elements that were touched at all, each counted once; None unless the model was asked to keep track.
    """

    kernel: str
    launch: int
    argument: str
    loaded_bytes: int
    stored_bytes: int
    loaded_once: int | None = None
    stored_once: int | None = None
