"""The memory model against a plain NumPy oracle: random shapes, strides, offsets and masks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.execution import memory_kernels as kernels
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import Finding, Kind
from triton_quest.child.instruments.memory.indices import element_offsets, members, unravel
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.sentences.memory import tell

LANES = 16
PLACES = 96  # elements of the storage under each view
unhurried = settings(deadline=None, max_examples=80, derandomize=True)


def run(model: MemoryModel, launch: Callable[[], object]) -> Finding | None:
    try:
        with model.active():
            launch()
    except IllegalAccess as illegal:
        assert tell(illegal.finding)
        return illegal.finding
    return None


@st.composite
def views(draw: st.DrawFn) -> torch.Tensor:
    """A view into the middle of a storage of `PLACES` integers: any strides, 0 among them, any gaps and overlaps."""
    dtype = draw(st.sampled_from([torch.int8, torch.int16, torch.int32, torch.int64]))
    sizes = draw(st.lists(st.integers(0, 4), max_size=3))
    strides = [draw(st.integers(0, 7)) for _ in sizes]
    reach = sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True) if size)
    start = draw(st.integers(0, PLACES - 1 - max(reach, 0)))
    storage = torch.arange(PLACES, dtype=dtype)
    return draw(st.sampled_from([storage, storage.flip(0)])).as_strided(sizes, strides, start)


def offsets_of(view: torch.Tensor) -> set[int]:
    """In elements from the view's first."""
    return {sum(i * s for i, s in zip(index, view.stride(), strict=True)) for index in product(*map(range, view.shape))}


lanes_of = st.lists(st.integers(-40, 60), min_size=LANES, max_size=LANES)
masks = st.lists(st.booleans(), min_size=LANES, max_size=LANES)


def near(view: torch.Tensor, raw: list[int], stray: bool) -> np.ndarray:
    """Lanes anywhere, or on elements of the view: most random lanes would miss it."""
    inside = sorted(offsets_of(view))
    return np.array(raw if stray or not inside else [inside[lane % len(inside)] for lane in raw])


@unhurried
@given(views(), lanes_of, masks, st.booleans())
def test_loads(view: torch.Tensor, raw: list[int], mask: list[bool], stray: bool) -> None:
    lanes, active = near(view, raw, stray), np.array(mask)
    bad = active & ~np.isin(lanes, list(offsets_of(view)))
    out = torch.zeros(LANES, dtype=view.dtype)
    finding = run(
        MemoryModel(),
        lambda: kernels.gather_at[(1,)](view, torch.tensor(lanes), torch.tensor(mask).int(), out, BLOCK=LANES),
    )
    if not bad.any():
        assert finding is None
        storage = view.as_strided((PLACES,), (1,), 0).numpy()
        expected = np.where(active, storage.take(lanes + view.storage_offset(), mode="clip"), 0)
        np.testing.assert_array_equal(out.numpy(), expected)
        return
    assert finding is not None and finding.kind is Kind.OUT_OF_BOUNDS_READ
    assert (finding.argument, finding.bad, finding.active) == ("x_ptr", bad.sum(), active.sum())
    last = -1 if view.numel() == 0 else max(offsets_of(view))
    assert finding.between == bool(((lanes[bad] >= 0) & (lanes[bad] <= last)).all())
    if view.dim() == 1 and view.stride() == (1,):
        assert (finding.first, finding.last) == ((lanes[bad].min(),), (lanes[bad].max(),))


@unhurried
@given(views(), lanes_of, masks, st.booleans())
def test_stores(view: torch.Tensor, raw: list[int], mask: list[bool], stray: bool) -> None:
    lanes, active = near(view, raw, stray), np.array(mask)
    elements = offsets_of(view)
    bad = active & ~np.isin(lanes, list(elements))
    storage = view.as_strided((PLACES,), (1,), 0)
    before, model = storage.clone(), MemoryModel()
    model.mark_uninitialised(view)
    finding = run(
        model, lambda: kernels.scatter_at[(1,)](view, torch.tensor(lanes), torch.tensor(mask).int(), BLOCK=LANES)
    )
    if bad.any():
        assert finding is not None and finding.kind is Kind.OUT_OF_BOUNDS_WRITE
        assert (finding.bad, finding.active) == (bad.sum(), active.sum())
        assert torch.equal(storage, before)
        return
    written = lanes[active]
    assert finding is None
    for lane in np.flatnonzero(active):
        before[lanes[lane] + view.storage_offset()] = lane
    assert torch.equal(storage, before)
    kinds = {found.kind for found in model.findings}
    assert (Kind.LANE_RACE in kinds) == (len(set(written)) < len(written))
    missing = model.unwritten(view)
    assert (missing is None) == (elements <= set(written))
    if missing is not None:
        unwritten = elements - set(written)
        assert missing.bad == sum(
            int(np.isin(offset, list(unwritten))) for offset in element_offsets(view.shape, view.stride()).ravel()
        )
        assert tell(missing)


