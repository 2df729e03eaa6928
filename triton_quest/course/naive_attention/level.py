from triton_quest.course.level import Level

LEVEL = Level(
    slug="naive-attention",
    title="Naive attention",
    asks="three kernels in a row",
    teaches="composing kernels, the S x S cost",
    description="Scores, softmax and values put together, and what the S x S matrix between them costs.",
    file="level6_naive_attention.py",
    launcher="naive_attention",
    inputs=("B H S D",) * 3,
    feats=("no-spill", "least-traffic"),  # the second for whoever does without the S x S matrix
    beside="naive",
    races=("eager", "compile", "flash", "cudnn"),
    medals=(0.02, 0.05, 0.08),
)
