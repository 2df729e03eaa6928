from triton_quest.course.level import Level

LEVEL = Level(
    slug="fused-attention",
    title="Fused attention",
    asks="one kernel, no S x S matrix",
    teaches="online softmax",
    description="One kernel, one query row a program, and no S x S matrix: softmax while the keys stream by.",
    file="level7_fused_attention.py",
    launcher="fused_attention",
    inputs=("B H S D",) * 3,
    feats=("no-spill",),
    beside="fused",
    races=("eager", "flash", "cudnn"),
    medals=(0.002, 0.004, 0.006),
)
