"""`compile N`: the report as a whole, what is refused, and what ends before there is a report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands import kernels
from tests.conftest import Answer, Quest, arrived
from tests.execution.learner import at_import, in_launcher, solved
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Job, run
from triton_quest.parent.warm import Warm
from triton_quest.records import measured as m
from triton_quest.records import verdict as v

OURS, NOT_YET = 2, 1
MATMUL = LEVELS[1]


def compiled(quest: Quest, text: str, words: str = "", level: Level = LEVELS[0], **environ: str) -> Answer:
    (quest.workspace.root / "mine.py").write_text(text)
    return quest.inside(f"compile {level.number} --file mine.py {words}".strip(), **environ)


def masked(answer: Answer) -> Answer:
    """Without the number of registers, which is ptxas's own affair."""
    return Answer(answer.line, answer.code, re.sub(r"\b\d+ of 255\b", "<registers>", answer.out), answer.err)


def test_the_report_of_a_kernel(quest: Quest, expect_output) -> None:  # type: ignore[no-untyped-def]
    expect_output("compile", masked(compiled(quest, kernels.RIGHT)))


def test_a_kernel_that_a_gpu_refuses_is_told_with_its_line(quest: Quest, expect_output) -> None:  # type: ignore[no-untyped-def]
    text = kernels.RIGHT.replace("    mask =", "    for step in range(2):\n        break\n    mask =")
    expect_output("compile-refused", compiled(quest, text))


def test_a_kernel_that_is_too_big_is_told_for_each_target_with_tritons_reason(quest: Quest, expect_output) -> None:  # type: ignore[no-untyped-def]
    text = kernels.product(256, 256, 128)
    answer = compiled(quest, text, level=MATMUL)
    assert answer.code == NOT_YET
    expect_output("compile-too-big", answer)


@pytest.mark.slow
def test_fp32_dots_in_full_precision_use_no_tensor_cores_and_the_report_says_why(quest: Quest) -> None:
    answer = compiled(quest, kernels.product(64, 64, 32), "--dtype fp32 --target sm_80", MATMUL)
    assert answer.code == 0
    assert 'No tensor cores: fp32 inputs with input_precision="ieee" use none.' in answer.said
    assert re.search(r"tensor cores +not used", answer.out)


def test_a_launcher_may_choose_by_what_the_gpu_has_and_each_target_gets_its_own(quest: Quest) -> None:
    out = compiled(quest, kernels.CHOOSING, "--target sm_80 --target sm_90").out
    assert re.search(r"BLOCK_SIZE=128\n\n +sm_80 \(A100\) *\n", out)
    assert re.search(r"BLOCK_SIZE=256\n\n +sm_90 \(H100\) *\n", masked(Answer("", 0, out, "")).out)


@pytest.mark.slow
def test_too_many_values_for_the_registers_are_told_as_spilled(quest: Quest) -> None:
    text = kernels.product(128, 256, 32)
    answer = compiled(quest, text, "--target sm_80", MATMUL)
    assert answer.code == 0 and "Not all values of a thread find a register" in answer.said
    assert re.search(r"spilled +\d+ bytes", answer.out)


def test_the_inputs_of_a_case_can_be_asked_for(quest: Quest) -> None:
    answer = compiled(quest, kernels.RIGHT, "--case '17 elements' --target sm_80 --dtype bf16")
    assert answer.code == 0 and "x (17,), y (17,), bf16" in answer.said
    unknown = compiled(quest, kernels.RIGHT, "--case 'no such case'", COLUMNS="110")
    assert (unknown.code, unknown.out) == (OURS, "")
    assert "has no case “no such case”. Its cases: “one element”, “17 elements”" in unknown.said
    assert unknown.next_command == "python quest.py compile 1 --help"


@pytest.mark.parametrize("kind", ["sass", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("ptx", "ttgir"))])
def test_the_code_is_printed_alone_and_as_it_is(quest: Quest, kind: str) -> None:
    answer = compiled(quest, kernels.RIGHT, f"--asm {kind}", COLUMNS="40")
    heading, *code = answer.out.splitlines()
    assert heading == f"// add_kernel for sm_90: {kind}"
    sign = {"ptx": "ld.global", "sass": "EXIT", "ttgir": "tt.load"}[kind]
    assert any(sign in line for line in code) and "\x1b" not in answer.out
    assert any(len(line) > 40 for line in code), "no line is broken"


@pytest.mark.slow
def test_an_amd_gpus_code_is_amdgcn(quest: Quest) -> None:
    answer = compiled(quest, kernels.RIGHT, "--target gfx942 --asm amdgcn")
    assert answer.out.startswith("// add_kernel for gfx942: amdgcn\n") and "s_endpgm" in answer.out


