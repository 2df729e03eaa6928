"""What the memory model remembers from launch to launch: writes, reads of nothing, poison, traffic."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from triton.language.semantic import TritonSemantic
from triton.runtime import interpreter

from tests.execution import memory_kernels as kernels
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import Finding, Kind, Traffic
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.sentences.memory import tell


def line(mark: str) -> int:
    lines = Path(kernels.__file__).read_text().splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.endswith(f"# HERE {mark}"))


def unwritten(programs: int, limit: int, block: int = 128) -> str | None:
    model, out = MemoryModel(), torch.empty(1000)
    model.mark_uninitialised(out)
    with model.active():
        kernels.write_if[(programs,)](out, 1000, LIMIT=limit, BLOCK=block)
    finding = model.unwritten(out)
    return tell(finding) if finding is not None else None


def test_all_written() -> None:
    assert unwritten(8, 1000) is None


def test_a_grid_too_small() -> None:
    assert unwritten(7, 1000) == (
        "out[896..999] are never written (104 of 1000 elements). No store comes to them: program (6,), the last of the "
        "grid (7,), writes out[768..895]."
    )


def test_a_mask_too_tight() -> None:
    assert unwritten(8, 999) == (
        "out[999] is never written (1 of 1000 elements). Program (7,) comes to it, but the mask of the store in "
        f"line {line('write_if')} stops it."
    )
    assert unwritten(8, 400) == (
        "out[400..999] are never written (600 of 1000 elements). Programs (3,) to (7,) come to them, but the mask of "
        f"the store in line {line('write_if')} stops them."
    )


def test_nothing_written() -> None:
    assert unwritten(8, 0) == (
        "no program writes any element of out. Programs (0,) to (7,) come to them, but the mask of the store in line "
        f"{line('write_if')} stops them."
    )
    model, out = MemoryModel(), torch.empty(8)
    model.mark_uninitialised(out)
    assert (
        tell(model.unwritten(out, "out")) == "no program writes any element of out: no kernel has come to a `tl.store`."
    )


def test_no_guess_where_both_the_grid_and_the_mask_fall_short() -> None:
    assert unwritten(7, 800) == "out[800..999] are never written (200 of 1000 elements)."


def test_unwritten_elements_of_a_view() -> None:
    model, storage = MemoryModel(), torch.empty(4, 128)
    model.mark_uninitialised(storage)
    out = storage[:, :97]
    with model.active():
        for row in range(3):
            kernels.write_if[(1,)](out[row], 97, LIMIT=97, BLOCK=128)
    finding = model.unwritten(out.t(), "out")
    assert (finding.first, finding.last, finding.bad, finding.active) == ((0, 3), (96, 3), 97, 388)
    assert tell(finding).startswith("out[:, 3] are never written (97 of 388 elements).")


def test_memory_that_the_launcher_filled_counts_as_written() -> None:
    model, out, given = MemoryModel(), torch.empty(8), torch.ones(8)
    model.mark_uninitialised(out)
    model.mark_initialised(out[:6])
    assert (model.unwritten(out).first, model.unwritten(given)) == ((6,), None)
    model.mark_initialised(out)
    assert model.unwritten(out) is None


def filled(model: MemoryModel, tensor: torch.Tensor) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    box = model.filled_only(tensor)
    return (box.first, box.last) if box is not None else None


def test_a_constant_of_torchs_is_known_until_something_is_written_over_it() -> None:
    model, out = MemoryModel(), torch.empty(100)
    model.mark_uninitialised(out)
    assert filled(model, out) is None, "nothing is no constant"
    model.mark_filled(out[20:])
    assert model.unwritten(out).last == (19,), "a constant counts as written"
    assert filled(model, out) == ((20,), (99,))
    with model.active():
        kernels.write_if[(1,)](out, 100, LIMIT=50, BLOCK=64)
    assert (filled(model, out), filled(model, out[:50])) == (((50,), (99,)), None)
    model.mark_initialised(out[:90])
    assert filled(model, out) == ((90,), (99,))
    model.mark_filled(out[3])
    assert filled(model, out[3]) == ((0,), (0,)), "a kernel's value with a constant over it"


def test_a_constant_seen_through_elements_of_two_sizes() -> None:
    model, words = MemoryModel(), torch.zeros(64)
    halves = words.view(torch.int16)
    model.mark_filled(words)
    with model.active():
        kernels.write_if[(1,)](halves, 128, LIMIT=101, BLOCK=128)
    assert (filled(model, words), filled(model, halves)) == (((50,), (63,)), ((101,), (127,)))


def test_a_tensor_has_the_name_under_which_it_was_passed_as_it_is() -> None:
    model, scratch = MemoryModel(), torch.empty(100)
    with model.active():
        kernels.write_if[(1,)](scratch, 100, LIMIT=100, BLOCK=128)
    assert (model.name_of(scratch), model.name_of(scratch[:50])) == ("scratch", None)


def test_the_tile_of_an_answer_is_what_one_program_wrote() -> None:
    model, x, out = MemoryModel(), torch.randn(2, 3, 20, 16), torch.empty(2, 3, 20, 16)
    assert model.tile(out) is None
    with model.active():
        kernels.copy_heads[(3, 6)](x, out, 3, 20, *x.stride()[:3], SWAP=False, MASK=True, BM=8, D=16)
    assert model.tile(out) == model.tile(out.view(torch.int16)[..., ::2]) == (8, 16)
    assert model.tile(out[0, 0]) == model.tile(out[:, :, :8]) == (8, 16)
    assert (model.tile(out[0, 0, :, 3]), model.tile(out[0, 0, 0, 0])) == ((1, 8), (1, 1))
    assert model.tile(out.transpose(2, 3)) == (16, 8)


def test_a_kernel_that_reads_what_no_kernel_wrote() -> None:
    model, x, middle, out = MemoryModel(), torch.ones(100), torch.empty(100), torch.empty(100)
    for tensor in (middle, out):
        model.mark_uninitialised(tensor)
    with model.active():
        kernels.copy[(3,)](x, middle, 96, BLOCK=32)
        kernels.copy[(4,)](middle, out, 100, BLOCK=32)
    (finding,) = model.findings
    assert (finding.kind, finding.bad, finding.active) == (Kind.UNINITIALISED_READ, 4, 4)
    assert tell(finding) == (
        f"program (3,) reads x_ptr[96..99], where nothing has been written yet. Line {line('copy')}: the launch "
        "before this one left it out: look at its grid, which is (3,)."
    )


def test_what_an_earlier_launch_left_out_is_told_as_such_when_the_kernel_works_in_place() -> None:
    model, middle = MemoryModel(), torch.empty(100)
    model.mark_uninitialised(middle)
    with model.active():
        kernels.copy[(1,)](torch.ones(100), middle, 32, BLOCK=32)
        kernels.copy[(2,)](middle, middle, 64, BLOCK=32)
    assert "the launch before this one left it out" in tell(model.findings[0])


def test_the_first_kernel_reads_what_nobody_wrote() -> None:
    model, middle, out = MemoryModel(), torch.empty(100), torch.empty(100)
    model.mark_uninitialised(middle)
    with model.active():
        kernels.copy[(4,)](middle, out, 100, BLOCK=32)
    assert tell(model.findings[0]) == (
        f"program (0,) reads x_ptr[0..31], where nothing has been written yet. Line {line('copy')}: write there "
        "first, or allocate middle with `torch.zeros`."
    )


def test_an_atomic_needs_something_to_add_to() -> None:
    model, x, total = MemoryModel(), torch.ones(100), torch.empty(1)
    model.mark_uninitialised(total)
    with model.active():
        kernels.atomic_total[(4,)](x, total, 100, BLOCK=32)
    assert [finding.kind for finding in model.findings] == [Kind.UNINITIALISED_READ]
    assert tell(model.findings[0]).startswith("program (0,) updates o_ptr[0], where nothing has been written yet.")
    assert model.unwritten(total) is None


def test_a_storage_seen_through_elements_of_two_sizes() -> None:
    model, words = MemoryModel(), torch.empty(64)
    halves = words.view(torch.int16)
    model.mark_uninitialised(words)
    with model.active():
        kernels.write_if[(1,)](halves, 128, LIMIT=101, BLOCK=128)
        kernels.copy[(1,)](words, torch.zeros(64), 64, BLOCK=64)
    (read,) = model.findings
    assert (read.kind, read.first, read.last) == (Kind.UNINITIALISED_READ, (50,), (63,))
    assert (model.unwritten(words).first, model.unwritten(halves).first) == ((50,), (101,))


def test_a_freed_address_is_not_confused_with_what_is_allocated_there_later() -> None:
    model = MemoryModel()
    for _ in range(20):
        model.mark_uninitialised(torch.empty(1000))
        fresh = torch.ones(1000)
        assert model.unwritten(fresh) is None


# -- poison --------------------------------------------------------------------------------------


def softmax(x: torch.Tensor, *, other: bool, **options: object) -> tuple[torch.Tensor, list[Finding]]:
    model, out = MemoryModel(**options), torch.zeros(x.shape, dtype=x.dtype)
    with model.active():
        kernels.softmax_rows[(x.shape[0],)](x, out, x.stride(0), x.shape[1], MASK=True, OTHER=other, BLOCK=128)
    assert not model.findings
    return out, model.poison_sites


def test_masked_lanes_without_other_reach_the_answer() -> None:
    x = torch.randn(2, 97)
    poisoned, (site,) = softmax(x, other=False)
    assert poisoned.isnan().all() and (site.bad, site.active) == (31, 128)
    assert softmax(x, other=False, poison=False)[0].isfinite().all()
    assert tell(site) == (
        f"the masked-off lanes of the load at line {line('softmax_no_other')} have no `other`, and their value reached "
        f"the answer; on a GPU it may be anything. Line {line('softmax_no_other')}: pass as `other` what changes "
        "nothing, like 0.0 in a sum or -inf in a maximum."
    )


def test_nothing_is_poisoned_that_has_an_other_or_no_masked_lane() -> None:
    x = torch.randn(2, 97)
    out, sites = softmax(x, other=True)
    torch.testing.assert_close(out, torch.softmax(x, 1))
    assert not sites and not softmax(torch.randn(2, 128), other=False)[1]


def test_poison_at_one_site_alone() -> None:
    x, y, out = torch.ones(100), torch.ones(100), torch.zeros(8)
    first = MemoryModel()
    with first.active():
        kernels.block_sum[(4,)](x, out, 100, BLOCK=32)
        kernels.add[(4,)](x, y, torch.zeros(100), 100, BLOCK=32)
    assert [site.argument for site in first.poison_sites] == ["x_ptr", "x_ptr", "y_ptr"]
    for site, reached in zip(first.poison_sites, (True, False, False), strict=True):
        again = MemoryModel(poison_only=site)
        with again.active():
            kernels.block_sum[(4,)](x, out, 100, BLOCK=32)
            kernels.add[(4,)](x, y, torch.zeros(100), 100, BLOCK=32)
        assert bool(out.isnan().any()) is reached and len(again.poison_sites) == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floating_lanes_of_each_type(dtype: torch.dtype) -> None:
    x, out = torch.ones(8, dtype=dtype), torch.zeros(8, dtype=dtype)
    model = MemoryModel()
    with model.active():
        kernels.first_of_previous[(8,)](x, out, OTHER=False)
    assert out.isnan().tolist() == [True] + [False] * 7
    assert [site.line for site in model.poison_sites] == [line("first_of_previous")]


def test_a_scalar_other_of_zero_is_an_other() -> None:
    """Triton's interpreter takes a scalar `other=0.0` for none."""
    x, out, model = torch.ones(8), torch.ones(8), MemoryModel()
    with model.active():
        kernels.first_of_previous[(8,)](x, out, OTHER=True)
    assert out[0] == 0.0 and not model.poison_sites


