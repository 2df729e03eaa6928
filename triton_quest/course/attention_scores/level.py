from triton_quest.course.level import Level

LEVEL = Level(
    slug="attention-scores",
    title="Attention scores",
    asks="`q @ k^T * scale`",
    teaches="batches and heads, K transposed",
    description="Q @ K^T for every head of every batch: a 3-D grid, a transpose by strides, and a scale.",
    file="level4_attention_scores.py",
    launcher="attention_scores",
    inputs=("B H S D",) * 2,
    feats=("no-spill",),
    copies_allowed=False,
)
