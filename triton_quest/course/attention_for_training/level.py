from triton_quest.course.level import Level

LEVEL = Level(
    slug="attention-for-training",
    title="Attention for training",
    asks="the forward pass, and one number a row",
    teaches="what the backward pass needs: lse",
    description="Flash Attention that keeps one number a row, from which the backward pass makes every probability again.",
    file="level12_attention_for_training.py",
    launcher="attention_forward",
    answers=("out", "lse"),
    inputs=("B H S D",) * 3,
    feats=("no-spill", "least-traffic"),
    races=("flash", "cudnn"),
    medals=(0.4, 0.6, 0.8),
)
