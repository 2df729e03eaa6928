from triton_quest.course.level import Level

LEVEL = Level(
    slug="softmax-backward",
    title="Softmax backward",
    asks="the gradient of softmax",
    teaches="gradients, what autograd hands over",
    description="The gradient of softmax: one weighted sum a row, and gradients whose strides are 0.",
    file="level11_softmax_backward.py",
    launcher="softmax_backward",
    inputs=("R C", "R C"),
    feats=("least-traffic",),
    grows="C",
    races=("eager", "compile"),
)
