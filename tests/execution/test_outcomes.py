"""Guards what a learner is told: each way in which a file can go wrong has its own outcome and sentence, names the
line where it can, and harms neither this process nor the next judgement.

Every learner's file here is level 1's solution with an edit. It is judged by the real worker in a child of its own: most by
children of one warm worker, those in COLD by a worker for each. tests/judge has what needs no process of its own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.execution.conftest import is_gone
from tests.execution.learner import (
    HERE,
    Edit,
    at_import,
    first_level,
    in_kernel,
    in_launcher,
    line_of,
    replaced,
    returning,
    solved,
)
from triton_quest.course.level import Level
from triton_quest.parent import runner
from triton_quest.parent.runner import Job, judge, start_cold
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v

SHORT = 1.5  # seconds that a hang is granted
KILLED_BY_US = "The system ended your code"


@dataclass(frozen=True)
class Learner:
    """A learner's file, and what its verdict must be. The sentence names the line marked with HERE, if one is."""

    name: str
    outcome: v.Outcome | None  # None: more than one would do
    edits: tuple[Edit, ...]
    says: str = ""  # what the sentence contains
    seconds: float = 60.0

    @property
    def text(self) -> str:
        return solved(first_level(), *self.edits)


def learner(
    name: str, outcome: v.Outcome | None, *edits: Edit, says: str = "", seconds: float = 60.0, slow: bool = False
):  # type: ignore[no-untyped-def]
    marks = [pytest.mark.slow] if slow else []
    return pytest.param(Learner(name, outcome, edits, says, seconds), id=name, marks=marks)


@dataclass(frozen=True)
class Judgements:
    """The verdicts of this module's learners, each judged when it is first asked for."""

    folder: Path
    level: Level
    warm: Warm
    told: dict[str, v.Verdict] = field(default_factory=dict)

    def __getitem__(self, learner: Learner) -> v.Verdict:
        if learner.name not in self.told:
            file = self.folder / f"{re.sub(r'[^a-z0-9]+', '_', learner.name.lower())}.py"
            file.write_text(learner.text, encoding="utf-8")
            start = start_cold if learner.name in COLD else self.warm.start
            self.told[learner.name] = judge(Job(self.level, file, learner.seconds), start=start)
        return self.told[learner.name]


@pytest.fixture(scope="module")
def judgements(level: Level, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judgements]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "GRACE_SECONDS", 1.5)
        yield Judgements(tmp_path_factory.mktemp("learners"), level, warm)


COLD = {"a read from nowhere", "a process left behind", "descriptors closed wholesale", "honest again"}

