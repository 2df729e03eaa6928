from triton_quest.course.level import Level

LEVEL = Level(
    slug="flash-attention-backward",
    title="Flash Attention backward",
    asks="attention that `torch.autograd` differentiates",
    teaches="dQ, autograd.Function: the boss",
    description="The gradient of the queries, and the whole in one torch.autograd.Function, forward and backward.",
    file="level14_flash_attention_backward.py",
    launcher="trainable_attention",
    gradients=("q", "k", "v"),
    inputs=("B H S D",) * 3,
    last_cast_allowed=True,
    feats=("no-spill",),
    races=("flash", "cudnn", "efficient", "math", "flex"),
    medals=(0.4, 0.6, 0.8),
)
