"""Guards what the judge says of slips that it once explained wrongly: what must be said, and what must not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.judge.toys import Judgement, judged
from triton_quest.course.table import LEVELS
from triton_quest.records import verdict as v

pytestmark = [pytest.mark.usefixtures("adapted_interpreter", "as_a_child")]

Edit = tuple[str, str]
GRID_4 = "grid = (triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N), B * H)"
GRID_VALUES = "grid = (triton.cdiv(M, BLOCK_M), B * H)"
SOFTMAX = (
    ("    row_max = tl.max(x, axis=0)\n", ""),
    ("    numerator = tl.exp(x - row_max)  # exp(-inf) = 0 in the masked lanes\n", ""),
    ("    denominator = tl.sum(numerator, axis=0)\n", ""),
    ("numerator / denominator, mask=mask)", "tl.softmax(x), mask=mask)"),
)


@dataclass(frozen=True)
class Slip:
    """What a learner wrote in a level's solution; each pattern of `said` is in the failed check, and none of `unsaid`."""

    name: str
    level: int
    edits: tuple[Edit, ...]
    said: tuple[str, ...]
    unsaid: tuple[str, ...] = ()


SLIPS = (
    Slip(
        "no store", 1, (("tl.store(out_ptr + offsets, x + y, mask=mask)", "out = x + y"),),
        ("no kernel has come to a `tl.store`", "Only `tl.store` writes to memory"),
        ("starts at BLOCK_SIZE", "number of programs"),
    ),
    Slip(
        "the batch left out everywhere", 4,
        tuple((f"batch.to(tl.int64) * stride_{one}b + ", "") for one in "qko"),
        (r"out\[1, :, :, :\] are never written", r"the last of the grid \(1, 1, 6\)", "add `batch.to"),
        ("the mask of the store",),
    ),
    Slip(
        "tile numbers in the other order", 4,
        (("pid_m = tl.program_id(axis=0)", "pid_m = tl.program_id(axis=1)"),
         ("pid_n = tl.program_id(axis=1)", "pid_n = tl.program_id(axis=0)")),
        ("of the grid .* store nothing", "the wrong way round"),
        ("comes? to them", "the mask of the store in line"),
    ),
    Slip(
        "heads from axis 0", 4,
        (("pid_m = tl.program_id(axis=0)", "pid_m = tl.program_id(axis=2)"),
         ("pid_bh = tl.program_id(axis=2)", "pid_bh = tl.program_id(axis=0)")),
        (r"Only out\[0, 0, :, :\] is ever written",), ("comes? to them", "the mask of the store in line"),
    ),
    Slip(
        "the grid of the values lacks an axis", 6, ((GRID_VALUES, "grid = (triton.cdiv(M, BLOCK_M),)"),),
        (r"Only out\[0, 0, :, :\] is ever written", "axis 1 counts the heads of all batches"), ("the mask of the store",),
    ),
    Slip(
        "the grid of the values in the other order", 6, ((GRID_VALUES, "grid = (B * H, triton.cdiv(M, BLOCK_M))"),),
        ("the mask is given, so look at what it is made of", "axes the wrong way round"), ("line 4", "comes? to them"),
    ),
    Slip(
        "the grid of the scores lacks an axis", 6,
        ((GRID_4, "grid = (triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N))"),),
        (r"look at its grid, which is \(1,\)",), ("the mask of its store",),
    ),
    Slip(
        "columns counted on from row to row", 3,
        (("cols = tl.arange(0, BLOCK_SIZE)", "cols = row * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)"),),
        ("[Yy]our columns start at `row \\* BLOCK_SIZE`",), ("your grid", "all take row 0"),
    ),
    Slip(
        "a name that isn't there", 3, (("tl.sum(numerator, axis=0)", "tl.sum(nummerator, axis=0)"),),
        ("`nummerator` isn't defined", "the interpreter can't run such a line either"), ("must compile for a GPU",),
    ),
    Slip(
        "a kernel's function in the launcher", 1, (("triton.cdiv(n, BLOCK_SIZE)", "tl.cdiv(n, BLOCK_SIZE)"),),
        ("`tl.cdiv` works in a kernel alone", "write `triton.cdiv`"), ("can't return a value", "needs a grid"),
    ),
    Slip(
        "the scale in the place of the heads", 7, (("        H, N, sm_scale,", "        sm_scale, H, N,"),),
        ("`H` is a float here", "passes the scale where the kernel takes H"), ("tl.floor",),
    ),
    Slip(
        "the first key counted by the queries' block", 5, (("first_key = pid_n * BLOCK_N", "first_key = pid_n * BLOCK_M"),),
        ("takes the tiles for square",), ("compares the numbers of the tiles",),
    ),
    Slip(
        "a step that no mistake explains beyond the small cases", 8,
        (("visible = keys[None, :] <= offs_m[:, None] if CAUSAL else keys[None, :] < N", "visible = keys[None, :] < N"),),
        ("none that comes after the query",), ("there is more to it", "something else is wrong"),
    ),
    Slip(
        "values moved by the keys' stride in one loop", 8,
        (("v = tl.load(v_ptr + start_n * stride_vn + v_offs)", "v = tl.load(v_ptr + start_n * stride_kn + v_offs)"),),
        ("first loop moves the tile of `v` on by `stride_kn`",),
    ),
    Slip(
        "keys passed for queries", 4, (("        q, k, out,\n        H, M", "        k, q, out,\n        H, M"),),
        ("passes `k` for `q_ptr` and `q` for `k_ptr`",), ("must be masked off",),
    ),
    Slip(
        "the scores passed first", 6, (("        q, k, scores,", "        scores, q, k,"),),
        ("passes `q` for `k_ptr` and `k` for `out_ptr`", "does the launch pass the tensors"), ("one type, and .*: cast one",),
    ),
    Slip(
        "masked-off lanes that are NaN", 3,
        (('mask=mask, other=-float("inf"))', 'mask=mask, other=0 * -float("inf"))'),),
        ("has NaN where there should be numbers",), ("smallest element", "plus infinity"),
    ),
    Slip(
        "blocks that start one element too late", 1, (("tl.arange(0, BLOCK_SIZE)\n", "tl.arange(0, BLOCK_SIZE) + 1\n"),),
        (), ("[Pp]robably: your first block starts at BLOCK_SIZE: the first program is number 0, and its block starts at 0.$",),
    ),
    Slip(
        "a float among the offsets, made by a division", 1,
        (("offsets = pid * BLOCK_SIZE +", "offsets = pid * (BLOCK_SIZE / 1) +"),), ("use `//`",), ("the launch pass a float",),
    ),
    Slip(
        "results rounded to fp16", 1, (("x + y, mask=mask", "(x + y).to(tl.float16), mask=mask"),),
        ("one that fp16 has",),
    ),
    Slip("twice the product", 2, (("acc.to(c_ptr", "(2 * acc).to(c_ptr"),), ("is 2 times what it should be",)),
    Slip(
        "a GPU asked for by torch's version", 1,
        (("    out = torch.empty_like(x)\n", "    assert torch.version.cuda is not None\n    out = torch.empty_like(x)\n"),),
        ("there is no GPU here",), ("no message",),
    ),
    Slip(
        "a bare assertion", 1, (("    out = torch.empty_like(x)\n", "    assert x.numel() > 5\n    out = torch.empty_like(x)\n"),),
        ("`assert x.numel\\(\\) > 5` doesn't hold",), ("no message",),
    ),
    Slip("the whole lesson in one call", 3, SOFTMAX, ("`tl.softmax` does the whole",)),
    Slip(
        "something wrong that nobody knows, in some heads", 4,
        (('input_precision="ieee") * sm_scale', 'input_precision="ieee") * sm_scale + head * 0.1'),),
        ("What sets this case apart", "`q` and `k` have several heads"), ("What this case is for",),
    ),
    Slip(
        "something wrong that nobody knows, without causal", 8,
        (("out = acc / l_i[:, None]", "out = acc / l_i[:, None] + (0.0 if CAUSAL else 0.01)"),),
        ("What sets this case apart", "causal=False"), ("What this case is for",),
    ),
)  # fmt: skip


