"""What the front end must refuse and accept, how it names it, and that it leaves the process as it found it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import triton
import triton.language as tl
from torch.nn.functional import scaled_dot_product_attention
from triton.runtime import interpreter
from triton.runtime.errors import InterpreterError

from tests.execution.divergences import CASES, Case
from tests.execution.divergences.cases import CONSTRUCTS
from tests.execution.learners import mistaken
from triton_quest.child.sentences.compiling import CompileFinding, explain
from triton_quest.child.sentences.refusal_table import TABLE
from triton_quest.child.triton import fake_driver
from triton_quest.child.triton.fake_driver import FakeDriver
from triton_quest.child.triton.frontend import compile_front_end
from triton_quest.child.triton.refusals import Refusal, RefusedBy

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_table(case: Case) -> None:
    report = compile_front_end(case.launch, sys.modules[case.launch.__module__])
    found = explain(report.refusals)
    assert report.launcher_error is None
    assert [finding.construct for finding in found] == ([case.construct] if case.construct else [])
    for finding in found:
        assert case.fragment in finding.says
        assert finding.compiles is case.compiles
        assert finding.source_line in Path(finding.file).read_text()
        assert finding.source_line.endswith("# here") is case.marked
    if not found:
        assert {one.target for one in report.compiled} == {80, 90}


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.construct], ids=lambda case: case.name)
def test_of_no_line_that_the_interpreter_runs_it_is_said_that_it_does_not(case: Case) -> None:
    (finding,) = explain(compile_front_end(case.launch, sys.modules[case.launch.__module__]).refusals)
    if not finding.runs and "branch_not_taken" not in case.name:
        with pytest.raises((InterpreterError, AttributeError, TypeError, NameError, ValueError)):
            case.launch()


def test_every_construct_has_a_case() -> None:
    assert {row.key for row in TABLE} == CONSTRUCTS - {""}


REFUSED_BY_THE_DRIVER = ("has_half_a_program", "has_a_fourth_axis")  # when it is launched: no compiler sees a grid


LOOKED_AT = [name for name in CASES if name not in REFUSED_BY_THE_DRIVER]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(LOOKED_AT[::9], id="a sample", marks=pytest.mark.slow),
        pytest.param(LOOKED_AT, id="all", marks=pytest.mark.survey),
    ],
)
def test_table_agrees_with_the_full_compiler(names: list[str], tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT), "TRITON_DEFAULT_FP_FUSION": "1"}
    command = [sys.executable, "-m", "tests.execution.full_compile", *names]
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    errors = dict(json.loads(line) for line in answer.splitlines())
    assert list(errors) == names
    assert {name: said for name, said in errors.items() if CASES[name].compiles is bool(said)} == {}


def refused(run: Callable[[], object], **options: Any) -> list[CompileFinding]:
    return explain(compile_front_end(run, mistaken, **options).refusals)


def launches_of(styles: ModuleType) -> dict[str, tuple[Callable[[], torch.Tensor], torch.Tensor]]:
    """Each launcher with PyTorch's answer, by name."""
    torch.manual_seed(0)
    x, a, b = torch.randn(1000), torch.randn(40, 24), torch.randn(24, 33)
    q, k, v = (torch.randn(1, 2, 40, 16) for _ in range(3))
    gelu = x * torch.sigmoid(1.702 * x)
    return {
        "add": (lambda: styles.add(x, x), x + x),
        "softmax": (lambda: styles.softmax(a), a.softmax(1)),
        "matmul": (lambda: styles.matmul(a, b), a @ b),
        "attention": (lambda: styles.attention(q, k, v), scaled_dot_product_attention(q, k, v, is_causal=True)),
        "made_in_a_function": (lambda: styles.made_in_a_function(x, 2.0), 2 * gelu),
    }


@pytest.fixture
def styles() -> Iterator[ModuleType]:
    with fake_driver.activated():
        yield importlib.import_module("tests.execution.learners.styles")


@pytest.mark.parametrize("name", ["add", "softmax", "matmul", "attention", "made_in_a_function"])
def test_right_launchers_pass_before_and_after_they_are_interpreted(styles: ModuleType, name: str) -> None:
    launch, answer = launches_of(styles)[name]
    for _ in range(2):
        report = compile_front_end(launch, styles)
        assert report.refusals == ()
        assert report.launcher_error is None
        assert {one.target for one in report.compiled} == {80, 90}
        torch.testing.assert_close(launch(), answer, rtol=1e-4, atol=1e-4)


def test_no_kernel_runs_and_the_language_is_put_back() -> None:
    x = torch.zeros(8)
    owners = [tl, tl.core, tl.standard, tl.tensor, triton.testing, triton.runtime.driver]
    before = [dict(vars(owner)) for owner in owners]
    compile_front_end(lambda: mistaken.sum_kernel[(1,)](torch.ones(8), x, 8), mistaken)
    assert x.eq(0).all()
    assert [dict(vars(owner)) for owner in owners] == before


