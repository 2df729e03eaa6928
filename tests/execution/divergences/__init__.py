"""Programs on which the interpreter and the compiler differ, with what the judge says of each; and some that must pass.

`CASES` is filled by importing the modules. `test_frontend.py` holds the judge to the table, and the table to Triton's
full compiler, which `full_compile.py` runs.
"""

from . import (
    control_flow,
    habits,
    launching,
    meanings,
    memory_and_dot,
    names,
    python_objects,
    types_and_shapes,
    versions,
)
from .cases import CASES, Case

__all__ = [
    "CASES",
    "Case",
    "control_flow",
    "habits",
    "launching",
    "meanings",
    "memory_and_dot",
    "names",
    "python_objects",
    "types_and_shapes",
    "versions",
]