def test_a_target_that_nothing_is_known_of_is_answered_with_those_that_are_known(quest: Quest) -> None:
    answer = quest.inside("compile 1 --target sm_70", COLUMNS="110")
    assert answer.code == OURS
    assert all(name in answer.said for name in ("sm_80", "sm_90", "sm_100", "gfx942"))
    assert answer.next_command == "python quest.py compile --help"


def test_code_that_a_target_doesnt_have_is_answered_with_what_it_has(quest: Quest) -> None:
    answer = quest.inside("compile 1 --target gfx942 --asm sass")
    assert answer.code == OURS and "For gfx942 there is no sass: its code is amdgcn." in answer.said
    assert answer.next_command == "python quest.py compile 1 --target gfx942 --asm amdgcn"


def test_an_unfinished_file_says_what_is_missing(quest: Quest) -> None:
    answer = quest.inside("compile 1")
    assert answer.code == NOT_YET and "6 gaps wait for you" in answer.said


# What ends before there is a report


def ended(
    warm: Warm, tmp_path: Path, text: str, level: Level = LEVELS[0], seconds: float = 20.0, **asked: object
) -> v.Check:
    """The failed check of a compilation that came to nothing."""
    file = tmp_path / "mine.py"
    file.write_text(text)
    result = run(Job(level, file, seconds, "compile", asked), start=warm.start)
    assert result.failure is not None and result.failure.outcome is result.outcome
    assert not result.all(m.Compiled)
    return result.failure


def test_a_launcher_that_hangs_is_stopped_with_its_line(warm: Warm, tmp_path: Path) -> None:
    text = solved(LEVELS[0], in_launcher("while True:\n    pass"))
    failure = ended(warm, tmp_path, text, seconds=1.5)
    assert failure.outcome is v.Outcome.TIMEOUT
    assert "still running after 2 seconds (calling vector_add), and was stopped. It was in line" in failure.says


def test_a_compiler_that_takes_too_long_is_stopped_and_blamed(warm: Warm, tmp_path: Path) -> None:
    own_cache = f"import os; os.environ['TRITON_CACHE_DIR'] = {str(tmp_path / 'cache')!r}"
    text = kernels.product(128, 128, 32, own_cache)
    failure = ended(warm, tmp_path, text, MATMUL, dtype="fp32", limit=1.0)
    assert failure.outcome is v.Outcome.TIMEOUT
    assert failure.says == "Triton was still compiling product_kernel for sm_80 after 1 second, and was stopped."
    assert "--time-limit" in failure.advice


@pytest.mark.parametrize(
    ("edits", "outcome", "says"),
    [
        ((in_launcher("import os; os._exit(3)"),), v.Outcome.EXIT, "exit code 3 (while compiling: calling vector_add)"),
        ((at_import("import nonsense"),), v.Outcome.IMPORT, "nonsense"),
        ((in_launcher("raise KeyError('mine')"),), v.Outcome.CRASH, "KeyError: 'mine'"),
        ((in_launcher("return out"),), v.Outcome.RULES, "`vector_add` launches no kernel"),
    ],
    ids=["an exit", "an import", "an exception", "no launch"],
)
def test_what_a_file_does_instead_is_told(
    warm: Warm,
    tmp_path: Path,
    edits: tuple,
    outcome: v.Outcome,
    says: str,  # type: ignore[type-arg]
) -> None:
    failure = ended(warm, tmp_path, solved(LEVELS[0], *edits))
    assert failure.outcome is outcome and says in failure.says


def test_a_flood_of_prints_is_cut_and_the_report_stands(warm: Warm, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(solved(LEVELS[0], in_launcher("print('x' * 5_000_000)")))
    result = run(Job(LEVELS[0], file, kind="compile", asked={"targets": ["sm_80"]}), start=warm.start)
    assert result.outcome is v.Outcome.PASSED and "bytes more" in result.output


# The solutions


@pytest.mark.slow
@pytest.mark.parametrize(
    "level", [arrived()[0], arrived()[3]], ids=lambda level: level.slug
)  # the gate compiles them all
def test_no_solution_spills_on_an_a100_or_an_h100(warm: Warm, level: Level) -> None:
    result = run(Job(level, level.folder / "solution.py", kind="compile"), start=warm.start)
    found = result.all(m.Compiled)
    assert result.outcome is v.Outcome.PASSED, result.failure or result.detail
    assert {kernel.target for kernel in found} == {"sm_80", "sm_90"}
    assert {kernel.kernel: kernel.spilled_bytes for kernel in found if kernel.spilled_bytes} == {}
    for kernel in found:
        assert bool(kernel.tensor_cores) is bool(kernel.dots), "halves are multiplied by tensor cores"