def test_integer_lanes_stay_zero() -> None:
    x, out, model = torch.ones(4, dtype=torch.int32), torch.ones(1, dtype=torch.int32), MemoryModel()
    with model.active():
        kernels.block_sum[(1,)](x, out, 4, BLOCK=8)
    assert out.item() == 4 and not model.poison_sites


# -- the model itself ----------------------------------------------------------------------------


def test_traffic() -> None:
    x, y, out, model = torch.ones(1000), torch.ones(1000), torch.zeros(1000), MemoryModel()
    with model.active():
        kernels.add[(8,)](x, y, out, 1000, BLOCK=128)
        kernels.copy[(8,)](x, out, 1000, BLOCK=128)
    assert model.traffic == [
        Traffic("add", 1, "x_ptr", 4000, 0),
        Traffic("add", 1, "y_ptr", 4000, 0),
        Traffic("add", 1, "o_ptr", 0, 4000),
        Traffic("copy", 2, "x_ptr", 4000, 0),
        Traffic("copy", 2, "o_ptr", 0, 4000),
    ]


def test_triton_is_left_as_it_was() -> None:
    parts = [
        (interpreter, "_interpreter"),
        (interpreter, "_implicit_cvt"),
        (interpreter.GridExecutor, "__call__"),
        *((TritonSemantic, name) for name in ("load", "store", "descriptor_load")),
    ]
    before = [getattr(owner, name) for owner, name in parts]
    model = MemoryModel()
    with pytest.raises(IllegalAccess), model.active():
        kernels.copy[(1,)](torch.ones(1), torch.ones(8), 8, BLOCK=8)
    assert [getattr(owner, name) for owner, name in parts] == before
    out = torch.zeros(8)
    kernels.copy[(1,)](torch.ones(8), out, 8, BLOCK=8)
    assert out.all()


def test_the_model_can_be_used_again_after_an_illegal_access() -> None:
    model, out = MemoryModel(), torch.zeros(8)
    with pytest.raises(IllegalAccess), model.active():
        kernels.copy[(1,)](torch.ones(1), out, 8, BLOCK=8)
    with model.active():
        kernels.copy[(1,)](torch.ones(8), out, 8, BLOCK=8)
    assert out.all() and len(model.findings) == 1
