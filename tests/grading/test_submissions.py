"""Guards that what people hand in is found in every layout, with the right person, and that nothing harmful is read."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from triton_quest.course.table import LEVELS
from triton_quest.errors import QuestError
from triton_quest.grading import archives
from triton_quest.grading.submissions import Unusable, find

SOFTMAX = LEVELS[2].file


def lay(folder: Path, *names: str, text: str = "x = 1\n") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def pack(path: Path, *names: str, text: str = "x = 1\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, text)


def whose(folder: Path) -> list[tuple[str, int]]:
    return [(one.who, one.level.number) for one in find(folder).submissions]


def the_unusable(folder: Path) -> Unusable:
    found = find(folder)
    assert found.submissions == ()
    (one,) = found.unusable
    return one


@pytest.mark.parametrize(
    "name",
    [
        f"ann/{SOFTMAX}",
        "ann/level3.py",
        "ann/level3_second_try.py",
        f"ann/levels/{SOFTMAX}",
        f"ann/triton_quest/levels/{SOFTMAX}",
        "level3_ann.py",
    ],
)
def test_a_level_file_is_found_in_every_layout(tmp_path: Path, name: str) -> None:
    lay(tmp_path, name, "ann/helpers.py", "ann/.quest/backups/level3_softmax.py", "ann/.git/level3_softmax.py")
    assert whose(tmp_path) == [("ann", 3)]


def test_one_persons_own_folder_can_be_graded(tmp_path: Path) -> None:
    lay(tmp_path / "ann", SOFTMAX, f"levels/{LEVELS[0].file}")
    assert whose(tmp_path / "ann") == [("ann", 1), ("ann", 3)]


def test_names_may_have_spaces_and_groups(tmp_path: Path) -> None:
    lay(tmp_path, f"group 1/Ann Lee/{SOFTMAX}", f"group 2/Ann Lee/{SOFTMAX}", text="a = 1\n")
    assert whose(tmp_path) == [("group 1/Ann Lee", 3), ("group 2/Ann Lee", 3)]


@pytest.mark.parametrize("inside", [SOFTMAX, f"levels/{SOFTMAX}", f"quest-main/triton_quest/levels/{SOFTMAX}"])
def test_a_zip_file_of_one_person_is_that_persons(tmp_path: Path, inside: str) -> None:
    pack(tmp_path / "ann.zip", inside, "__MACOSX/level3.py")
    assert whose(tmp_path) == [("ann", 3)]


def test_a_zip_file_of_a_class_names_its_people(tmp_path: Path) -> None:
    pack(tmp_path / "class.zip", f"ann/{SOFTMAX}", "bob/levels/level1.py", "level2_eve.py")
    assert whose(tmp_path) == [("bob", 1), ("eve", 2), ("ann", 3)]
    assert (tmp_path / "class.zip" / "ann" / SOFTMAX) in {one.file for one in find(tmp_path).submissions}


def test_other_python_files_are_named_and_not_judged(tmp_path: Path) -> None:
    lay(tmp_path, f"ann/{SOFTMAX}", "ann/solution.py")
    assert find(tmp_path).others == (tmp_path / "ann" / "solution.py",)


def test_the_same_text_twice_is_one_file(tmp_path: Path) -> None:
    lay(tmp_path, f"ann/{SOFTMAX}", f"ann/levels/{SOFTMAX}")
    assert whose(tmp_path) == [("ann", 3)] and find(tmp_path).unusable == ()


def test_two_files_for_one_level_are_refused_by_name(tmp_path: Path) -> None:
    lay(tmp_path, f"ann/{SOFTMAX}")
    lay(tmp_path, "ann/level3_again.py", text="x = 2\n")
    says = the_unusable(tmp_path).says
    assert "2 files for level 3" in says and SOFTMAX in says and "level3_again.py" in says


def test_a_level_that_there_is_not(tmp_path: Path) -> None:
    lay(tmp_path, "ann/level99.py")
    one = the_unusable(tmp_path)
    assert (one.who, one.number) == ("ann", 99) and f"the levels are 1 to {len(LEVELS)}" in one.says


def test_what_is_no_text_or_too_large_or_no_file_is_said_to_be(tmp_path: Path) -> None:
    for name, data in (("bytes", b"\xff\xfe\x00"), ("large", b"#" * 1_000_001)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "level1.py").write_bytes(data)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "level1.py")
    said = {one.who: one.says for one in find(tmp_path).unusable}
    assert "is not UTF-8" in said["bytes"] and "too large" in said["large"] and "is a pipe" in said["pipe"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    lay(tmp_path / "private", "level1.py")
    (tmp_path / "class" / "ann").mkdir(parents=True)
    (tmp_path / "class" / "ann" / "level1.py").symlink_to(tmp_path / "private" / "level1.py")
    (tmp_path / "class" / "bob").symlink_to(tmp_path / "private")
    assert "is a link" in the_unusable(tmp_path / "class").says


@pytest.mark.parametrize(
    "name", ["../level1.py", "/etc/level1.py", "ann/../../level1.py", "C:\\level1.py", "..\\level1.py"]
)
def test_a_zip_file_that_climbs_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    pack(tmp_path / "ann.zip", "level2.py", name)
    one = the_unusable(tmp_path)
    assert one.who == "ann" and "outside of its own folder" in one.says


def test_a_zip_file_that_unpacks_to_gigabytes_is_refused_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 2_000_000)
    pack(tmp_path / "ann.zip", "level1.py", "zeros.bin", text="0" * 3_100_000)
    assert "would unpack to 6 MB (at most 2 MB)" in the_unusable(tmp_path).says
    assert (tmp_path / "ann.zip").stat().st_size < 100_000


def test_a_member_larger_than_a_level_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    pack(tmp_path / "ann.zip", "level1.py", text="#" * 5_000_000)
    assert "too large" in the_unusable(tmp_path).says


def test_zip_files_with_too_many_files_damage_or_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 3)
    pack(tmp_path / "many.zip", *(f"{n}.txt" for n in range(4)))
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04 and no more")
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        link = zipfile.ZipInfo("level1.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    said = {one.who: one.says for one in find(tmp_path).unusable}
    assert "holds 4 files" in said["many"] and "can't be read as a zip file" in said["damaged"]
    assert set(said) == {"many", "damaged"}  # a link in an archive is no file


def test_a_folder_that_is_not_there_or_is_a_file(tmp_path: Path) -> None:
    with pytest.raises(QuestError, match="isn't there"):
        find(tmp_path / "nowhere")
    lay(tmp_path, "file.py")
    with pytest.raises(QuestError, match="is no folder"):
        find(tmp_path / "file.py")
