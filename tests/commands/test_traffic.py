"""`traffic [N]` and `benchmark` without a GPU: whole outputs, the comparison, the picture, and what can't be counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmark.made_up import Counts, counted, flash_like, fused_like, naive_like
from tests.commands import kernels
from tests.conftest import Quest
from triton_quest.commands import traffic
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Ending, Job
from triton_quest.records import verdict as v
from triton_quest.report.pictures import traffic as picture

OURS, NOT_YET = 2, 1
SIZES = (64, 128, 256, 512)
ATTENTION: dict[str, Callable[[int], Counts]] = {"naive": naive_like, "fused": fused_like, "flash": flash_like}
Expect = Callable[..., None]


def test_the_traffic_of_a_kernel_that_moves_each_byte_once(quest: Quest, expect_output: Expect) -> None:
    quest.file(1).write_text(kernels.RIGHT)
    expect_output("traffic", quest.inside("traffic 1"))


def test_of_a_wrong_kernel_it_is_said_that_it_is_wrong_and_not_that_nothing_is_left_to_save(quest: Quest) -> None:
    quest.file(1).write_text(kernels.RIGHT.replace("x + y", "x - y"))
    answer = quest.inside("traffic 1")
    assert "the counts of a wrong kernel" in " ".join(answer.out.split())
    assert "none left to save" not in answer.out and "12 n" in answer.out


def test_the_counts_of_a_matrix_product_speak_of_its_three_lengths(quest: Quest) -> None:
    answer = quest.inside(f"traffic 2 --file {LEVELS[1].folder / 'solution.py'}")
    assert "M = N = K =" in answer.out and "6 M^2" in answer.out
    assert "wrong kernel" not in answer.out


def test_an_unfinished_file_says_what_is_missing_and_nothing_is_counted(quest: Quest) -> None:
    answer = quest.inside("traffic 1")
    assert answer.code == NOT_YET and "6 gaps wait for you" in answer.said
    assert "Loads and stores" not in answer.out


def test_a_locked_level_and_one_that_lies_ahead_are_refused_as_by_check(quest: Quest) -> None:
    assert "is locked: pass level 1" in quest.inside("traffic 2").said
    assert quest.inside("traffic 2").next_command == "python quest.py start 1"


# Naive, fused and flash side by side: the counts are made up, all else is real


class Counted:
    """In the place of the child: counts for the levels of attention, and a note of which files were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self.failing: set[str] = set()
        self.sizes = SIZES

    def __call__(self, job: Job, first: str, start: object) -> Ending:
        self.files[job.level.beside] = job.file
        records: tuple[v.Record, ...] = tuple(
            counted(n, ATTENTION[job.level.beside](n), f"{job.level.beside}_kernel") for n in self.sizes
        )
        if job.level.beside not in self.failing:
            return Ending(v.Outcome.PASSED, 1.0, records)
        check = v.Check("your kernel runs", "traffic", v.State.PASSED)
        failed = v.failed(check, v.Outcome.CRASH, "Line 7: NameError: name 'k' is not defined", "Look at it.")
        return Ending(v.Outcome.CRASH, 1.0, (*records[:1], failed))


class NoProcess:
    """In the place of a warm process that nobody needs here."""

    start = None

    def __enter__(self) -> NoProcess:
        return self

    def __exit__(self, *error: object) -> None: ...


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counted:
    """All levels of attention are here, with these counts."""
    made = Counted()
    course = tmp_path / "course"
    for level in LEVELS:
        (course / level.slug).mkdir(parents=True)
        (course / level.slug / "solution.py").write_text("")
    monkeypatch.setattr(Level, "folder", property(lambda level: course / level.slug))
    monkeypatch.setattr(traffic, "shown_on", lambda console, quiet: made)
    monkeypatch.setattr(traffic, "Warm", NoProcess)
    return made


@pytest.fixture
def played(quest: Quest, counts: Counted) -> Quest:
    """A workspace in which all levels before the last were passed."""
    quest.pass_levels(*range(1, 8))
    for level in LEVELS:
        quest.workspace.file(level).write_text("")
    return quest


def test_without_a_level_the_three_ways_of_attention_stand_side_by_side(played: Quest, expect_output: Expect) -> None:
    expect_output("traffic-side-by-side", played.inside("traffic"))


def test_a_level_of_attention_is_told_by_argument_and_beside_the_others(played: Quest, expect_output: Expect) -> None:
    expect_output("traffic-8", played.inside("traffic 8"))


@pytest.mark.parametrize("columns", [40, 60, 80, 110])
def test_the_tables_fit_into_any_terminal(played: Quest, columns: int) -> None:
    out = played.inside("traffic", COLUMNS=str(columns)).out
    assert max(len(line.rstrip()) for line in out.splitlines()) <= columns


