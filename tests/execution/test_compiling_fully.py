"""Kernels go all the way to a binary for a GPU that isn't there, and what doesn't go is refused as the judge would."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from triton.compiler import compiler

from tests.execution.learners import gradients, mistaken
from triton_quest.child.sentences.compiling import explain
from triton_quest.child.triton import binaries
from triton_quest.child.triton.frontend import FrontEndReport
from triton_quest.child.triton.full_compile import compile_fully
from triton_quest.machine.targets import TARGETS, Arch, find, name_of
from triton_quest.records.measured import Dot

HALF, SINGLE = torch.float16, torch.float32


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing comes from an earlier run's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_CACHE_DIR", str(tmp_path_factory.mktemp("triton")))
        yield


def compiled(
    run: Callable[[], object], targets: Sequence[Arch] = (80,), told: list[str] | None = None
) -> FrontEndReport:
    notes: list[str] = [] if told is None else told
    return compile_fully(
        run,
        mistaken,
        targets,
        lambda kernel, arch: notes.append(f"{kernel} {name_of(arch)}"),
        lambda: notes.append("done"),
    )


def product(dtype: torch.dtype, block: int = 32, step: int = 32, **options: Any) -> Callable[[], object]:
    x = torch.ones(8, dtype=dtype)
    return lambda: mistaken.dot_kernel[(1,)](x, x, block, step, **options)


def read(report: FrontEndReport) -> dict[str, Any]:
    (one,) = report.compiled
    return binaries.read(one.binary)


def test_a_dot_of_halves_uses_tensor_cores_and_its_code_tells_so() -> None:
    found = read(compiled(product(HALF)))
    assert found["dots"] == (Dot("fp16", "", (32, 32, 32)),)
    assert found["tensor_cores"] == ("mma.sync",)
    assert found["spilled_bytes"] == 0 and 16 < found["registers"] < 256
    assert found["copies"] and (found["stages"], found["loops"]) == (3, 1)


@pytest.mark.parametrize("arch", [90, 100, "gfx942"])
@pytest.mark.slow
def test_every_kind_of_target_has_its_own_tensor_cores(arch: Arch) -> None:
    found = read(compiled(product(HALF, block=64, step=64), (arch,)))
    assert found["tensor_cores"] == {90: ("wgmma.mma_async",), 100: ("tcgen05.mma",), "gfx942": ("v_mfma",)}[arch]
    assert found["registers"] > 16 and found["spilled_bytes"] == 0
    assert bool(found["tensor_memory"]) is (arch == 100)


def test_constants_are_told_by_name() -> None:
    (one,) = compiled(product(HALF)).compiled
    assert one.constants == (("BLOCK", "32"), ("STEP", "32"))


def test_the_compiler_is_announced_before_it_starts_and_after_it_is_done() -> None:
    told: list[str] = []
    compiled(product(HALF), (80, 90), told)
    assert told == ["dot_kernel sm_80", "done", "dot_kernel sm_90", "done"]


def test_what_doesnt_fit_is_refused_before_the_binary_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("it went all the way")

    monkeypatch.setattr(compiler, "compile", never)
    told: list[str] = []
    report = compiled(product(SINGLE, 128, 128, num_stages=3), told=told)
    (finding,) = explain(report.refusals)
    assert (finding.construct, finding.targets, report.compiled) == ("shared_memory", (80,), ())
    assert "needs 256 KB of shared memory a program, and an A100 has 163 KB" in finding.sentence
    assert told == ["dot_kernel sm_80", "done"], "the clock is the learner's again"


def test_amds_limit_is_amds() -> None:
    (finding,) = explain(compiled(product(HALF, 64, 512), ("gfx942",)).refusals)
    assert finding.construct == "shared_memory" and "an MI300X has 64 KB" in finding.sentence


def test_a_construct_that_only_the_interpreter_knows_is_refused_as_by_the_judge() -> None:
    (finding,) = explain(compiled(lambda: mistaken.sums_by_a_wrong_helper(torch.ones(8))).refusals)
    assert (finding.construct, finding.source_line) == ("break", "break")


def test_of_a_tuned_kernel_each_config_that_fits_goes_all_the_way() -> None:
    x = torch.ones(8, dtype=HALF)
    report = compiled(lambda: mistaken.tuned((256, 256), (32, 32), (64, 32))(x))
    assert report.refusals == ()
    found = [(one.config, dict(one.constants)["BLOCK"]) for one in report.compiled if one.binary is not None]
    assert found == [("config 2 of 3", "32"), ("config 3 of 3", "64")]


def test_a_kernel_in_the_cache_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(compiled(product(HALF)))
    monkeypatch.setattr(sys.modules["triton.backends.nvidia.compiler"].CUDABackend, "make_cubin", None)
    assert read(compiled(product(HALF))) == first


def test_the_interpreter_works_as_before() -> None:
    def launch() -> torch.Tensor:
        x, out = torch.ones(4 * 16 * 16, dtype=HALF), torch.zeros(16, 16)
        mistaken.dot_kernel[(1,)](x, out, 16, 16)
        return out

    compiled(launch)
    assert launch().eq(64.0).all()


def test_targets_are_found_by_their_names_and_by_tritons() -> None:
    for target in TARGETS:
        assert find(target.name) is find(target.arch) is target and name_of(target.arch) == target.name
    assert find("sm_70") is None
    assert [target.an_example for target in TARGETS] == ["an A100", "an RTX 4090", "an H100", "a B200", "an MI300X"]


@pytest.mark.parametrize(("loops", "stages", "serial"), [(2, 3, True), (2, 2, False), (1, 3, False)])
def test_products_that_run_one_by_one_are_counted_from_the_machine_code(loops: int, stages: int, serial: bool) -> None:
    """Of causal dK and dV at D 32, tiles of 64: two loops that share their accumulators, with three stages and with two; one loop.

    The diagonal is a single tile here, so that of two loops one is left in the machine code.
    """
    half, single = torch.ones(64, dtype=HALF), torch.ones(64, dtype=SINGLE)
    given = (*[half] * 6, single, single, 1024)
    report = compile_fully(
        lambda: gradients.dk_dv[(1,)](*given, BM=64, BN=64, D=32, LOOPS=loops, num_warps=4, num_stages=stages),
        gradients, (90,), lambda kernel, arch: None, lambda: None,
    )  # fmt: skip
    found = read(report)
    assert found["tensor_cores"] == ("wgmma.mma_async",) and found["spilled_bytes"] == 0
    assert (found["wgmma_in_loops"], found["wgmma_one_by_one"]) == (12, 12 if serial else 0)
