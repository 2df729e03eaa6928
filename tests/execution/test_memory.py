"""Every kind of finding with its sentence, and the innocents that must stay without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import triton
import triton.language as tl
from triton.runtime import interpreter
from triton.runtime.errors import InterpreterError
from triton.tools.tensor_descriptor import TensorDescriptor

from tests.execution import memory_kernels as kernels
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import Finding, Kind
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.sentences.memory import tell


def line(mark: str) -> int:
    lines = Path(kernels.__file__).read_text().splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.endswith(f"# HERE {mark}"))


def check(launch: Callable[[], object], **options: bool) -> list[Finding]:
    model = MemoryModel(**options)
    try:
        with model.active():
            launch()
    except IllegalAccess as illegal:
        assert illegal.finding is model.fatal is model.findings[-1]
    else:
        assert model.fatal is None
    return model.findings


def only(launch: Callable[[], object], kind: Kind, mark: str) -> str:
    (finding,) = check(launch)
    assert (finding.kind, finding.line, Path(finding.file).name) == (kind, line(mark), "memory_kernels.py")
    return tell(finding)


def grid(n: int, block: int) -> tuple[int]:
    return (triton.cdiv(n, block),)


def numbers(n: int) -> torch.Tensor:
    return torch.arange(n, dtype=torch.float32)


def multiply(kernel: object, a: torch.Tensor, b: torch.Tensor, **options: bool) -> torch.Tensor:
    c = torch.empty(a.shape[0], b.shape[1])
    blocks = (triton.cdiv(a.shape[0], 32), triton.cdiv(b.shape[1], 32))
    kernel[blocks](a, b, c, *c.shape, a.shape[1], *a.stride(), *b.stride(), *c.stride(), BM=32, BN=32, BK=32, **options)
    return c


# -- out of bounds -------------------------------------------------------------------------------


def test_a_load_without_a_mask() -> None:
    x, y, out = numbers(1000), numbers(1000), torch.zeros(1000)
    (finding,) = check(lambda: kernels.add_unmasked[grid(1000, 128)](x, y, out, 1000, BLOCK=128))
    assert (finding.kernel, finding.argument, finding.tensor) == ("add_unmasked", "x_ptr", "x")
    assert (finding.program, finding.first, finding.last) == ((7,), (1000,), (1023,))
    assert (finding.bad, finding.active, finding.has_mask, finding.is_remark) == (24, 128, False, False)
    assert finding.site.source.startswith("x = tl.load(x_ptr + offsets)")
    assert tell(finding) == (
        "program (7,) reads x_ptr[896..1023]; x has 1000 elements (24 of its 128 lanes are outside). "
        f"Line {line('add_unmasked')}: this load has no mask; lanes with `offsets >= n` must be masked off."
    )


def test_a_store_without_a_mask_writes_nothing_at_all() -> None:
    out = torch.zeros(1024)[:1000]
    told = only(lambda: kernels.store_unmasked[(8,)](out, 1000, BLOCK=128), Kind.OUT_OF_BOUNDS_WRITE, "store_unmasked")
    assert told.startswith("program (7,) writes o_ptr[896..1023]; out has 1000 elements")
    assert told.endswith("this store has no mask; lanes with an index of `n` or more must be masked off.")
    assert out[895] == 1.0 and not out[896:].any()


def test_a_mask_that_lets_the_element_before_the_first_through() -> None:
    x, out = numbers(1000), torch.zeros(1000)
    assert only(
        lambda: kernels.previous[grid(1000, 128)](x, out, 1000, BLOCK=128), Kind.OUT_OF_BOUNDS_READ, "previous"
    ) == (
        "program (0,) reads x_ptr[-1..126]; x has 1000 elements (1 of its 128 lanes is outside). "
        f"Line {line('previous')}: the mask of this load lets them through; "
        "lanes with `before < 0` must be masked off."
    )


def test_a_block_names_the_row_and_column_that_the_kernel_meant() -> None:
    a, b = torch.randn(96, 72), torch.randn(72, 80)
    (finding,) = check(lambda: multiply(kernels.matmul, a, b.t().contiguous().t(), MASK_K=False, MASK_M=True))
    # b is stored by columns: its element (72, 0) would be (0, 1), so the first that is outside is in the last column.
    assert (finding.argument, finding.program) == ("b_ptr", (0, 2))
    assert (finding.touched.first, finding.touched.last) == ((64, 64), (95, 79))
    assert (finding.first, finding.last) == ((72, 79), (95, 79))
    assert "reads b_ptr[64..95, 64..79]; " in tell(finding)
    assert "lanes with `offs_k >= K` must be masked off" in tell(finding)


def test_no_name_where_another_tile_holds_the_same_numbers() -> None:
    """In program (0, 2) the wrapped columns 64 … 95 are the numbers of the rows that the pointers have come to."""
    a, b = torch.randn(32, 72), torch.randn(72, 96)
    told = only(lambda: multiply(kernels.matmul_unmasked, a, b[:, :96]), Kind.OUT_OF_BOUNDS_READ, "matmul_unmasked")
    assert "; lanes with an index of `K` or more in dimension 0 must be masked off." in told


def test_rows_that_are_not_masked() -> None:
    a, b = torch.randn(91, 72), torch.randn(72, 80)
    told = only(lambda: multiply(kernels.matmul, a, b, MASK_K=True, MASK_M=False), Kind.OUT_OF_BOUNDS_READ, "matmul")
    assert told.startswith("program (2, 0) reads a_ptr[64..95, 0..31]; a has shape (91, 72) (160 of its 1024 lanes")
    assert told.endswith("lanes with `offs_m >= M` must be masked off.")


def test_of_several_lengths_of_one_the_last_is_meant() -> None:
    """All three have the stride 16, and a tile walks down the words of a head, not along batches or heads."""
    q, out = torch.randn(1, 1, 1, 16), torch.zeros(16, 16)
    (finding,) = check(lambda: kernels.read_tile[(1,)](q, out, 0, 0, 1, 16, 16, 1, MASK=False, BR=16, BC=16))
    told = tell(finding)
    assert told.startswith("program (0,) reads x_ptr[0, 0, 0..15, :]; q has shape (1, 1, 1, 16) (240 of its 256 lanes")
    assert "lanes with `offs_r >= rows` must be masked off" in told


def test_the_last_row_of_a_matrix() -> None:
    x, out = torch.randn(8, 97), torch.zeros(8, 97)
    (finding,) = check(lambda: kernels.softmax_rows[(8,)](x, out, 97, 97, MASK=False, OTHER=False, BLOCK=128))
    assert (finding.program, finding.first, finding.last) == ((7,), (7, 97), (7, 127))


def copy_heads(x: torch.Tensor, *, swap: bool, mask: bool) -> str:
    """x: (B, H, M, 16). What is told of copying it in tiles of 8 rows."""
    out, heads = torch.zeros_like(x), x.shape[0] * x.shape[1]
    options = {"SWAP": swap, "MASK": mask, "BM": 8, "D": 16}
    return only(
        lambda: kernels.copy_heads[(1, heads)](x, out, *x.shape[1:3], *x.stride()[:3], **options),
        Kind.OUT_OF_BOUNDS_READ,
        "copy_heads",
    )


def test_a_program_that_is_in_the_wrong_matrix_as_a_whole_needs_no_mask() -> None:
    assert copy_heads(torch.randn(2, 3, 5, 16), swap=True, mask=True) == (
        "program (0, 2) reads x_ptr[2, 0, :, :]; x has shape (2, 3, 5, 16) (all 80 lanes are outside). "
        f"Line {line('copy_heads')}: dimension 0 ends at index 1, and the whole block is at 2: "
        "check how the program finds its place there."
    )


def test_of_dimensions_with_one_element_the_last_are_meant() -> None:
    """All strides but the last are 16."""
    told = copy_heads(torch.randn(1, 1, 1, 16), swap=False, mask=False)
    assert told.startswith("program (0,) reads x_ptr[0, 0, 0..7, :]; x has shape (1, 1, 1, 16) (112 of its 128 lanes")
    assert told.endswith("lanes with `offs_m >= 1` must be masked off.")


def test_between_the_rows_of_a_padded_matrix() -> None:
    x, out = torch.randn(8, 128)[:, :97], torch.zeros(8, 97)
    assert only(
        lambda: kernels.softmax_rows[(8,)](x, out, 128, 97, MASK=False, OTHER=False, BLOCK=128),
        Kind.OUT_OF_BOUNDS_READ,
        "softmax_unmasked",
    ) == (
        "program (0,) reads x_ptr[0, 0..127]; x has shape (8, 97) and strides (128, 1) "
        f"(31 of its 128 lanes are between its elements). Line {line('softmax_unmasked')}: "
        "this load has no mask; lanes with `cols >= n_cols` must be masked off."
    )


def test_offsets_that_leave_out_the_strides() -> None:
    every_second, out = numbers(1000)[::2], torch.zeros(500)
    assert only(
        lambda: kernels.copy[grid(500, 128)](every_second, out, 500, BLOCK=128), Kind.OUT_OF_BOUNDS_READ, "copy"
    ) == (
        "program (0,) reads between the elements of x_ptr, 1 place after its first; every_second has shape (500,) and "
        f"strides (2,) (64 of its 128 lanes are there). Line {line('copy')}: its offsets fit a contiguous tensor, and "
        "every_second isn't: multiply each index by its stride."
    )


def test_an_expanded_tensor_has_fewer_places_than_elements() -> None:
    x, out = numbers(100).expand(8, 100), torch.zeros(800)
    told = only(lambda: kernels.copy[grid(800, 128)](x, out, 800, BLOCK=128), Kind.OUT_OF_BOUNDS_READ, "copy")
    assert "x has shape (8, 100) and strides (0, 1)" in told
    assert "if its offsets leave out the strides of x, multiply by them; else lanes with" in told


def test_empty_and_single_tensors() -> None:
    nothing, single, out = torch.empty(0), torch.tensor(3.0), torch.zeros(128)
    told = only(lambda: kernels.copy[(1,)](nothing, out, 128, BLOCK=128), Kind.OUT_OF_BOUNDS_READ, "copy")
    assert "; nothing has no elements (all 128 lanes are outside)." in told
    told = only(lambda: kernels.one_number[(2,)](single, out), Kind.OUT_OF_BOUNDS_READ, "one_number")
    assert told.startswith("program (1,) reads x_ptr[1]; single is a single number. ")
    check(lambda: kernels.one_number[(1,)](single, out))
    assert out[0] == 6.0


def test_an_index_read_from_memory() -> None:
    x, index, out = numbers(1000), torch.arange(64) * 17, torch.zeros(64)
    assert "reads elements between x_ptr[1003] and x_ptr[1071]; x has 1000 elements (5 of its 64 lanes" in only(
        lambda: kernels.gather[(1,)](x, index, out, 64, BLOCK=64), Kind.OUT_OF_BOUNDS_READ, "gather"
    )


def test_an_atomic_outside() -> None:
    x, out = torch.tensor([0, 1, 4, 2, 0]).int(), torch.zeros(4, dtype=torch.int32)
    told = only(lambda: kernels.histogram[(1,)](x, out, 5, BLOCK=8), Kind.OUT_OF_BOUNDS_WRITE, "histogram")
    assert told == (
        "program (0,) updates o_ptr[4]; out has 4 elements (1 of its 5 lanes is outside). "
        f"Line {line('histogram')}: lanes with `x >= 4` must be masked off."
    )


def test_a_tensor_inside_a_tuple() -> None:
    x, y, out = numbers(50), numbers(64), torch.zeros(64)
    told = only(lambda: kernels.sum_pair[(1,)]((x, y), out, BLOCK=64), Kind.OUT_OF_BOUNDS_READ, "sum_pair")
    assert told.startswith("program (0,) reads pair[0][0..63]; x has 50 elements (14 of its 64 lanes are outside).")


def test_the_line_is_the_one_of_the_load_in_the_learners_helper() -> None:
    x, out = numbers(50), torch.zeros(64)
    told = only(lambda: kernels.through_helper[(1,)](x, out, 50, BLOCK=64), Kind.OUT_OF_BOUNDS_READ, "load_at")
    assert "x_ptr[0..50]; x has 50 elements (1 of its 51 lanes is outside)" in told


def test_a_tensor_without_a_name_in_the_launcher() -> None:
    out = torch.zeros(128)
    told = only(lambda: kernels.copy[(1,)](torch.ones(100), out, 128, BLOCK=128), Kind.OUT_OF_BOUNDS_READ, "copy")
    assert "; the tensor passed as x_ptr has 100 elements " in told


def test_a_descriptor_larger_than_its_tensor() -> None:
    x, out = torch.randn(12, 16), torch.zeros(16, 16)
    told = only(
        lambda: kernels.with_descriptor[(1,)](x, out, 16, 16, BLOCK=16), Kind.OUT_OF_BOUNDS_READ, "with_descriptor"
    )
    assert told == (
        "program (0,) reads x_ptr[0..15, :]; x has shape (12, 16) (64 of its 256 lanes are outside). "
        f"Line {line('with_descriptor')}: the descriptor of this load has a shape or strides that don't "
        "fit x."
    )


@pytest.mark.skipif(not hasattr(interpreter.InterpreterBuilder, "create_make_block_ptr"), reason="gone since 3.8")
@pytest.mark.filterwarnings("ignore:tl.make_block_ptr is deprecated")
def test_a_block_pointer_without_a_boundary_check() -> None:
    x, out = numbers(50), torch.zeros(64)
    told = only(
        lambda: kernels.block_pointer[(1,)](x, out, 50, CHECK=False, BLOCK=64), Kind.OUT_OF_BOUNDS_READ, "block_pointer"
    )
    assert told.endswith("this load needs `boundary_check` for each dimension that its blocks may leave.")
    assert not check(lambda: kernels.block_pointer[(1,)](x, out, 50, CHECK=True, BLOCK=64))


# -- pointers ------------------------------------------------------------------------------------


def test_null_foreign_and_misaligned_pointers() -> None:
    x, out = numbers(64), torch.zeros(64)
    told = only(lambda: kernels.read_null[(1,)](out, BLOCK=32), Kind.NULL_POINTER, "read_null")
    assert told.startswith("program (0,) reads through a null pointer, which belongs to none of the tensors passed to")
    told = only(
        lambda: kernels.write_address[(1,)](0x5000_0000_0000, out, BLOCK=32), Kind.FOREIGN_POINTER, "write_address"
    )
    assert told.startswith("program (0,) writes through the address 0x500000000000, which belongs to none of")
    told = only(lambda: kernels.misaligned[(1,)](x, out, BLOCK=32), Kind.MISALIGNED, "misaligned")
    assert told.startswith("program (0,) reads 4 bytes at byte 1 of x_ptr; they must start at a multiple of 4.")


def test_the_learner_cannot_swallow_an_illegal_access() -> None:
    x, out = numbers(100), torch.zeros(128)
    model = MemoryModel()

    def launcher() -> None:
        try:
            kernels.copy[(1,)](x, out, 128, BLOCK=128)
        except Exception:
            out.zero_()

    with pytest.raises(IllegalAccess), model.active():
        launcher()


def test_a_wrong_call_is_left_to_triton() -> None:
    for wrong in (5, 2.5):
        with pytest.raises(InterpreterError):
            check(lambda wrong=wrong: kernels.load_number[(1,)](wrong, torch.zeros(1)))
    with pytest.raises(TypeError):
        check(lambda: kernels.copy[(1,)](torch.zeros(1), BLOCK=1))


# -- races ---------------------------------------------------------------------------------------


def test_programs_that_write_different_values() -> None:
    out = torch.zeros(64, dtype=torch.int32)
    assert only(lambda: kernels.last_wins[(4,)](out, BLOCK=64), Kind.WRITE_RACE, "last_wins") == (
        "programs (0,) and (1,) write different values to o_ptr[0..63]; on a GPU the programs run at the same time, "
        f"and either may be the last. Line {line('last_wins')}: give each program elements of its own, or use "
        "`tl.atomic_add`."
    )


def test_equal_values_are_a_remark() -> None:
    out = torch.zeros(64)
    told = only(lambda: kernels.all_the_same[(4,)](out, BLOCK=64), Kind.EQUAL_VALUES_WRITTEN_TWICE, "all_the_same")
    assert told == (
        "programs (0,) and (1,) write the same values to o_ptr[0..63]: harmless, but done twice "
        f"(line {line('all_the_same')})."
    )
    assert check(lambda: kernels.all_the_same[(4,)](out, BLOCK=64))[0].is_remark


def test_lanes_that_write_different_values() -> None:
    out = torch.zeros(64, dtype=torch.int32)
    assert only(lambda: kernels.halves[(1,)](out, BLOCK=64), Kind.LANE_RACE, "halves") == (
        "program (0,) writes different values to the same element in one store, at o_ptr[0..31]; on a GPU any of them "
        f"may stay. Line {line('halves')}: give each lane an element of its own."
    )


def test_a_program_that_reads_what_another_wrote() -> None:
    x, total = torch.ones(100), torch.zeros(1)
    found = check(lambda: kernels.running_total[(4,)](x, total, 100, BLOCK=32))
    assert tell(found[0]) == (
        "program (1,) reads o_ptr[0], which program (0,) writes in the same launch; on a GPU the programs run at the "
        f"same time, in any order. Line {line('running_total_load')}: split the work into two launches, or let one "
        "program do both."
    )
    assert [finding.kind for finding in found[1:]] == [Kind.READ_WRITE_RACE, Kind.WRITE_RACE]


def test_a_program_that_writes_what_another_has_read() -> None:
    x = numbers(100)
    shift = kernels.shift_in_place[(4,)]
    told = only(lambda: shift(x, 100, BLOCK=32, num_warps=1), Kind.READ_WRITE_RACE, "shift_in_place")
    assert told.startswith("program (1,) writes x_ptr[32], which program (0,) reads in the same launch;")


def test_a_tensor_passed_twice_shares_its_races() -> None:
    x = numbers(129)
    later = x[1:]
    (finding,) = check(lambda: kernels.copy[(4,)](later, x, 128, BLOCK=32, num_warps=1))
    assert (finding.kind, finding.argument, finding.tensor) == (Kind.READ_WRITE_RACE, "o_ptr", "x")
    assert tell(finding).startswith("program (1,) writes o_ptr[32], which program (0,) reads in the same launch;")


def test_cooperative_programs_may_meet() -> None:
    x, total = torch.ones(100), torch.zeros(1)
    assert not check(lambda: kernels.running_total[(4,)](x, total, 100, BLOCK=32), cooperative=True)
    assert total.item() == 100


@pytest.mark.skipif(not hasattr(tl, "atomic_load"), reason="new in Triton 3.8")
def test_atomic_loads_and_stores_may_meet() -> None:
    flag, out = torch.zeros(1, dtype=torch.int32), torch.zeros(4, dtype=torch.int32)
    assert not check(lambda: kernels.hand_over[(4,)](flag, out))
    assert out.tolist() == [0, 0, 1, 2]


# -- innocents -----------------------------------------------------------------------------------


def innocents() -> dict[str, tuple[Callable[[], object], torch.Tensor, torch.Tensor]]:
    x, y, out = numbers(1000), numbers(1000) * 3, torch.full((1000,), -1.0)
    total, small, twice = torch.zeros(1), torch.zeros(64), numbers(128)
    a, b = torch.randn(90, 72), torch.randn(72, 80)
    c = torch.zeros(90, 80)
    raw = torch.zeros(64, dtype=torch.int8)
    square, copy = torch.randn(16, 16), torch.zeros(16, 16)
    counts = torch.zeros(4, dtype=torch.int32)
    return {
        "masked addition": (lambda: kernels.add[(8,)](x, y, out, 1000, BLOCK=128), out, x + y),
        "a grid that is far too large": (lambda: kernels.add[(20,)](x, y, out, 1000, BLOCK=128), out, x + y),
        "backwards": (lambda: kernels.reverse[(8,)](x, out, 1000, BLOCK=128), out, x.flip(0)),
        "atomic sum": (lambda: kernels.atomic_total[(4,)](x, total, 100, BLOCK=32), total, x[:100].sum()[None]),
        "histogram, masked lanes without other": (
            lambda: kernels.histogram[(4,)](torch.arange(100).int() % 4, counts, 100, BLOCK=32),
            counts,
            torch.full((4,), 25, dtype=torch.int32),
        ),
        "tutorial matmul": (lambda: c.copy_(multiply(kernels.matmul_wrapped, a, b)), c, a @ b),
        "equal lanes": (lambda: kernels.halves_equal[(1,)](raw, BLOCK=64), raw[:32], torch.arange(32).to(torch.int8)),
        "in place": (lambda: kernels.scale_in_place[(4,)](twice, 128, BLOCK=32), twice, numbers(128) * 2),
        "stores back what it read": (
            lambda: kernels.rewrite_neighbours[(4,)](small, 64, BLOCK=16),
            small,
            torch.zeros(64),
        ),
        "pointer to integer and back": (lambda: kernels.there_and_back[(1,)](x, small, BLOCK=64), small, x[:64]),
        "bytes of a float": (lambda: kernels.bytes_of[(1,)](x, raw, BLOCK=64), raw, x[:16].view(torch.int8)),
        "two tensors in one load": (
            lambda: kernels.choose[(1,)](x, y, small, 64, BLOCK=64),
            small,
            torch.where(torch.arange(64) % 2 == 0, x[:64], y[:64]),
        ),
        "descriptor": (
            lambda: kernels.through_descriptor[(1,)](
                TensorDescriptor(square, [16, 16], [16, 1], [16, 16]), copy, BLOCK=16
            ),
            copy,
            square,
        ),
        "a window of a larger tensor": (lambda: kernels.copy[(1,)](x[100:164], small, 64, BLOCK=64), small, x[100:164]),
        "the same tensor twice": (lambda: kernels.add[(8,)](x, x, out, 1000, BLOCK=128), out, x + x),
        "reinterpreted": (
            lambda: kernels.copy[(1,)](
                triton.reinterpret(x.view(torch.int32), triton.language.float32), small, 64, BLOCK=64
            ),
            small,
            x[:64],
        ),
    }


@pytest.mark.parametrize("name", innocents())
def test_innocents(name: str) -> None:
    launch, got, expected = innocents()[name]
    assert [tell(finding) for finding in check(launch) if not finding.is_remark] == []
    torch.testing.assert_close(got, expected)


def test_wrapped_rows_are_a_remark_at_most() -> None:
    told = only(
        lambda: multiply(kernels.matmul_wrapped, torch.randn(90, 72), torch.randn(72, 80)),
        Kind.EQUAL_VALUES_WRITTEN_TWICE,
        "matmul_wrapped",
    )
    assert told.startswith("programs (0, 0) and (0, 2) write the same values to c_ptr[0..31, 0..15]")


def test_arguments_passed_by_name_in_any_order() -> None:
    x, out = numbers(100), torch.zeros(128)
    (finding,) = check(lambda: kernels.copy[(1,)](BLOCK=128, o_ptr=out, n=128, x_ptr=x))
    assert (finding.argument, finding.tensor, finding.shape) == ("x_ptr", "x", (100,))


def test_the_judge_is_not_taken_for_the_learner() -> None:
    assert kernels.__file__ == check(lambda: kernels.copy[(1,)](torch.ones(1), torch.ones(8), 8, BLOCK=8))[0].file


def turn(**options: object) -> Callable[[], object]:
    x, tmp, out = numbers(64), torch.zeros(64), torch.zeros(64)
    chosen = {"BARRIER": False, "BACK": True, "BLOCK": 64} | options
    return lambda: kernels.turned_around[(1,)](x, tmp, out, **chosen)


def test_lanes_that_read_what_other_lanes_stored_without_a_barrier() -> None:
    says = only(turn(), Kind.OWN_STORE_READ, "turned_around")
    assert "other lanes of the same program stored" in says and "`tl.debug_barrier()`" in says


def test_a_barrier_lets_lanes_read_what_other_lanes_stored() -> None:
    assert not check(turn(BARRIER=True))


def test_a_lane_may_read_back_what_it_stored_itself() -> None:
    assert not check(turn(BACK=False))


def test_the_lanes_of_a_single_warp_are_in_step() -> None:
    assert not check(turn(num_warps=1))


def updating(**options: object) -> Callable[[], object]:
    total, out = torch.zeros(64), torch.zeros(64)
    chosen = {"BARRIER": False, "BACK": True, "BLOCK": 64} | options
    return lambda: kernels.updated_and_read_back[(1,)](total, out, **chosen)


def test_lanes_that_read_what_atomics_of_other_lanes_update() -> None:
    says = only(updating(), Kind.OWN_ATOMIC_READ, "updated_and_read_back")
    assert "which an atomic of the same program updates before" in says and "`tl.debug_barrier()`" in says


@pytest.mark.parametrize("options", [{"BARRIER": True}, {"BACK": False}, {"num_warps": 1}])
def test_what_an_atomic_of_the_same_lane_updated_may_be_read_back(options: dict[str, object]) -> None:
    assert not check(updating(**options))


def test_an_atomic_of_one_number_is_one_threads_and_waits_for_none_where_its_result_is_dropped() -> None:
    total, out = torch.zeros(1), torch.zeros(1)
    only(
        lambda: kernels.counted_and_read_back[(1,)](total, out, USED=False),
        Kind.OWN_ATOMIC_READ,
        "counted_and_read_back",
    )
    assert not check(lambda: kernels.counted_and_read_back[(1,)](total, out, USED=True))


def doubling(**options: object) -> Callable[[], object]:
    x, out = numbers(64), torch.zeros(64)
    chosen = {"BARRIER": False, "SUM": False, "BACK": True, "BLOCK": 64} | options
    return lambda: kernels.doubled_from_behind[(1,)](x, out, **chosen)


def test_lanes_that_store_over_what_other_lanes_still_load() -> None:
    says = only(doubling(), Kind.OWN_LOAD_OVERTAKEN, "doubled_from_behind")
    assert "which other lanes of the same program load before" in says and "`tl.debug_barrier()`" in says


@pytest.mark.parametrize("options", [{"BARRIER": True}, {"SUM": True}, {"BACK": False}, {"num_warps": 1}])
def test_what_every_thread_has_loaded_may_be_stored_over(options: dict[str, object]) -> None:
    assert not check(doubling(**options))


def storing_twice(**options: object) -> Callable[[], object]:
    chosen = {"FIRST": 0, "BARRIER": False, "SHIFT": 1, "BLOCK": 64} | options
    out = torch.zeros(64, dtype=torch.int32)
    return lambda: kernels.stored_twice[(1,)](out, **chosen)


def test_stores_of_other_values_by_other_lanes_without_a_barrier() -> None:
    assert "either value may stay" in only(storing_twice(), Kind.OWN_STORES_MEET, "stored_twice")


@pytest.mark.parametrize("options", [{"BARRIER": True}, {"SHIFT": 0}, {"FIRST": 1}, {"num_warps": 1}])
def test_stores_by_the_same_lane_or_of_the_same_value_may_meet(options: dict[str, object]) -> None:
    assert not check(storing_twice(**options))


def test_one_value_read_from_a_block_that_lanes_stored() -> None:
    x, tmp, out = numbers(64), torch.zeros(64), torch.zeros(1)
    only(
        lambda: kernels.stored_block_read_as_one[(1,)](x, tmp, out, BLOCK=64),
        Kind.OWN_STORE_READ,
        "stored_block_read_as_one",
    )


def test_a_column_has_the_lanes_of_a_row_of_its_length() -> None:
    x, tmp, out = numbers(64), torch.zeros(64), torch.zeros(64)
    assert not check(lambda: kernels.stored_row_read_as_column[(1,)](x, tmp, out, BLOCK=64))
