from triton_quest.course.level import Level

LEVEL = Level(
    slug="autotuning",
    title="Autotuning",
    asks="a product that finds its own tile",
    teaches="configs, keys, the L2",
    description="A matrix product that finds its own tile: a list of configs, what is pruned, and a grid that waits for the choice.",
    file="level9_autotuning.py",
    launcher="tuned_matmul",
    inputs=("M K", "K N"),
    grows="M N K",
    feats=("no-spill",),
    copies_allowed=False,
    tunes=True,
    races=("eager", "compile"),
)
