"""Guards what an exception of the learner's code becomes: the line of their file, the first cause, a sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from triton_quest.child.judge import code
from triton_quest.child.sentences import launcher
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

CHECK = v.Check("one element, fp32", "numbers", v.State.PASSED)


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Modules and paths as they were: loading a learner's file adds its own."""
    path, modules = list(sys.path), dict(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]
    sys.modules.update(modules)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.py"


def explained(file: Path, text: str, outcome: v.Outcome = v.Outcome.CRASH) -> v.Check:
    """What becomes of the exception that `run()` in `text` raises."""
    file.write_text(text)
    module = code.load(file)
    try:
        module.run()
    except BaseException as trouble:
        return code.explain(CHECK, trouble, file, "in the case “one element”", outcome)
    raise AssertionError("run() raised nothing")


def stopped_by_loading(file: Path, text: str) -> v.Check:
    file.write_text(text)
    with pytest.raises(code.Stopped) as stopped:
        code.load(file)
    check = stopped.value.check
    assert check.state is v.State.FAILED and check.says and check.advice
    return check


# Loading


def test_a_file_is_loaded_as_a_module_and_not_as_the_main_program(file: Path) -> None:
    file.write_text("ran = __name__ == '__main__'\n")
    assert code.load(file).ran is False


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import a_module_of_no_one", "a_module_of_no_one"),
        ("from os import a_name_of_no_one", "a_name_of_no_one"),
        ("undefined", "undefined"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise Exception", "Exception"),
    ],
)
def test_an_exception_at_import_is_told_with_its_line(file: Path, line: str, words: str) -> None:
    check = stopped_by_loading(file, f"x = 1\n\n{line}\n")
    assert check.outcome is v.Outcome.IMPORT
    assert check.places == (v.Place(3, line),)
    assert check.says.startswith("Line 3: ") and words in check.says


def test_a_syntax_error_in_a_module_of_the_learners_own_is_an_import_error(file: Path) -> None:
    (file.parent / "my_other_file.py").write_text("def (\n")
    check = stopped_by_loading(file, "import my_other_file\n")
    assert check.outcome is v.Outcome.IMPORT and check.places[0].line == 1


def test_a_misspelt_module_is_named_in_the_advice(file: Path) -> None:
    assert "trition" in stopped_by_loading(file, "import trition\n").advice


@pytest.mark.parametrize(
    "call", ["exit()", "import sys; sys.exit('bye')", "raise SystemExit", "raise KeyboardInterrupt"]
)
def test_leaving_at_import_is_an_exit(file: Path, call: str) -> None:
    check = stopped_by_loading(file, f"{call}\n")
    assert check.outcome is v.Outcome.EXIT and check.places[0].line == 1


# The launcher


@pytest.mark.parametrize("text", ["", "vector_add = 3\n", "def vector_ad(x, y): ...\n"])
def test_a_missing_launcher_is_named(level: Level, file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(code.Stopped) as stopped:
        code.launcher_of(code.load(file), level)
    check = stopped.value.check
    assert check.outcome is v.Outcome.CONTRACT
    assert "`vector_add`" in check.says and "`vector_add`" in check.advice


def test_whatever_can_be_called_is_a_launcher(level: Level, file: Path) -> None:
    file.write_text("class Adder:\n    def __call__(self, x, y): return x + y\n\nvector_add = Adder()\n")
    assert code.launcher_of(code.load(file), level)(1, 2) == 3


# Exceptions


def test_the_innermost_line_of_the_learners_own_file_is_named(file: Path) -> None:
    check = explained(file, "import json\n\ndef inner():\n    json.loads('{')\n\ndef run():\n    inner()\n")
    assert check.places == (v.Place(4, "json.loads('{')"),)
    assert check.outcome is v.Outcome.CRASH and "JSONDecodeError" in check.says


def test_the_first_cause_is_told_and_not_what_wrapped_it(file: Path) -> None:
    text = "def run():\n    try:\n        1 / 0\n    except ZeroDivisionError as cause:\n        raise RuntimeError('wrapped') from cause\n"
    check = explained(file, text)
    assert "ZeroDivisionError" in check.says and "wrapped" not in check.says
    assert check.places[0].line == 3


def test_an_exception_from_elsewhere_has_no_line() -> None:
    check = code.explain(CHECK, ValueError("so be it"), Path("mine.py"), "in a case", v.Outcome.CRASH)
    assert check.places == () and check.says == "ValueError: so be it"


@pytest.mark.parametrize(
    ("raised", "shown"),
    [("ValueError", "ValueError: no message"), ("ValueError('first\\nsecond')", "ValueError: first")],
)
def test_a_message_is_told_by_its_first_line(file: Path, raised: str, shown: str) -> None:
    assert explained(file, f"def run():\n    raise {raised}\n").says == f"Line 2: {shown}"


def test_an_exception_that_cannot_be_printed_is_told_by_its_name(file: Path) -> None:
    text = "class Mute(Exception):\n    def __str__(self): raise RuntimeError\n\ndef run():\n    raise Mute\n"
    check = explained(file, text)
    assert check.outcome is v.Outcome.CRASH and "Mute" in check.says


@pytest.mark.parametrize(
    ("statement", "outcome", "words"),
    [
        ("raise SystemExit(0)", v.Outcome.EXIT, "exit()"),
        ("raise KeyboardInterrupt", v.Outcome.EXIT, "KeyboardInterrupt"),
        ("raise MemoryError", v.Outcome.OUT_OF_MEMORY, "more memory"),
        ("raise RuntimeError('DefaultCPUAllocator: can\\'t allocate memory')", v.Outcome.OUT_OF_MEMORY, "more memory"),
        ("raise EOFError", v.Outcome.CRASH, "asks for input"),
    ],
)
def test_some_exceptions_have_a_meaning_of_their_own(
    file: Path, statement: str, outcome: v.Outcome, words: str
) -> None:
    check = explained(file, f"def run():\n    {statement}\n")
    assert check.outcome is outcome and check.advice
    assert check.says.startswith("Line 2: ") and words in check.says and "in the case" in check.says


def test_a_breakpoint_that_nobody_answers_is_called_one(file: Path) -> None:
    check = explained(
        file, "import bdb\n\ndef run():\n    raise bdb.BdbQuit  # what pdb does at the end of its input\n"
    )
    assert check.outcome is v.Outcome.CRASH and "breakpoint()" in check.says
    assert file.name in check.advice, "run the file itself: there it works"


def test_an_unknown_name_is_asked_after(file: Path) -> None:
    check = explained(file, "def run():\n    return BLOCK_SIZ\n")
    assert "BLOCK_SIZ" in check.says and "misspelt" in check.advice


def test_a_name_that_a_launch_was_to_give_is_told_to_be_none() -> None:
    text = "weights = softmax_kernel[(rows,)](scores, N)\nmore = scores.view(-1)\n"
    message = "'NoneType' object has no attribute 'stride'"
    says = launcher.of_nothing(message, text, "*weights.stride(), *v.stride(),")
    assert says == "`weights` is None, because a launch returns nothing."
    assert launcher.of_nothing(message, text, "*more.stride(),") is None
    assert launcher.of_nothing("'int' object has no attribute 'stride'", text, "*weights.stride(),") is None


def test_a_tensor_without_a_device_is_remarked_on() -> None:
    text = "scores = torch.empty((M, N), dtype=torch.float32)\nout = torch.empty((M,), device=q.device)\nlike = torch.empty_like(q)\n"
    assert [says.partition(" allocates")[0] for says in launcher.on_the_cpu(text)] == [
        "Line 1: `torch.empty` without `device=`"
    ]