def judged_with(folder: Path, number: int, edits: tuple[Edit, ...]) -> Judgement:
    level = LEVELS[number - 1]
    text = (level.folder / "solution.py").read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return judged(level, folder / "learner.py", text)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_what_is_said_is_true(slip: Slip, tmp_path: Path) -> None:
    check = judged_with(tmp_path, slip.level, slip.edits).failure
    words = "\n".join([check.says, check.advice, check.cause])
    assert [pattern for pattern in slip.said if not re.search(pattern, words)] == [], words
    assert [pattern for pattern in slip.unsaid if re.search(pattern, words)] == [], words


WASTED = (
    (5, ("any_visible = last_query >= first_key", "any_visible = True"), "compute 20 % more tiles than needed"),
    (5, ("BLOCK_M + BLOCK_M - 1", "BLOCK_M + BLOCK_M"), "compute 20 % more tiles than needed"),
    (8, ("mask_from = (pid_m * BLOCK_M if CAUSAL else N) // BLOCK_N * BLOCK_N", "mask_from = 0"), "load 15 tiles under a mask, where 9"),
    (8, ("end = tl.minimum((pid_m + 1) * BLOCK_M, N) if CAUSAL else N", "end = N"), "compute 50 % more tiles than needed"),
)  # fmt: skip


@pytest.mark.parametrize(("number", "edit", "remark"), WASTED, ids=lambda value: str(value)[:40])
def test_tiles_too_many_are_counted_in_a_remark(number: int, edit: Edit, remark: str, tmp_path: Path) -> None:
    told = judged_with(tmp_path, number, (edit,))
    assert told.outcome is v.Outcome.PASSED
    assert any(remark in check.name for check in told.checks if check.kind == "remark")


@pytest.mark.parametrize("number", [5, 8])
def test_the_solution_wastes_no_tile(number: int, tmp_path: Path) -> None:
    told = judged_with(tmp_path, number, ())
    assert not [check for check in told.checks if check.kind == "remark" and "tiles" in check.name]
