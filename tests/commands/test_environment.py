"""environment.py: what it says of versions and machines, which Python it goes on in, and how it makes one."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from triton_quest import environment

Versions = dict[str, tuple[int, ...]]
FINE: Versions = {"torch": (2, 13, 0), "triton": (3, 7, 1), "numpy": (2, 4, 6)}


@pytest.fixture
def have(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """have(torch=(2, 9, 0)): these are installed, beside what is fine; None takes a package away."""

    def pretend(**versions: tuple[int, ...] | None) -> None:
        installed = {**FINE, **versions}
        monkeypatch.setattr(environment, "installed_version", lambda name: installed.get(name))

    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    return pretend


# Versions


def test_known_versions_are_no_trouble(have: Callable[..., None]) -> None:
    have()
    assert environment.trouble_with_versions() is None
    assert environment.unknown_versions() == []


@pytest.mark.parametrize("name", ["torch", "triton"])
def test_the_oldest_and_the_newest_known_version_are_no_trouble(have: Callable[..., None], name: str) -> None:
    for version in environment.KNOWN[name]:
        have(**{name: version})
        assert environment.trouble_with_versions() is None
        assert environment.unknown_versions() == []


@pytest.mark.parametrize("name", ["torch", "triton", "numpy"])
def test_a_missing_package_is_a_sentence_that_ends_with_what_to_type(have: Callable[..., None], name: str) -> None:
    have(**{name: None})
    sentence = environment.trouble_with_versions()
    assert sentence is not None
    assert sentence.startswith(f"This Python ({sys.executable}) has no {name}. Type: ")
    assert "\n" not in sentence and not sentence.endswith("Type: ")


@pytest.mark.parametrize(("name", "version"), [("torch", (2, 10, 1)), ("torch", (1, 13, 0)), ("triton", (3, 5, 9))])
def test_a_version_that_is_too_old_is_named_with_the_oldest_that_works(
    have: Callable[..., None], name: str, version: tuple[int, ...]
) -> None:
    have(**{name: version})
    oldest = ".".join(map(str, environment.KNOWN[name][0]))
    shown = ".".join(map(str, version))
    sentence = environment.trouble_with_versions() or ""
    assert sentence.startswith(f"{name} {shown} is too old: the quest needs {oldest} or newer. Type: ")


@pytest.mark.parametrize(("name", "version"), [("torch", (2, 99, 0)), ("torch", (3, 0, 0)), ("triton", (4, 0, 0))])
def test_a_version_newer_than_any_tested_is_a_remark_and_no_trouble(
    have: Callable[..., None], name: str, version: tuple[int, ...]
) -> None:
    have(**{name: version})
    assert environment.trouble_with_versions() is None
    remarks = environment.unknown_versions()
    assert len(remarks) == 1
    assert remarks[0].startswith(f"{name} {'.'.join(map(str, version))} is newer than any the quest was tested with (")
    assert remarks[0].endswith(f"type: {environment.pip_line(environment.PACKAGES)}")


def test_triton_3_6_with_a_newer_numpy_is_no_trouble_since_its_interpreter_is_adapted(
    have: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    have(triton=(3, 6, 0), numpy=(2, 5, 2))
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert environment.trouble_with_versions() is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2.13.0+cpu", (2, 13, 0)),
        ("2.14.0.dev20261001+cu130", (2, 14, 0)),
        ("3.7.1", (3, 7, 1)),
        ("2.12", (2, 12)),
        ("3.8.0rc2", (3, 8, 0)),
    ],
)
def test_a_version_is_read_from_the_packages_metadata(
    monkeypatch: pytest.MonkeyPatch, written: str, read: tuple[int, ...]
) -> None:
    monkeypatch.setattr(metadata, "distributions", lambda name, path: [SimpleNamespace(version=written)])
    assert environment.installed_version("torch") == read


def test_a_package_that_isnt_installed_has_no_version() -> None:
    assert environment.installed_version("no-such-package-anywhere") is None


def test_the_pins_are_versions_that_the_quest_knows() -> None:
    pinned = dict(line.split(";")[0].strip().split("==") for line in environment.pins("requirements.txt"))
    for name, (oldest, newest) in environment.KNOWN.items():
        assert oldest <= tuple(map(int, pinned[name].split(".")))[:2] <= newest
        assert f"{name}=={pinned[name]}" in environment.PACKAGES


# Machines


def refuses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: Any, name: str, is_: Any
) -> str:
    """The sentence with which a machine is refused."""
    with monkeypatch.context() as pretend:  # undone before pytest itself looks
        pretend.setattr(where, name, is_)
        with pytest.raises(SystemExit) as stopped:
            environment.refuse_unsupported_machine()
    assert stopped.value.code == 2
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1
    return sentence


def test_macos_is_told_of_a_container(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "macOS. In a Linux container it works: docker run" in refuses(monkeypatch, capsys, sys, "platform", "darwin")


def test_windows_is_told_of_wsl(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Windows. In WSL it works: wsl --install" in refuses(monkeypatch, capsys, os, "name", "nt")


def test_an_old_python_is_told_which_one_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refuses(monkeypatch, capsys, sys, "version_info", (3, 9, 18))
    assert sentence.startswith("The quest needs Python 3.10 or newer, and this is 3.9.18. ")


def test_this_machine_is_fine() -> None:
    environment.refuse_unsupported_machine()


# GPUs


class Driver:
    """A libcuda with `count` GPUs; `broken`: it is there, and answers with an error."""

    def __init__(self, count: int, broken: bool = False) -> None:
        self.count, self.broken = count, broken

    def cuInit(self, flags: int) -> int:
        return 100 if self.broken else 0

    def cuDeviceGetCount(self, pointer: Any) -> int:
        pointer._obj.value = self.count
        return 0


def no_driver(name: str) -> None:
    raise OSError(f"{name}: cannot open shared object file")


@pytest.mark.parametrize(
    ("driver", "found"),
    [
        (no_driver, 0),
        (lambda name: Driver(2, broken=True), 0),
        (lambda name: Driver(0), 0),
        (lambda name: Driver(2), 2),
    ],
    ids=["no driver", "a driver that fails", "no GPU", "two GPUs"],
)
def test_gpus_are_counted_by_asking_the_driver(
    monkeypatch: pytest.MonkeyPatch, driver: Callable[[str], Any], found: int
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", driver)
    assert environment.nvidia_gpus() == found


@pytest.mark.parametrize(
    ("written", "has_cuda"),
    [
        ("cuda: Optional[str] = '13.0'\n", True),
        ('cuda = "12.8"\n', True),
        ("cuda: Optional[str] = None\n", False),
        ("hip: Optional[str] = '6.4'\ncuda: Optional[str] = None\n", False),
    ],
)
def test_the_build_of_torch_is_read_from_its_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str, has_cuda: bool
) -> None:
    (tmp_path / "version.py").write_text(written)
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(environment, "found_by_child", lambda name: spec)
    monkeypatch.setattr(environment, "nvidia_gpus", lambda: 1)
    assert environment.torch_has_cuda() is has_cuda
    assert environment.can_use_gpu() is has_cuda


def test_without_torch_there_is_no_cuda_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "found_by_child", lambda name: None)
    assert environment.torch_has_cuda() is False


# Getting in


class Gone(Exception):
    """This process was replaced by another program."""


@pytest.fixture
def execs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The programs that this process would have become."""
    became: list[list[str]] = []

    def execv(program: str, words: list[str]) -> None:
        became.append(words)
        raise Gone

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(sys, "argv", ["quest.py", "start", "1"])
    monkeypatch.setenv(environment.SEEN_BEFORE, "")
    yield became