def test_own_files_are_counted_where_they_passed_and_the_reference_elsewhere(quest: Quest, counts: Counted) -> None:
    quest.pass_levels(6)
    out = quest.inside("traffic").out
    assert counts.files["naive"] == quest.workspace.file(LEVELS[5])
    assert counts.files["flash"] == LEVELS[7].folder / "solution.py"
    assert "naive, yours" in out and "fused, reference" in out and "flash, reference" in out


def test_of_ways_that_move_the_same_it_is_said_that_they_do(played: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ATTENTION, "naive", lambda n: naive_like(n) | {"once": 512 * n})
    said = played.inside("traffic").said
    assert "memory must move the same for naive and fused and flash; fused asks for" in said


def test_another_file_takes_its_levels_place(quest: Quest, counts: Counted) -> None:
    (quest.workspace.root / "other.py").write_text("")
    out = quest.inside("traffic 7 --file other.py").out
    assert counts.files["fused"] == quest.workspace.root / "other.py"
    assert "fused, this file" in out and "flash, reference" in out


def test_one_that_cant_be_counted_is_a_note_and_the_others_stand(played: Quest, counts: Counted) -> None:
    counts.failing = {"naive"}
    answer = played.inside("traffic", COLUMNS="110")
    assert answer.code == 0
    assert "Level 6, yours, isn't counted to its end: Line 7: NameError" in answer.said


def test_ones_own_that_cant_be_counted_is_the_answer(played: Quest, counts: Counted) -> None:
    counts.failing = {"flash"}
    answer = played.inside("traffic 8")
    assert answer.code == NOT_YET and "Line 7: NameError: name 'k' is not defined" in answer.said


def test_counts_without_a_law_are_not_extrapolated(played: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ATTENTION, "flash", lambda n: flash_like(n) | {"asked": n**3})
    out = played.inside("traffic").out
    assert "Nothing is extrapolated" in out and "*" not in out and "8,192" not in out


def test_benchmark_without_a_gpu_shows_the_comparison(played: Quest) -> None:
    answer = played.inside("benchmark")
    assert answer.code == 0 and answer.out.endswith(played.inside("traffic").out)
    assert "There is no GPU here, and times from Triton's interpreter say nothing about a kernel's speed" in answer.said
    assert "say nothing about" in played.inside("benchmark --json").json()["remark"]


# The picture


def test_the_picture_names_what_it_shows(played: Quest) -> None:
    answer = played.inside("traffic --save traffic.svg --gpu mi300x")
    assert answer.code == 0 and answer.out.endswith("\nThe picture: traffic.svg\n")
    svg = (played.workspace.root / "traffic.svg").read_text()
    for words in (
        "naive",
        "fused",
        "flash",
        "least possible",
        "every access counts",
        "8,192",
        "MI300X",
        "no measurements",
    ):
        assert words in svg
    again = played.inside("traffic --save again.svg --gpu mi300x")
    assert again.code == 0 and (played.workspace.root / "again.svg").read_text() == svg, (
        "the same counts, the same picture"
    )


def test_a_png_is_large_enough_to_be_shown(played: Quest) -> None:
    played.inside("traffic --save traffic.png")
    header = (played.workspace.root / "traffic.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    assert int.from_bytes(header[16:20], "big") > 1800


def test_a_picture_without_matplotlib_says_what_to_type_before_anything_is_counted(
    played: Quest, counts: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "can_draw", lambda: False)
    answer = played.inside("traffic --save traffic.png")
    assert answer.code == OURS and "install matplotlib" in answer.said
    assert counts.files == {}


@pytest.mark.parametrize("path", ["traffic", "traffic.gif", "traffic.svg.txt"])
def test_a_picture_of_another_kind_is_refused(played: Quest, path: str) -> None:
    answer = played.inside(f"traffic --save {path}")
    assert answer.code == OURS and "let its name end in .png or .svg" in answer.said
    assert answer.next_command == f"python quest.py traffic --save {Path(path).with_suffix('.png')}"


def test_a_picture_that_cant_be_written_is_a_sentence(played: Quest) -> None:
    answer = played.inside("traffic --save nowhere/traffic.svg")
    assert answer.code == OURS and "nowhere/traffic.svg can't be written" in answer.said


def test_an_answer_in_json_says_where_the_picture_is(played: Quest) -> None:
    assert played.inside("traffic --save traffic.svg --json").json()["picture"] == "traffic.svg"
    assert played.inside("traffic --json").json()["picture"] is None