@unhurried
@given(
    st.integers(2, 9),
    st.integers(2, 9),
    st.integers(0, 3),
    st.booleans(),
    st.integers(0, 12),
    st.integers(0, 12),
    st.booleans(),
)
def test_tiles(rows: int, columns: int, padding: int, transposed: bool, row: int, column: int, mask: bool) -> None:
    """A block over a matrix is told by the rows and columns that the kernel meant."""
    x = torch.arange(rows * (columns + padding)).view(rows, columns + padding)[:, :columns]
    x = x.t() if transposed else x
    row, column = row % x.shape[0], column % x.shape[1]
    r, c = np.meshgrid(row + np.arange(4), column + np.arange(8), indexing="ij")
    active = (r < x.shape[0]) & (c < x.shape[1]) if mask else np.ones_like(r, bool)
    bad = active & ~np.isin(r * x.stride(0) + c * x.stride(1), list(offsets_of(x)))
    out = torch.zeros(4, 8, dtype=x.dtype)
    finding = run(
        MemoryModel(),
        lambda: kernels.read_tile[(1,)](x, out, row, column, *x.shape, *x.stride(), MASK=mask, BR=4, BC=8),
    )
    if not bad.any():
        assert finding is None
        return
    assert finding is not None and finding.bad == bad.sum()
    assert (finding.first, finding.last) == ((r[bad].min(), c[bad].min()), (r[bad].max(), c[bad].max()))
    assert finding.touched is not None
    assert (finding.touched.first, finding.touched.last) == ((row, column), (row + 3, column + 7))


def meetings(reads: np.ndarray, writes: np.ndarray, values: np.ndarray) -> tuple[bool, bool]:
    """Whether programs, run one after another, race for the value of an element; and for when to read it."""
    memory = dict.fromkeys(range(8), 0)
    written: dict[int, list[int]] = {}
    readers: dict[int, set[int]] = {}
    changers: dict[int, set[int]] = {}
    for program in range(len(reads)):
        for place in reads[program]:
            readers.setdefault(place, set()).add(program)
        for place, value in zip(writes[program], values[program], strict=True):
            written.setdefault(place, []).append(value)
            if memory[place] != value:
                changers.setdefault(place, set()).add(program)
            memory[place] = value
    write = any(len(set(held)) > 1 for held in written.values())
    read = any(
        reader != changer for place, held in changers.items() for reader in readers.get(place, ()) for changer in held
    )
    return write, read


@unhurried
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 7), min_size=2, max_size=2),
            st.lists(st.integers(0, 7), min_size=2, max_size=2, unique=True),
            st.lists(st.integers(0, 2), min_size=2, max_size=2),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_races(programs: list[tuple[list[int], list[int], list[int]]]) -> None:
    reads, writes, values = (np.array(part) for part in zip(*programs, strict=True))
    x, sink, model = torch.zeros(8, dtype=torch.int64), torch.zeros(reads.size, dtype=torch.int64), MemoryModel()
    given_to = [torch.tensor(part.ravel()) for part in (reads, writes, values)]
    assert run(model, lambda: kernels.load_then_store[(len(programs),)](x, *given_to, sink, LANES=2)) is None
    kinds = {finding.kind for finding in model.findings}
    assert (Kind.WRITE_RACE in kinds, Kind.READ_WRITE_RACE in kinds) == meetings(reads, writes, values)
    assert Kind.LANE_RACE not in kinds


@unhurried
@given(views())
def test_indices_lead_back_to_their_offsets(view: torch.Tensor) -> None:
    shape, strides = tuple(view.shape), view.stride()
    inside = sorted(offsets_of(view))
    for offset in inside:
        found = members(np.array([offset]), shape, strides)
        steps = np.array(strides or [0])
        assert found.shape[1] and all(int(index @ steps) == offset for index in found.T)
    for offset in range(-5, 40):
        indices, rest = unravel(np.array([offset]), shape, strides)
        walked = [d for d, size in enumerate(shape) if size != 1 and strides[d] > 0]
        steps = np.array(
            [strides[d] if d in walked else 0 for d in range(len(shape))]
            if walked
            else [0] * (max(len(shape), 1) - 1) + [1]
        )
        assert int(indices[:, 0] @ steps) + int(rest[0]) == offset
