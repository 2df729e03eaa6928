"""The roofline's bounds follow from counts and data sheets alone, and each data sheet is named."""

from __future__ import annotations

import re

import pytest

from tests.benchmark.made_up import flash_like, fused_like, naive_like, tally
from triton_quest.machine.gpus import GPUS, Gpu, find
from triton_quest.report.growth import Sums
from triton_quest.report.roofline import bound

ROUND = Gpu("a GPU", memory_tbs=2.0, tensor_tflops=1000.0, fp32_tflops=50.0, source="")


def sums(once: int, dot_flops: int = 0, other_flops: int = 0) -> Sums:
    return Sums(512, True, once, once, once, dot_flops, other_flops, 0, 0)


@pytest.mark.parametrize(
    ("counts", "tflops", "limit"),
    [
        (sums(10**9, dot_flops=100 * 10**9), 200.0, "memory"),  # 100 operations a byte, 2 TB/s
        (sums(10**9, dot_flops=501 * 10**9), 1000.0, "tensor cores"),  # just beyond the ridge
        (sums(10**9, dot_flops=5000 * 10**9), 1000.0, "tensor cores"),
        (sums(10**9, other_flops=100 * 10**9), 50.0, "fp32 units"),  # without a dot, the tensor cores lie idle
        (sums(10**9, other_flops=10**9), 2.0, "memory"),
        (sums(10**9, dot_flops=5000 * 10**9, other_flops=500 * 10**9), 500.0, "fp32 units"),  # beside the dots
    ],
)
def test_what_runs_out_first_is_the_limit(counts: Sums, tflops: float, limit: str) -> None:
    found = bound(ROUND, counts)
    assert found is not None and (found.tflops, found.limit) == (pytest.approx(tflops), limit)


def test_nothing_computed_has_no_bound() -> None:
    assert bound(ROUND, sums(10**9)) is None


def test_no_bound_lies_above_a_peak() -> None:
    for counts in (naive_like, fused_like, flash_like):
        for size in (512, 8192):
            at = tally("some", counts).at(size)
            assert at is not None
            for gpu in GPUS:
                found = bound(gpu, at)
                assert found is not None and found.tflops <= gpu.tensor_tflops * (1 + 1e-9)


def test_the_ridge_is_where_memory_and_tensor_cores_meet() -> None:
    assert ROUND.ridge == 500.0


def test_the_five_gpus_have_their_sources() -> None:
    assert [gpu.name for gpu in GPUS] == ["A100", "H100", "H200", "MI300X", "RTX 4090"]
    for gpu in GPUS:
        assert re.search(r"(data sheet|white paper), 20\d\d", gpu.source)
        assert gpu.source.split()[0] in ("NVIDIA", "AMD")
        assert gpu.fp32_tflops < gpu.tensor_tflops and 1 < gpu.memory_tbs < 10


@pytest.mark.parametrize("name", ["RTX 4090", "rtx4090", "Rtx 4090"])
def test_a_gpu_is_found_however_its_name_is_written(name: str) -> None:
    assert find(name) is GPUS[-1]
    assert find("RTX") is None
