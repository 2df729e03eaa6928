from triton_quest.course.mistake import Edit, Mistake

MISTAKES = (
    Mistake(
        "a_two_forgotten",
        (Edit("dx = 2 * w * x * dout", "dx = w * x * dout"),),
        caught_by="numbers",
        says="The derivative of a square has a factor 2.",
    ),
)
VARIANTS = ()
