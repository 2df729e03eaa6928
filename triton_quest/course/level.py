"""What the engine knows of a level: its row, and the sizes of its typical inputs. The rows themselves stand in the levels' folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from triton_quest.errors import CourseTrouble

COURSE = Path(__file__).resolve().parent
HINTS_A_LEVEL = 6
STAGES = ("read", "rules", "memory", "numbers", "property", "compile")


@dataclass(frozen=True)
class Size:
    """How large a letter of the inputs' shapes is: when kernels are compiled (none runs), and when they are counted."""

    compiled: int
    counted: int  # the smallest one, where it is the letter that grows


SIZES = {
    "n": Size(2**20, 2**12),
    "R": Size(4096, 16),  # rows
    "C": Size(1024, 64),  # columns
    "B": Size(2, 1),
    "H": Size(8, 1),
    "G": Size(32, 4),  # query heads, four to a head of keys and values
    "S": Size(1024, 64),
    "M": Size(1024, 64),
    "N": Size(1024, 64),
    "K": Size(1024, 64),
    "D": Size(64, 64),
}


@dataclass(frozen=True)
class Shape:
    """The shape of an argument in the letters of SIZES, and the dtype that it has whatever the others have; "" for none of its own."""

    letters: tuple[str, ...]
    dtype: str = ""  # torch's name: "float32", "int64"

    @classmethod
    def parse(cls, text: str) -> Shape:
        """ "B H S: float32" """
        letters, _, dtype = text.partition(":")
        return cls(tuple(letters.split()), dtype.strip())


@dataclass(frozen=True)
class Level:
    """One row: what a level is called, what it asks for and how it is judged."""

    slug: str
    title: str
    teaches: str  # a few words for the map
    description: str  # one sentence
    file: str
    launcher: str
    answers: tuple[str, ...] = ("out",)  # what the launcher returns: a tensor, or a tuple in this order
    gradients: tuple[str, ...] = ()  # arguments whose gradients are judged, too, as `d` and their name
    may_mutate: tuple[str, ...] = ()  # arguments that the launcher may write into
    stages: tuple[str, ...] = STAGES  # what it is judged by
    copies_allowed: bool = True  # False where strides are the lesson
    fills_count: bool = True  # False where every element of the answer must come from a kernel, constants too
    last_cast_allowed: bool = False  # True where one `.to(dtype)` of what a kernel wrote may give the answer
    later: tuple[int, ...] = ()  # gaps that its text leaves open until the others are filled
    lesson: tuple[str, ...] = ()  # functions of `tl` that do the whole of what the level teaches: refused
    counts_tiles: bool = (
        False  # True where leaving tiles out is the lesson: a remark tells of those that the solution leaves out
    )
    tunes: bool = False  # True where autotuning is the lesson: every config must fit, and neighbouring programs share what they read
    races: tuple[str, ...] = ("eager",)  # what the benchmark races it against
    medals: tuple[float, float, float] = (
        0.5,
        0.8,
        0.95,
    )  # bronze, silver, gold: PyTorch's best time over the learner's
    inputs: tuple[str, ...] = ()  # the Shape of each argument, for `compile` and `traffic`, unless cases.py draws them
    grows: str = "S"  # the letter that `traffic` lets grow, or several that grow together
    counted_in: str = "fp16"  # the dtype in which `traffic` counts: that of the briefing's own count
    feats: tuple[str, ...] = ()  # achievements that `compile` and `traffic` can show of it: where it can go wrong
    asks: str = ""  # what one writes, in a few words of Markdown: the README's table
    beside: str = ""  # its name in the comparison of the levels that compute the same thing in different ways
    number: int = 0  # its place in the table
    act: int = 1
    course: Path = COURSE

    def __post_init__(self) -> None:
        names = self.judged()
        if not self.answers or len(set(names)) < len(names):
            raise CourseTrouble(f"level.py of {self.slug}: an answer needs names, each another one: {', '.join(names)}")

    def judged(self, wanted: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """The names of all that is judged: the answers, and the gradients of the arguments `wanted`, by default of all."""
        return (*self.answers, *(f"d{name}" for name in (self.gradients if wanted is None else wanted)))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return tuple(map(Shape.parse, self.inputs))

    @property
    def grown(self) -> tuple[str, ...]:
        return tuple(self.grows.split())

    def as_row(self) -> dict[str, Any]:
        """The row as JSON carries it to the judge's process."""
        return {**asdict(self), "course": str(self.course)}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Level:
        lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
        return cls(**{**row, **lists, "course": Path(row["course"])})

    @property
    def folder(self) -> Path:
        return self.course / self.slug.replace("-", "_")

    @property
    def has_arrived(self) -> bool:
        return (self.folder / "solution.py").is_file()
