from triton_quest.course.level import Level

LEVEL = Level(
    slug="matmul",
    title="Matrix multiplication",
    asks="`a @ b`",
    teaches="2-D tiles, strides, accumulators",
    description="Multiply two matrices tile by tile: pointer grids, a loop over K, and tl.dot.",
    file="level2_matmul.py",
    launcher="matmul",
    inputs=("M K", "K N"),
    grows="M N K",
    feats=("no-spill",),
    copies_allowed=False,
    later=(4, 8),
    races=("eager", "compile"),
)
