from triton_quest.course.level import Level

LEVEL = Level(
    slug="vector-add",
    title="Vector addition",
    asks="`x + y`",
    teaches="programs, blocks, offsets, masks",
    description="Add two vectors: which program am I, which elements are mine, and what hangs over the end.",
    file="level1_vector_add.py",
    launcher="vector_add",
    inputs=("n", "n"),
    grows="n",
    counted_in="fp32",
)