def noted_python(folder: Path) -> str:
    """A workspace's note of the Python that made it."""
    python = folder / "somewhere" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / ".quest").mkdir()
    (folder / ".quest" / "python").write_text(f"{python}\n{folder}\n")
    return str(python)


def made_venv(folder: Path) -> str:
    """An environment that `./quest` has finished."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / ".venv" / "quest-pins").touch()
    return str(python)


def test_a_python_that_has_everything_stays(execs: list[list[str]], tmp_path: Path) -> None:
    noted_python(tmp_path)
    environment.enter("json", "sqlite3", start=str(tmp_path))
    assert execs == []


@pytest.mark.parametrize("make", [noted_python, made_venv])
def test_a_python_that_lacks_something_becomes_the_one_that_has_it(
    execs: list[list[str]], tmp_path: Path, make: Callable[[Path], str]
) -> None:
    python = make(tmp_path)
    (tmp_path / "levels").mkdir()
    with pytest.raises(Gone):
        environment.enter("no_such_package", start=str(tmp_path / "levels"))
    assert execs == [[python, "quest.py", "start", "1"]]
    assert os.environ[environment.SEEN_BEFORE] == "1"


def test_pythons_are_changed_once_and_never_in_a_circle(
    execs: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noted_python(tmp_path)
    monkeypatch.setenv(environment.SEEN_BEFORE, "1")
    with pytest.raises(SystemExit) as stopped:
        environment.enter("no_such_package", "json", "neither_this", start=str(tmp_path))
    assert (execs, stopped.value.code) == ([], 2)
    assert f"This Python ({sys.executable}) lacks no_such_package, neither_this. Type: " in capsys.readouterr().err


def test_the_nearest_environment_is_taken(tmp_path: Path) -> None:
    inner = tmp_path / "quests" / "mine"
    far, near = made_venv(tmp_path), noted_python(inner)
    assert environment.environment_above(str(inner / "levels")) == near
    assert environment.environment_above(str(tmp_path / "quests")) == far


def test_an_environment_that_isnt_finished_or_is_gone_is_passed_over(tmp_path: Path) -> None:
    inner = tmp_path / "mine"
    far, near, half = made_venv(tmp_path), noted_python(inner), made_venv(inner)
    os.remove(near)
    os.remove(inner / ".venv" / "quest-pins")
    assert os.path.exists(half)
    assert environment.environment_above(str(inner)) == far


def test_where_nothing_was_made_there_is_no_environment(tmp_path: Path) -> None:
    assert environment.environment_above(str(tmp_path)) is None


def test_a_clone_is_told_of_its_launcher_and_everybody_else_of_pip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))
    assert environment.install_command() == environment.pip_line(environment.PACKAGES)
    (tmp_path / "quest").touch()
    assert environment.install_command() == f"./quest   (in {tmp_path})"


def test_an_environment_of_the_launchers_that_lacks_something_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "quest").touch()
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert environment.install_command() == f"rm -r .venv && ./quest   (in {tmp_path})"


@pytest.mark.parametrize(
    ("pip", "line"),
    [("/here/bin/pip", "pip"), ("/there/pip", "/here/bin/python -m pip"), (None, "/here/bin/python -m pip")],
)
def test_packages_are_installed_into_the_python_that_asks_for_them(
    monkeypatch: pytest.MonkeyPatch, pip: str | None, line: str
) -> None:
    monkeypatch.setattr(sys, "executable", "/here/bin/python")
    monkeypatch.setattr(shutil, "which", lambda name: pip)
    assert environment.pip_line("numpy") == f"{line} install numpy"


# Making it


class Maker:
    """A folder with pins and a pip that is only pretended; `offers` says which of its lines succeed."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.stamp = root, root / ".venv" / "quest-pins"
        self.lines: list[str] = []
        self.offers: Callable[[str], bool] = lambda line: True
        (root / "requirements.txt").write_text("# why\ntorch==2.13.0\ntriton==3.7.1\n")
        (root / "requirements-dev.txt").write_text("pytest==9\n")
        monkeypatch.setattr(environment, "ROOT", str(root))
        monkeypatch.setattr(environment, "make_venv", lambda venv: made_venv(root) and self.stamp.unlink())
        monkeypatch.setattr(environment, "make_importable", lambda python: None)
        monkeypatch.setattr(environment, "nvidia_gpus", lambda: 0)
        monkeypatch.setattr(environment, "pip", self.pip)
        monkeypatch.chdir(root)

    def pip(self, python: str, *words: str, quiet_failure: bool = False) -> bool:
        line = " ".join(words)
        self.lines.append(line)
        return self.offers(line)

    def is_ready(self) -> bool:
        """As `./quest` sees it."""
        return self.stamp.is_file() and self.stamp.read_bytes() == (self.root / "requirements.txt").read_bytes()


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    return Maker(tmp_path, monkeypatch)


