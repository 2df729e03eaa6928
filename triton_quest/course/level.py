"""What the engine knows of a level: its row, and the sizes of its typical inputs. The rows themselves stand in the levels' folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

COURSE = Path(__file__).resolve().parent
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
    "S": Size(1024, 64),
    "D": Size(64, 64),
}


@dataclass(frozen=True)
class Level:
    """One row: what a level is called, what it asks for and how it is judged."""

    slug: str
    title: str
    teaches: str  # a few words for the map
    description: str  # one sentence
    file: str
    launcher: str
    outputs: int = 1
    may_mutate: tuple[str, ...] = ()  # arguments that the launcher may write into
    stages: tuple[str, ...] = STAGES
    copies_allowed: bool = True  # False where strides are the lesson
    fills_count: bool = True  # False where every element of the answer must come from a kernel, constants too
    needs: tuple[str, ...] = ()  # an architecture ("sm_90") or GPUs ("2 gpus")
    races: tuple[str, ...] = ("eager",)  # what the benchmark races it against
    medals: tuple[float, float, float] = (
        0.5,
        0.8,
        0.95,
    )  # bronze, silver, gold: PyTorch's best time over the learner's
    inputs: tuple[str, ...] = ()  # the shape of each argument in the letters of SIZES, for `compile` and `traffic`
    grows: str = "S"  # the letter that `traffic` lets grow
    feats: tuple[str, ...] = ()  # achievements that `compile` and `traffic` can show of it: where it can go wrong
    asks: str = ""  # what one writes, in a few words of Markdown: the README's table
    beside: str = ""  # its name in the comparison of the levels that compute the same thing in different ways
    number: int = 0  # its place in the table
    act: int = 1
    course: Path = COURSE

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
