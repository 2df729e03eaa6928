"""The table of the levels. Nothing else in the engine knows a level by name; its number is its place here.

A level has arrived when its course folder holds a solution; until then it is shown as what lies ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

COURSE = Path(__file__).resolve().parent.parent / "course"
STAGES = ("read", "rules", "memory", "numbers", "property", "compile")


@dataclass(frozen=True)
class Size:
    """How large a letter of the inputs' shapes is: when kernels are compiled (none runs), and when they are counted."""

    compiled: int
    counted: int  # the smallest one, where it is the letter that grows


SIZES = {
    "n": Size(2**20, 2**12),
    "R": Size(4096, 16),  # rows
    "C": Size(1024, 64),  # columns
    "B": Size(2, 1),
    "H": Size(8, 1),
    "S": Size(1024, 64),
    "D": Size(64, 64),
}


@dataclass(frozen=True)
class Level:
    """One row: what a level is called, what it asks for and how it is judged."""

    slug: str
    title: str
    teaches: str  # a few words for the map
    description: str  # one sentence
    file: str
    launcher: str
    outputs: int = 1
    may_mutate: tuple[str, ...] = ()  # arguments that the launcher may write into
    stages: tuple[str, ...] = STAGES
    copies_allowed: bool = True  # False where strides are the lesson
    fills_count: bool = True  # False where every element of the answer must come from a kernel, constants too
    needs: tuple[str, ...] = ()  # an architecture ("sm_90") or GPUs ("2 gpus")
    races: tuple[str, ...] = ("eager",)  # what the benchmark races it against
    medals: tuple[float, float, float] = (
        0.5,
        0.8,
        0.95,
    )  # bronze, silver, gold: PyTorch's best time over the learner's
    inputs: tuple[str, ...] = ()  # the shape of each argument in the letters of SIZES, for `compile` and `traffic`
    grows: str = "S"  # the letter that `traffic` lets grow
    feats: tuple[str, ...] = ()  # achievements that `compile` and `traffic` can show of it: where it can go wrong
    beside: str = ""  # its name in the comparison of the levels that compute the same thing in different ways
    number: int = 0
    course: Path = COURSE

    def as_row(self) -> dict[str, Any]:
        """The row as JSON carries it to the judge's process."""
        return {**asdict(self), "course": str(self.course)}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Level:
        lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
        return cls(**{**row, **lists, "course": Path(row["course"])})

    @property
    def folder(self) -> Path:
        return self.course / self.slug

    @property
    def has_arrived(self) -> bool:
        return (self.folder / "solution.py").is_file()


def table(*rows: Level) -> tuple[Level, ...]:
    """Number the rows by their place."""
    return tuple(replace(row, number=number) for number, row in enumerate(rows, start=1))


QK, QKV = ("B H S D",) * 2, ("B H S D",) * 3
SPILL, TRAFFIC = "no-spill", "least-traffic"
SDPA = ("flash", "cudnn", "efficient", "math", "flex")

LEVELS = table(
    Level(
        slug="vector-add",
        title="Vector addition",
        teaches="programs, blocks, offsets, masks",
        description="Add two vectors: which program am I, which elements are mine, and what hangs over the end.",
        file="level1_vector_add.py",
        launcher="vector_add",
        inputs=("n", "n"),
        grows="n",
    ),
    Level(
        slug="matmul",
        title="Matrix multiplication",
        teaches="2-D tiles, strides, accumulators",
        description="Multiply two matrices tile by tile: pointer grids, a loop over K, and tl.dot.",
        file="level2_matmul.py",
        launcher="matmul",
        inputs=("S S", "S S"),
        feats=(SPILL,),
        copies_allowed=False,
        races=("eager", "compile"),
    ),
    Level(
        slug="softmax",
        title="Softmax",
        teaches="rows, reductions, stability",
        description="Turn each row of a matrix into probabilities, in one pass over memory and without overflow.",
        file="level3_softmax.py",
        launcher="softmax",
        inputs=("R C",),
        feats=(TRAFFIC,),
        grows="C",
        races=("eager", "compile"),
    ),
    Level(
        slug="attention-scores",
        title="Attention scores",
        teaches="batches and heads, K transposed",
        description="Q @ K^T for every head of every batch: a 3-D grid, a transpose by strides, and a scale.",
        file="level4_attention_scores.py",
        launcher="attention_scores",
        inputs=QK,
        feats=(SPILL,),
        copies_allowed=False,
    ),
    Level(
        slug="causal-mask",
        title="Causal mask",
        teaches="masks made from indices",
        description="No query may see the future: a mask made on the fly, and tiles that need no work at all.",
        file="level5_causal_mask.py",
        launcher="causal_scores",
        inputs=QK,
        feats=(SPILL,),
        fills_count=False,
    ),
    Level(
        slug="naive-attention",
        title="Naive attention",
        teaches="composing kernels, the S x S cost",
        description="Scores, softmax and values put together, and what the S x S matrix between them costs.",
        file="level6_naive_attention.py",
        launcher="naive_attention",
        inputs=QKV,
        feats=(SPILL, TRAFFIC),  # the second for whoever does without the S x S matrix
        beside="naive",
        races=("eager", "compile", "flash", "cudnn"),
        medals=(0.02, 0.05, 0.08),
    ),
    Level(
        slug="fused-attention",
        title="Fused attention",
        teaches="online softmax",
        description="One kernel, one query row a program, and no S x S matrix: softmax while the keys stream by.",
        file="level7_fused_attention.py",
        launcher="fused_attention",
        inputs=QKV,
        feats=(SPILL,),
        beside="fused",
        races=("eager", "flash", "cudnn"),
        medals=(0.002, 0.004, 0.006),
    ),
    Level(
        slug="flash-attention",
        title="Flash Attention",
        teaches="tiles, tl.dot, rescaling: the boss",
        description="The tiled algorithm itself: query tiles, streamed keys, an accumulator that is rescaled as it goes.",
        file="level8_flash_attention.py",
        launcher="flash_attention",
        inputs=QKV,
        feats=(SPILL, TRAFFIC),
        beside="flash",
        races=SDPA,
        medals=(0.4, 0.6, 0.8),
    ),
)


def find(name: str, levels: tuple[Level, ...] = LEVELS) -> Level | None:
    """The level called `name`: its number, its slug, its file or its launcher."""
    text = name.strip().lower()
    for level in levels:
        if text in (str(level.number), f"level{level.number}", level.slug, level.file, level.launcher):
            return level
    return None