def test_the_first_run_says_what_it_does_and_how_large_it_is(maker: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    environment.make(None, dev=False)
    told = capsys.readouterr().err
    assert told.startswith("Setting up the quest, once: a Python environment in .venv\n")
    assert f"torch (cpu build: {environment.SIZES['cpu']})" in told
    assert [f"[{step}/4]" in told for step in range(1, 5)] == [True] * 4
    assert maker.lines == ["torch==2.13.0+cpu", "triton==3.7.1"]
    assert maker.is_ready()


@pytest.mark.parametrize(
    ("asked", "gpus", "torch"),
    [
        (None, 0, "torch==2.13.0+cpu"),
        (None, 1, "torch==2.13.0"),
        ("cpu", 1, "torch==2.13.0+cpu"),
        ("cuda", 0, "torch==2.13.0"),
    ],
)
def test_the_build_of_torch_follows_the_machine_unless_it_was_asked_for(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, asked: str | None, gpus: int, torch: str
) -> None:
    monkeypatch.setattr(environment, "nvidia_gpus", lambda: gpus)
    environment.make(asked, dev=False)
    assert maker.lines[0] == torch


def test_the_cpu_build_is_looked_for_where_pip_is_pointed_at_then_at_pytorch_then_the_default_is_taken(
    maker: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    maker.offers = lambda line: "+cpu" not in line
    environment.make(None, dev=False)
    own = f"torch==2.13.0+cpu --extra-index-url {environment.CPU_INDEX}"
    assert maker.lines[:3] == ["torch==2.13.0+cpu", own, "torch==2.13.0"]
    assert f"taking the default build ({environment.SIZES['cuda']})" in capsys.readouterr().err
    assert maker.is_ready()


@pytest.mark.parametrize("failing", ["torch==", "triton=="])
def test_when_pip_fails_a_sentence_says_so_and_the_same_command_goes_on(
    maker: Maker, capsys: pytest.CaptureFixture[str], failing: str
) -> None:
    maker.offers = lambda line: not line.startswith(failing)
    with pytest.raises(SystemExit) as stopped:
        environment.make(None, dev=False)
    assert stopped.value.code == 2
    assert "Mend that, then type the same command again." in capsys.readouterr().err
    assert not maker.is_ready()
    maker.offers = lambda line: True
    environment.make(None, dev=False)
    assert maker.is_ready()


def test_a_second_run_does_not_install_torch_again_unless_the_other_build_is_asked_for(maker: Maker) -> None:
    environment.make(None, dev=False)
    maker.lines.clear()
    environment.make(None, dev=False)
    assert maker.lines == ["triton==3.7.1"]
    environment.make("cuda", dev=False)
    assert maker.lines[1] == "torch==2.13.0"


def test_a_changed_pin_of_torch_is_installed(maker: Maker) -> None:
    environment.make(None, dev=False)
    (maker.root / "requirements.txt").write_text("torch==2.14.0\ntriton==3.7.1\n")
    assert not maker.is_ready()
    environment.make(None, dev=False)
    assert any(line.startswith("torch==2.14.0") for line in maker.lines)


def test_dev_adds_what_the_tests_need(maker: Maker) -> None:
    environment.make(None, dev=True)
    assert maker.lines[-1] == "triton==3.7.1 pytest==9"
    stamp = maker.root / ".venv" / "quest-dev-pins"
    assert stamp.read_bytes() == (maker.root / "requirements-dev.txt").read_bytes()


def test_a_python_that_cannot_make_environments_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import subprocess

    def failing(words: list[str]) -> int:
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        return 1

    monkeypatch.setattr(subprocess, "call", failing)
    with pytest.raises(SystemExit):
        environment.make_venv(str(tmp_path / ".venv"))
    assert "apt install python3-venv, then the same command again" in capsys.readouterr().err
    assert not (tmp_path / ".venv").exists()
