from triton_quest.course.mistake import Edit, Mistake

MISTAKES = (
    Mistake(
        "half_a_difference",
        (Edit("minus = x - y", "minus = x - 0.5 * y"),),
        caught_by="numbers",
        says="The difference takes away half of y.",
    ),
)
VARIANTS = ()
