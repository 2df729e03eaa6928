"""Guards the sections "Common mistakes" of the briefings: what each sentence says of a program is tried on that program."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import arrived
from tests.course import trials_of_attention, trials_of_shared_heads, trials_of_training, trials_of_tuning
from tests.course.trials import Trial, matrices, positive, queries_and_keys, rows, swapped, vectors
from tests.judge.conftest import adapted_interpreter, as_a_child  # noqa: F401  fixtures, and the interpreter is on
from triton_quest.child.instruments.warned import Warned, warnings_once
from triton_quest.child.judge import code, pipeline
from triton_quest.child.judge.watch import Subject
from triton_quest.course import template
from triton_quest.course.case import Case
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake
from triton_quest.course.table import find
from triton_quest.records import verdict as v
from triton_quest.store import workspace

SECONDS = 60.0  # for a step of the program, which takes far less


# Level 1

LOAD_X = ("tl.load(x_ptr + offsets, mask=mask)", "tl.load(x_ptr + offsets)")
STORE = ("tl.store(out_ptr + offsets, x + y, mask=mask)", "tl.store(out_ptr + offsets, x + y)")
OVERLAPPING = (("offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)", "offsets = pid + tl.arange(0, BLOCK_SIZE)"),)
UNSTORED = (("tl.store(out_ptr + offsets, x + y, mask=mask)", "out = x + y"),)

# Level 2

A_PTRS = "offs_m[:, None] * stride_am + offs_k[None, :] * stride_ak"
B_PTRS = "offs_k[:, None] * stride_bk + offs_n[None, :] * stride_bn"
ZEROS = "tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)"
DOT = 'acc = tl.dot(a, b, acc, input_precision="ieee")'
STRIDES_ASSUMED = (
    (A_PTRS, "offs_m[:, None] * K + offs_k[None, :]"),
    (B_PTRS, "offs_k[:, None] * N + offs_n[None, :]"),
    ("a_ptrs += BLOCK_K * stride_ak", "a_ptrs += BLOCK_K"),
    ("b_ptrs += BLOCK_K * stride_bk", "b_ptrs += BLOCK_K * N"),
)
BN_FOR_BK = (("b_ptrs += BLOCK_K * stride_bk", "b_ptrs += BLOCK_K * stride_bn"),)
K_WITHOUT_STEP = (
    ("(offs_k[None, :] < K - k)", "(offs_k[None, :] < K)"),
    ("(offs_k[:, None] < K - k)", "(offs_k[:, None] < K)"),
)
LAST_STEP = ((DOT, 'acc = tl.dot(a, b, input_precision="ieee")'),)
ADDED_TWICE = ((DOT, 'acc += tl.dot(a, b, acc, input_precision="ieee")'),)
HALF_REFUSED = ((ZEROS, "tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float16)"),)
HALF_BY_HAND = (*HALF_REFUSED, (DOT, "acc += tl.dot(a, b).to(tl.float16)"))
C_MASK = "c_mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)"
ROWS_ONLY = ((C_MASK, "c_mask = (offs_m[:, None] < M) & (offs_n[None, :] >= 0)"),)
COLUMNS_ONLY = ((C_MASK, "c_mask = (offs_m[:, None] >= 0) & (offs_n[None, :] < N)"),)

# Level 3

OTHER = ', other=-float("inf")'
NUMERATOR = "numerator = tl.exp(x - row_max)"
CONVERSION = "    x = x.to(tl.float32)\n"
X_PLACES = "x_ptr + row * stride_x_row + cols * stride_x_col"
OUT_PLACES = "out_ptr + row * stride_out_row + cols * stride_out_col"
STRIDES_IGNORED = ((X_PLACES, "x_ptr + row * n_cols + cols"),)
STRIDES_OF_X = ((OUT_PLACES, "out_ptr + row * stride_x_row + cols * stride_x_col"),)

# Level 4

SCORES = 'scores = tl.dot(q, k, input_precision="ieee") * sm_scale'
UNSCALED = ((SCORES, 'scores = tl.dot(q, k, input_precision="ieee")'),)
SCALED_TWICE = ((SCORES, f"{SCORES} * sm_scale"),)
LOAD_Q = "q = tl.load(q_ptrs, mask=offs_m[:, None] < M, other=0.0)"
BATCH_AND_HEAD = "batch.to(tl.int64) * stride_{0}b + head.to(tl.int64) * stride_{0}h"
HEAD_OVER_D = ((SCORES, "scores = tl.dot(q, k) * (1.0 / D)"),)
OWN_SCALE = ((SCORES, 'scores = tl.dot(q, k, input_precision="ieee") * (D**-0.5)'),)
AS_HEAD = tuple((BATCH_AND_HEAD.format(name), f"pid_bh.to(tl.int64) * stride_{name}h") for name in "qko")
PLACES_SWAPPED = (("batch = pid_bh // H", "batch = pid_bh % H"), ("head = pid_bh % H", "head = pid_bh // H"))
STRIDES_OF_Q = (
    (BATCH_AND_HEAD.format("k"), BATCH_AND_HEAD.format("q")),
    (
        "offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn",
        "offs_d[:, None] * stride_qd + offs_n[None, :] * stride_qm",
    ),
)
TILE_OF_K = (
    (
        "offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn",
        "offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd",
    ),
    ("tl.load(k_ptrs, mask=offs_n[None, :] < N", "tl.load(k_ptrs, mask=offs_n[:, None] < N"),
)
SCALED_Q = ((LOAD_Q, f"{LOAD_Q} * sm_scale"), (SCORES, 'scores = tl.dot(q, k, input_precision="ieee")'))
NO_INT64 = tuple((BATCH_AND_HEAD.format(name), f"batch * stride_{name}b + head * stride_{name}h") for name in "qko")

TRIALS: dict[tuple[str, str], tuple[Trial, ...]] = {
    ("vector-add", "No mask on a load or on the store"): (
        Trial("no mask on a load, 1024", (LOAD_X,), vectors(1024), "passes"),
        Trial("no mask on a load, 1000", (LOAD_X,), vectors(1000), "memory", "reads"),
        Trial("no mask on the store, 1024", (STORE,), vectors(1024), "passes"),
        Trial("no mask on the store, 1000", (STORE,), vectors(1000), "memory", "writes"),
    ),
    ("vector-add", "`pid + tl.arange(...)`"): (
        Trial("blocks one element apart", OVERLAPPING, vectors(4096), "memory", "3069 of 4096"),
    ),
    ("vector-add", "`offsets <= n`"): (
        Trial(
            "one element too many",
            (("offsets < n", "offsets <= n"),),
            vectors(1000),
            "memory",
            "1 of its 1001 lanes is outside",
        ),
    ),
    ("vector-add", "A mask on the loads and none on the store"): (
        Trial("masked loads", (STORE,), vectors(17), "memory", "writes"),
    ),
    ("vector-add", "The sum computed and never stored"): (
        Trial("no store", UNSTORED, vectors(17), "memory", "No program writes any element of out"),
    ),
    ("matmul", "Strides assumed instead of used"): (
        Trial("fresh", STRIDES_ASSUMED, matrices(9, 40, 7), "passes"),
        Trial("transposed", STRIDES_ASSUMED, lambda d: (d.transposed(d.normal(9, 40)), d.normal(40, 7)), "numbers"),
        Trial("a slice", STRIDES_ASSUMED, lambda d: (d.strided(d.normal(9, 40)), d.normal(40, 7)), "memory"),
    ),
    ("matmul", "`stride_bn` where `stride_bk` belongs"): (
        Trial("b walked to the right", BN_FOR_BK, matrices(9, 64, 40), "numbers"),
    ),
    ("matmul", "`offs_k < K` in the loop"): (Trial("beyond K", K_WITHOUT_STEP, matrices(9, 40, 7), "memory"),),
    ("matmul", "`acc = tl.dot(a, b)`"): (
        Trial("one step", LAST_STEP, matrices(9, 32, 7), "passes"),
        Trial("two steps", LAST_STEP, matrices(9, 40, 7), "numbers"),
    ),
    ("matmul", "`acc += tl.dot(a, b, acc)`"): (
        Trial("one step", ADDED_TWICE, matrices(9, 32, 7), "passes"),
        Trial("two steps", ADDED_TWICE, matrices(9, 40, 7), "numbers"),
    ),
    ("matmul", "`acc` in fp16"): (
        Trial("refused", HALF_REFUSED, matrices(9, 40, 7), "compile", dtype="fp16", compiled=True),
        Trial("a short sum by hand", HALF_BY_HAND, positive(16, 32, 16), "passes", dtype="fp16", compiled=True),
        Trial("a long sum by hand", HALF_BY_HAND, positive(16, 512, 16), "numbers", dtype="fp16", compiled=True),
    ),
    ("matmul", "A mask along one axis only"): (
        Trial("rows alone", ROWS_ONLY, matrices(9, 40, 7), "memory"),
        Trial("columns alone", COLUMNS_ONLY, matrices(9, 40, 7), "memory", "writes"),
    ),
    ("softmax", "No `other=` on the load"): (
        Trial("anything at all", ((OTHER, ""),), rows(3, 5), "memory"),
        Trial("0, negative scores", ((OTHER, ", other=0.0"),), rows(3, 5, offset=-20.0), "numbers"),
    ),
    ("softmax", "No maximum subtracted"): (
        Trial("small scores", ((NUMERATOR, "numerator = tl.exp(x)"),), rows(3, 5), "passes"),
        Trial("large scores", ((NUMERATOR, "numerator = tl.exp(x)"),), rows(3, 5, offset=100.0), "numbers"),
    ),
    ("softmax", "`row * n_cols + cols` for the pointers"): (
        Trial("an ordinary matrix", STRIDES_IGNORED, rows(3, 5), "passes"),
        Trial("a slice", STRIDES_IGNORED, lambda d: (d.strided(d.normal(3, 5)),), "memory"),
        Trial("a transposed one", STRIDES_IGNORED, lambda d: (d.transposed(d.normal(3, 5)),), "numbers"),
    ),
    ("softmax", "The strides of x used for `out`"): (
        Trial("an ordinary matrix", STRIDES_OF_X, rows(3, 5), "passes"),
        Trial("a slice", STRIDES_OF_X, lambda d: (d.strided(d.normal(3, 5)),), "memory"),
    ),
    ("softmax", "`cols <= n_cols` in the mask"): (
        Trial("one column too many", (("cols < n_cols", "cols <= n_cols"),), rows(3, 5), "memory"),
    ),
    ("softmax", "No conversion to fp32"): (
        Trial("no conversion", ((CONVERSION, ""),), rows(3, 5), "passes", dtype="fp16", compiled=True),
        Trial(
            "exp of an fp16 row",
            ((CONVERSION, ""), (NUMERATOR, "numerator = tl.exp(x)")),
            rows(3, 5),
            "compile",
            dtype="fp16",
            compiled=True,
        ),
    ),
    ("attention-scores", "No scale, or one too many"): (
        Trial("no scale", UNSCALED, queries_and_keys(1, 1, 5, 7, 16), "numbers", "all 35 elements"),
        Trial(
            "two scales",
            SCALED_TWICE,
            queries_and_keys(1, 1, 5, 7, 16),
            "numbers",
            "all 35 elements",
        ),
    ),
    ("attention-scores", "`1 / D` instead of `1 / sqrt(D)`"): (
        Trial("1 / D", HEAD_OVER_D, queries_and_keys(1, 1, 5, 7, 16), "numbers"),
        Trial("from D, none given", OWN_SCALE, queries_and_keys(1, 1, 5, 7, 16), "passes"),
        Trial("from D, one given", OWN_SCALE, queries_and_keys(1, 1, 5, 7, 16), "numbers", sm_scale=0.3),
    ),
    ("attention-scores", "`pid_bh` used as if it were the head"): (
        Trial("without a gap", AS_HEAD, queries_and_keys(2, 3, 5, 7, 16), "passes"),
        Trial("swapped axes", AS_HEAD, swapped(2, 3, 5, 7, 16), "numbers"),
    ),
    ("attention-scores", "`//` and `%` the wrong way round"): (
        Trial("B equals H", PLACES_SWAPPED, queries_and_keys(2, 2, 5, 7, 16), "passes"),
        Trial("fewer texts than heads", PLACES_SWAPPED, queries_and_keys(2, 3, 5, 7, 16), "memory"),
        Trial("more texts than heads", PLACES_SWAPPED, queries_and_keys(3, 2, 5, 7, 16), "memory"),
    ),
    ("attention-scores", "The strides of `q` used for `k`"): (
        Trial("one shape", STRIDES_OF_Q, queries_and_keys(2, 3, 5, 5, 16), "passes"),
        Trial("two shapes", STRIDES_OF_Q, queries_and_keys(2, 3, 5, 7, 16), "numbers"),
    ),
    ("attention-scores", "`offs_n[:, None]` in the pointers to `k`"): (
        Trial("32 keys, D 32", TILE_OF_K, queries_and_keys(1, 1, 32, 32, 32), "numbers"),
    ),
    ("attention-scores", "`q * sm_scale` before the dot"): (
        Trial("fp16", SCALED_Q, queries_and_keys(1, 1, 5, 7, 16), "compile", dtype="fp16", compiled=True),
        Trial("fp32", SCALED_Q, queries_and_keys(1, 1, 5, 7, 16), "passes", compiled=True),
    ),
    ("attention-scores", "No int64"): (Trial("small tensors", NO_INT64, queries_and_keys(2, 3, 5, 7, 16), "passes"),),
    **trials_of_attention.TRIALS,
    **trials_of_training.TRIALS,
    **trials_of_tuning.TRIALS,
    **trials_of_shared_heads.TRIALS,
}
TRIED = tuple(level for level in arrived() if any(slug == level.slug for slug, _ in TRIALS))


class OneCase(pipeline._Judge):
    """The judgement of one case in one dtype. It looks for no known mistake: what happens is asked, not why."""

    def __init__(self, level: Level, file: Path, case: Case, trial: Trial, warned: Warned) -> None:
        able = pipeline.Abilities((trial.dtype,), compiling=trial.compiled)
        super().__init__(level, file, lambda record: None, SECONDS, able, warned)
        self.cases = (case,)
        self.trial = trial

    def _mistakes(self) -> tuple[Mistake, ...]:
        return ()

    def _large(self) -> None: ...

    def _properties(self) -> None:
        if self.trial.properties:
            super()._properties()

    def _list(self, step: Callable[[Subject], v.Check]) -> None:
        if self.trial.compiled:
            super()._list(step)


def bullets(level: Level) -> list[str]:
    """The sentences of the section, in one line each."""
    text = template.briefing(workspace.course_text(level, "solution.py"))
    section = text.partition("## Common mistakes\n")[2].partition("\n## ")[0]
    return [" ".join(bullet.split()) for bullet in re.split(r"^- ", section, flags=re.MULTILINE)[1:]]


@pytest.mark.parametrize("level", TRIED, ids=lambda level: level.slug)
def test_every_common_mistake_is_tried_and_every_trial_belongs_to_one(level: Level) -> None:
    told = bullets(level)
    begun = [beginning for slug, beginning in TRIALS if slug == level.slug]
    assert told
    assert [sum(bullet.startswith(one) for one in begun) for bullet in told] == [1] * len(told)
    assert [sum(bullet.startswith(one) for bullet in told) for one in begun] == [1] * len(begun)


@pytest.mark.usefixtures("as_a_child")
@pytest.mark.parametrize(
    ("slug", "trial"),
    [
        pytest.param(slug, trial, id=f"{slug}: {beginning}, {trial.what}")
        for (slug, beginning), trials in TRIALS.items()
        for trial in trials
    ],
)
def test_a_common_mistake_does_what_the_briefing_says(slug: str, trial: Trial, tmp_path: Path) -> None:
    level = find(slug)
    assert level is not None
    text = template.clean_solution(workspace.course_text(level, "solution.py"))
    for old, new in trial.edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = tmp_path / level.file
    file.write_text(text, encoding="utf-8")
    given = {"sm_scale": trial.sm_scale, "causal": trial.causal}
    keywords = {name: value for name, value in given.items() if value is not None}
    case = Case(trial.what, "a common mistake", trial.inputs, keywords, (trial.dtype,), quick=True)
    ended, told = "passes", ""
    try:
        with warnings_once(str(file)) as warned:
            OneCase(level, file, case, trial, warned).everything()
    except code.Stopped as stopped:
        ended, told = stopped.check.kind, f"{stopped.check.says} {stopped.check.mismatch}"
    assert ended == trial.ends, told
    assert trial.told in told, told