FAILING = [
    # It doesn't end
    learner(
        "a loop without end in the launcher",
        v.Outcome.TIMEOUT,
        in_launcher(f"while True: pass  {HERE}"),
        says="still running after",
        seconds=SHORT,
    ),
    learner(
        "a loop without end in the kernel",
        v.Outcome.TIMEOUT,
        in_kernel(f"while True: pass  {HERE}"),
        says="still running after",
        seconds=SHORT,
        slow=True,
    ),
    learner(
        "a loop without end at import",
        v.Outcome.TIMEOUT,
        at_import(f"while True: pass  {HERE}"),
        says="still running after",
        seconds=SHORT,
        slow=True,
    ),
    learner(
        "a loop without end that ignores every signal",
        v.Outcome.TIMEOUT,
        at_import(
            "import signal\nfor one in signal.valid_signals() - {9, 19, 32, 33}: signal.signal(one, signal.SIG_IGN)"
        ),
        in_launcher(f"while True: pass  {HERE}"),
        seconds=SHORT,
        slow=True,
    ),
    learner(
        "a loop without end in C, that holds the interpreter lock",
        v.Outcome.TIMEOUT,
        in_launcher("sum(range(10**15))"),
        says="compiling your kernels",
        seconds=SHORT,
        slow=True,
    ),
    # It ends too early
    learner(
        "a read from nowhere",
        v.Outcome.CRASH,
        at_import("import ctypes"),
        in_launcher("ctypes.string_at(0)"),
        says="SIGSEGV",
    ),
    learner("abort", v.Outcome.CRASH, at_import("import os"), in_launcher("os.abort()"), says="SIGABRT", slow=True),
    learner(
        "SystemExit at import", v.Outcome.EXIT, at_import(f"raise SystemExit(3)  {HERE}"), says="exit()", slow=True
    ),
    learner(
        "sys.exit in the launcher",
        v.Outcome.EXIT,
        in_launcher(f"import sys; sys.exit(0)  {HERE}"),
        says="exit()",
        slow=True,
    ),
    learner(
        "exit in the kernel", v.Outcome.CRASH, in_kernel(f"exit()  {HERE}"), says="`exit` isn't defined", slow=True
    ),
    learner("os._exit", v.Outcome.EXIT, at_import("import os"), in_launcher("os._exit(7)"), says="exit code 7"),
    # It takes too much
    learner(
        "a tensor larger than the memory",
        v.Outcome.OUT_OF_MEMORY,
        in_launcher(f"torch.empty(10**12)  {HERE}"),
        says="more memory",
    ),
    learner(
        "memory taken bit by bit",
        v.Outcome.OUT_OF_MEMORY,
        in_launcher(f"hog = []\nwhile True: hog.append(torch.empty(2**28))  {HERE}"),
        says="more memory",
        slow=True,
    ),
    learner(
        "killed as the system kills for memory",
        v.Outcome.OUT_OF_MEMORY,
        at_import("import os"),
        in_launcher("os.kill(os.getpid(), 9)"),
        says="memory",
        slow=True,
    ),
    # It asks
    learner("input", v.Outcome.CRASH, in_launcher(f"input('how many? ')  {HERE}"), says="input"),
    learner(
        "breakpoint in the kernel",
        v.Outcome.COMPILE,
        in_kernel("breakpoint()"),
        says="`breakpoint` doesn't exist in a kernel",
    ),
    learner("breakpoint in the launcher", v.Outcome.CRASH, in_launcher("breakpoint()"), says="breakpoint()", slow=True),
    # It raises
    learner(
        "an exception in the launcher",
        v.Outcome.CRASH,
        in_launcher(f"raise ZeroDivisionError('so be it')  {HERE}"),
        says="ZeroDivisionError: so be it",
        slow=True,
    ),
    learner(
        "an exception in the kernel",
        v.Outcome.COMPILE,
        in_kernel(f"raise ZeroDivisionError('so be it')  {HERE}"),
        says="A kernel can't raise",
    ),
    learner(
        "an exception that names itself as its cause",
        v.Outcome.CRASH,
        in_launcher(f"trouble = ValueError('so be it')\nraise trouble from trouble  {HERE}"),
        says="ValueError: so be it",
        slow=True,
    ),
    learner(
        "a recursion without end",
        v.Outcome.CRASH,
        at_import(f"def deeper(): deeper()  {HERE}"),
        in_launcher("deeper()"),
        says="RecursionError",
        slow=True,
    ),
    learner(
        "a kernel called with an argument too few",
        v.Outcome.COMPILE,
        replaced("out, n, BLOCK_SIZE=BLOCK_SIZE)", f"out, BLOCK_SIZE=BLOCK_SIZE)  {HERE}"),
        says="leaves out `n`",
        slow=True,
    ),
    learner(
        "a clock that is replaced",
        v.Outcome.RULES,
        at_import("import time\ntime.monotonic = None"),
        says="replaces time.monotonic",
        slow=True,
    ),
    # It can't be imported
    learner(
        "a module that doesn't exist",
        v.Outcome.IMPORT,
        at_import(f"import a_module_of_no_one  {HERE}"),
        says="a_module_of_no_one",
        slow=True,
    ),
    # It isn't what was asked for
    learner(
        "no launcher",
        v.Outcome.CONTRACT,
        lambda text: text.replace("vector_add(", "vector_sum("),
        says="`vector_add`",
        slow=True,
    ),
    learner("None instead of a tensor", v.Outcome.CONTRACT, returning("None"), says="nothing (None)", slow=True),
    learner("another shape", v.Outcome.CONTRACT, returning("out[:-1]"), says="of shape (0,)", slow=True),
    learner("a sparse tensor", v.Outcome.CONTRACT, returning("out.to_sparse()"), says="sparse", slow=True),
    learner(
        "no kernel launched",
        v.Outcome.RULES,
        replaced("    add_kernel[grid](x, y, out, n, BLOCK_SIZE=BLOCK_SIZE)\n", "    out = x + y\n"),
        says="launched no kernel",
    ),
    # It computes something else
    learner(
        "another sum",
        v.Outcome.WRONG,
        replaced("x + y, mask=mask)", "x - y, mask=mask)"),
        says="one element",
        slow=True,
    ),
]

