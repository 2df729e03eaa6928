from triton_quest.course.level import Level

LEVEL = Level(
    slug="flash-attention",
    title="Flash Attention",
    asks="the tiled algorithm",
    teaches="tiles, tl.dot, rescaling: the boss",
    description="The tiled algorithm itself: query tiles, streamed keys, an accumulator that is rescaled as it goes.",
    file="level8_flash_attention.py",
    launcher="flash_attention",
    counts_tiles=True,
    inputs=("B H S D",) * 3,
    feats=("no-spill", "least-traffic"),
    beside="flash",
    races=("flash", "cudnn", "efficient", "math", "flex"),
    medals=(0.4, 0.6, 0.8),
)
