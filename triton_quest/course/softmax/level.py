from triton_quest.course.level import Level

LEVEL = Level(
    slug="softmax",
    title="Softmax",
    asks="`softmax(x)`",
    teaches="rows, reductions, stability",
    description="Turn each row of a matrix into probabilities, in one pass over memory and without overflow.",
    file="level3_softmax.py",
    launcher="softmax",
    inputs=("R C",),
    lesson=("softmax",),
    feats=("least-traffic",),
    grows="C",
    counted_in="fp32",
    races=("eager", "compile"),
)