def test_what_an_interpreted_kernel_leaves_patched_does_no_harm(styles: ModuleType) -> None:
    launch, _ = launches_of(styles)["softmax"]
    scope = interpreter._patch_lang(styles.softmax_kernel.fn)  # as a device function does, which never undoes it
    try:
        assert tl.load.__module__ == interpreter.__name__
        assert compile_front_end(launch, styles).refusals == ()
        assert tl.load.__module__ == interpreter.__name__
    finally:
        scope.restore()


def test_a_forgotten_import_is_found_by_the_compiler_and_by_the_adapted_interpreter() -> None:
    case = CASES["uses_a_module_that_is_not_imported"]
    with fake_driver.activated(), pytest.raises(InterpreterError, match="name 'math' is not defined"):
        case.launch()
    (finding,) = explain(compile_front_end(case.launch, mistaken).refusals)
    assert finding.construct == "forgotten_import"


def test_each_specialisation_is_compiled_once_for_each_target(styles: ModuleType) -> None:
    x, short, half = torch.ones(64), torch.ones(63), torch.ones(64, dtype=torch.float16)

    def run() -> None:
        for tensor in (x, x, short, half, half):
            styles.add(tensor, tensor)

    report = compile_front_end(run, styles)
    assert sorted(one.target for one in report.compiled) == [80] * 3 + [90] * 3  # n divisible by 16 or not, two dtypes


def test_a_helpers_line_is_named_in_its_own_file() -> None:
    (finding,) = refused(lambda: mistaken.sums_by_a_wrong_helper(torch.ones(8)))
    assert (finding.construct, finding.kernel, finding.function) == ("break", "sum_kernel", "stops_early")
    assert finding.file.endswith("helpers.py")
    assert finding.source_line == "break"
    assert finding.targets == (80, 90)


def test_shared_memory_is_checked_against_each_target() -> None:
    def launch(stages: int) -> Callable[[], object]:
        return lambda: mistaken.dot_kernel[(1,)](torch.ones(8), torch.ones(8), 128, 128, num_stages=stages)

    def bytes_of(stages: int) -> dict[int, int | None]:
        return {one.target: one.shared_bytes for one in compile_front_end(launch(stages), mistaken).compiled}

    assert bytes_of(1) == {80: 131072, 90: 131072}
    assert bytes_of(2) == {80: 131072}  # Hopper's asynchronous dots keep one more buffer
    (finding,) = refused(launch(3))
    assert (finding.construct, finding.targets) == ("shared_memory", (80, 90))
    assert "needs 256 KB of shared memory a program, and an A100 has 163 KB" in finding.sentence
    assert refused(launch(3), shared_memory=False) == []


def test_autotune_may_drop_a_config_that_is_too_large_but_not_one_that_is_wrong() -> None:
    x = torch.ones(8, dtype=torch.float16)
    small, large, wrong = (32, 32), (256, 256), (32, 8)
    assert refused(lambda: mistaken.tuned(small, large)(x)) == []
    assert refused(lambda: mistaken.tuned(large, small)(x)) == []
    assert [found.construct for found in refused(lambda: mistaken.tuned(large)(x))] == ["shared_memory"]
    assert [found.construct for found in refused(lambda: mistaken.tuned(small, wrong)(x))] == ["dot_too_small"]


def test_all_wrong_kernels_of_one_launcher_are_found_and_its_own_error_is_kept() -> None:
    def run() -> None:
        mistaken.sums_by_a_wrong_helper(torch.ones(8))
        mistaken.dot_kernel[(1,)](torch.ones(8).half(), torch.ones(8), BLOCK=32, STEP=8)
        raise ZeroDivisionError("no kernel wrote the divisor")

    report = compile_front_end(run, mistaken)
    assert [found.construct for found in explain(report.refusals)] == ["break", "dot_too_small"]
    assert isinstance(report.launcher_error, ZeroDivisionError)


def test_nothing_is_printed(styles: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    compile_front_end(CASES["masks_by_integers"].launch, mistaken)  # ends in MLIR's verifier, which writes to stderr
    compile_front_end(CASES["prints_with_a_text"].launch, mistaken)
    assert capfd.readouterr() == ("", "")


def test_a_closed_stderr_only_costs_mlirs_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(descriptor: int) -> int:
        raise OSError("closed")

    monkeypatch.setattr(os, "dup", closed)
    assert refused(CASES["forgets_constexpr"].launch) != []


def test_a_fault_of_ours_is_not_told_as_the_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeDriver, "get_current_stream", lambda driver, device: driver.no_such_thing)
    with pytest.raises(AttributeError, match="no_such_thing"):
        compile_front_end(lambda: mistaken.sums_by_a_wrong_helper(torch.ones(8)), mistaken)


def test_the_root_of_a_whole_number_is_told_though_the_compiler_names_no_function() -> None:
    source_line = "scores = tl.dot(q, k) / tl.sqrt(D)"
    reason = "'math.sqrt' op operand #0 must be floating-point-like, but got 'i32'"
    refusal = Refusal(RefusedBy.COMPILER, "kernel", 90, "kernel", "level.py", 7, source_line, "RuntimeError", reason)
    assert "write `tl.sqrt(D * 1.0)`" in explain([refusal])[0].says


def test_explaining_needs_neither_torch_nor_triton() -> None:
    program = "import sys, triton_quest.child.sentences.compiling; assert not {'torch', 'triton'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True)
