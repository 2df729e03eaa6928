from triton_quest.course.level import Level

LEVEL = Level(
    slug="causal-mask",
    title="Causal mask",
    asks="the same, blind to the future",
    teaches="masks made from indices",
    description="No query may see the future: a mask made on the fly, and tiles that need no work at all.",
    file="level5_causal_mask.py",
    launcher="causal_scores",
    inputs=("B H S D",) * 2,
    feats=("no-spill",),
    fills_count=False,
    counts_tiles=True,
)