PASSING = [
    learner("an honest solution", v.Outcome.PASSED),
    learner("a flood of output", v.Outcome.PASSED, at_import("print('x' * 10_000_000)")),
    learner(
        "bytes that command the terminal",
        v.Outcome.PASSED,
        at_import(
            "import os\nos.write(1, bytes(range(256)) * 9 + b'\\x1b[2J\\x1b]0;title\\x07' + '\\x9b31m'.encode())"
        ),
        slow=True,
    ),
    learner(
        "output that is closed",
        v.Outcome.PASSED,
        at_import("import os\nprint('hello')\nos.close(1); os.close(2)"),
        slow=True,
    ),
    learner(
        "output that is replaced",
        v.Outcome.PASSED,
        at_import("import sys\nsys.stdout, sys.stderr = None, 5"),
        slow=True,
    ),
    learner(
        "signal handlers that are replaced",
        v.Outcome.PASSED,
        at_import(
            "import signal\nfor one in (1, 2, 15, signal.SIGALRM, signal.SIGCHLD): signal.signal(one, signal.SIG_IGN)"
        ),
        slow=True,
    ),
    learner(
        "a thread left behind",
        v.Outcome.PASSED,
        at_import("import threading\nthreading.Thread(target=threading.Event().wait).start()"),
    ),
    learner(
        "an exit handler that never ends",
        v.Outcome.PASSED,
        at_import("import atexit\n@atexit.register\ndef stay():\n    while True: pass"),
        slow=True,
    ),
    learner(
        "a process left behind",
        v.Outcome.PASSED,
        at_import("import subprocess\nprint('left behind:', subprocess.Popen(['sleep', '1000']).pid)"),
    ),
    learner(
        "a fork that lives on as a second judge",
        v.Outcome.PASSED,
        at_import("import os\nforked = os.fork()\nif forked: print('left behind:', forked)"),
        slow=True,
    ),
    learner("another default dtype", v.Outcome.PASSED, at_import("torch.set_default_dtype(torch.float64)"), slow=True),
    learner("another working directory", v.Outcome.PASSED, at_import("import os\nos.chdir('/')"), slow=True),
]

# What matters is that the verdict is one on the learner's file
TAMPERING = [
    learner("descriptors closed wholesale", None, at_import("import os\nos.closerange(3, 256)")),
    learner("every descriptor closed", None, at_import("import os\nos.closerange(0, 65536)"), slow=True),
    learner(
        "garbage on every descriptor",
        None,
        at_import(
            "import os\nfor one in map(int, os.listdir('/proc/self/fd')):\n"
            "    try:\n        os.write(one, b'garbage\\n')\n    except OSError:\n        pass"
        ),
        slow=True,
    ),
    learner(
        "json.dumps is replaced",
        None,
        at_import("import json\njson.dumps = lambda *a, **k: 'x'"),
        slow=True,
    ),
    learner(
        "os.write is replaced",
        None,
        at_import("import os\nos.write = lambda *a: 0"),
        seconds=3.0,
        slow=True,
    ),
    learner("torch.Tensor.abs is replaced", None, at_import("torch.Tensor.abs = None"), slow=True),
    learner("torch.randn is replaced", None, at_import("torch.randn = torch.zeros"), slow=True),
]
NOT_OURS = set(v.Outcome) - {v.Outcome.ERROR, v.Outcome.OUT_OF_MEMORY}


@pytest.mark.parametrize("learner", FAILING)
def test_what_goes_wrong_is_told_in_its_own_words(learner: Learner, judgements: Judgements) -> None:
    verdict = judgements[learner]
    failure = verdict.first_failure
    assert failure is not None, verdict.detail
    assert verdict.outcome is learner.outcome, failure.says
    assert failure.outcome is learner.outcome and failure.advice
    assert learner.says in failure.says
    assert "Traceback" not in failure.says
    if HERE in learner.text:
        assert [place.line for place in failure.places] == [line_of(learner.text)], failure.says
        assert HERE in failure.places[0].source
        assert re.search(rf"\b[Ll]ine {line_of(learner.text)}\b", failure.says)


@pytest.mark.parametrize("learner", PASSING)
def test_what_does_no_harm_passes(learner: Learner, judgements: Judgements) -> None:
    verdict = judgements[learner]
    assert verdict.passed, verdict.cause or verdict.detail
    names = [check.name for check in verdict.checks]
    assert len(set(names)) == len(names), "no check is reported twice"
    left_behind = re.search(r"left behind: (\d+)", verdict.output)
    if left_behind:
        assert is_gone(int(left_behind[1]))


@pytest.mark.parametrize("learner", TAMPERING)
def test_tampering_with_the_judges_means_is_never_called_the_judges_trouble(
    learner: Learner, judgements: Judgements
) -> None:
    verdict = judgements[learner]
    assert verdict.outcome in NOT_OURS, verdict.detail
    failure = verdict.first_failure
    assert verdict.passed or (failure and "exit code 0" not in failure.says and KILLED_BY_US not in failure.says)


