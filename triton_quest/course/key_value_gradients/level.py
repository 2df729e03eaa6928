from triton_quest.course.level import Level

LEVEL = Level(
    slug="key-value-gradients",
    title="Key and value gradients",
    asks="dk and dv",
    teaches="probabilities made again, delta",
    description="The gradients of the keys and values: a program owns a tile of keys and walks the queries.",
    file="level13_key_value_gradients.py",
    launcher="attention_dk_dv",
    answers=("dk", "dv"),
    inputs=("B H S D", "B H S D", "B H S D", "B H S D", "B H S: float32", "B H S D"),
    last_cast_allowed=True,
    feats=("no-spill",),
    races=("flash", "cudnn", "efficient", "math"),
    medals=(0.4, 0.6, 0.8),
)