@pytest.mark.parametrize("learner", [one for one in PASSING if one.id == "a flood of output"])
def test_a_flood_is_cut_and_the_cut_is_counted(learner: Learner, judgements: Judgements) -> None:
    output = judgements[learner].output
    cut = re.search(r"\.\.\. ([\d,]+) bytes more \.\.\.", output)
    assert cut and set(output.replace(cut[0], "")) == {"x", "\n"}
    assert int(cut[1].replace(",", "")) + output.count("x") == 10_000_000 + 1 - 1  # the newline is kept, uncounted


@pytest.mark.slow
@pytest.mark.parametrize("learner", [one for one in PASSING if one.id == "bytes that command the terminal"])
def test_no_printed_byte_commands_the_terminal(learner: Learner, judgements: Judgements) -> None:
    output = judgements[learner].output
    assert "ABC" in output, "what can be shown is shown"
    assert not {character for character in output if not character.isprintable()} - {"\n", "\t"}


@pytest.mark.parametrize("learner", [one for one in FAILING if one.id == "input"])
def test_what_was_printed_before_the_end_is_kept(learner: Learner, judgements: Judgements) -> None:
    assert judgements[learner].output == "how many? "


# What the judge accepts as a file


@pytest.fixture
def judged(level: Level, warm: Warm, tmp_path: Path) -> Callable[..., v.Verdict]:
    def judged(name: str, text: str, start: runner.Start = warm.start) -> v.Verdict:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return judge(Job(level, file), start=start)

    return judged


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torch.py", "my levels/vector add (2).py", "añadir.py", "no_suffix"])
def test_the_name_of_a_file_makes_no_difference(level: Level, judged: Callable[..., v.Verdict], name: str) -> None:
    verdict = judged(name, solved(level), *([start_cold] if name == "torch.py" else []))  # it might stand for torch
    assert verdict.passed, verdict.cause


@pytest.mark.slow
def test_a_file_may_import_another_that_lies_beside_it(
    level: Level, judged: Callable[..., v.Verdict], tmp_path: Path
) -> None:
    (tmp_path / "my_constants.py").write_text("SIZE = 64\n")
    text = solved(level, at_import("from my_constants import SIZE"))
    assert judged("mine.py", text).passed


@pytest.mark.slow
def test_windows_line_endings_are_no_trouble(level: Level, judged: Callable[..., v.Verdict]) -> None:
    assert judged("mine.py", solved(level).replace("\n", "\r\n")).passed


def test_a_file_that_is_not_ready_is_answered_without_torch(
    level: Level, judged: Callable[..., v.Verdict], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('torch must not be imported')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert judged("mine.py", "def (", start_cold).outcome is v.Outcome.SYNTAX


# Our own troubles


@pytest.mark.parametrize(
    ("cases", "named"),
    [
        pytest.param("CASES = (", "cases.py", id="not Python"),
        pytest.param(None, "cases.py", id="missing", marks=pytest.mark.slow),
        pytest.param(
            "from triton_quest.course.case import Case\nCASES = (Case('tiny', 'none', lambda d: 1 / 0),)",
            "ZeroDivisionError",
            id="raises",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_broken_course_is_our_trouble_and_never_the_learners(
    level: Level, warm: Warm, tmp_path: Path, cases: str | None, named: str
) -> None:
    toy = replace(level, course=tmp_path / "course")
    shutil.copytree(level.folder, toy.folder)
    (toy.folder / "cases.py").unlink()
    if cases is not None:
        (toy.folder / "cases.py").write_text(cases)
    file = tmp_path / "mine.py"
    file.write_text(solved(level))
    verdict = judge(Job(toy, file), start=warm.start)
    assert verdict.outcome is v.Outcome.ERROR
    assert named in verdict.detail
    assert verdict.first_failure is None, "no check of the learner's failed"


# After all of them


def test_an_honest_file_still_passes_after_all_of_this(level: Level, judgements: Judgements) -> None:
    honest = next(one.values[0] for one in PASSING if one.id == "an honest solution")
    for name in ("honest again", "and warm"):
        assert judgements[replace(honest, name=name)].passed


def test_nothing_is_left_beside_the_learners_file(judgements: Judgements) -> None:
    assert judgements[next(one.values[0] for one in PASSING if one.id == "an honest solution")].passed
    assert {path.suffix for path in judgements.folder.iterdir()} == {".py"}
