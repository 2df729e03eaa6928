"""Code written for a GPU imports and autotunes in a process that has none."""

from __future__ import annotations

import pytest
import torch
import triton
import triton.language as tl
import triton.testing

from triton_quest.child.triton import fake_driver

TUNED = [triton.Config({"BLOCK": 16}), triton.Config({"BLOCK": 32}, num_warps=8)]


@triton.jit
def increment_kernel(x_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n)
    tl.store(x_ptr + offsets, x + 1, mask=offsets < n)


def increment(kernel: triton.runtime.autotuner.Autotuner, x: torch.Tensor) -> None:
    kernel[lambda meta: (triton.cdiv(x.numel(), meta["BLOCK"]),)](x, x.numel())


def test_autotune_in_the_interpreter_takes_the_first_config_and_runs_it_once() -> None:
    kernel = triton.autotune(TUNED, key=["n"])(increment_kernel)
    x = torch.zeros(40)
    with fake_driver.activated():
        increment(kernel, x)
    assert x.eq(1).all()
    assert kernel.best_config is TUNED[0]


def test_autotune_with_its_own_benchmark_settings_takes_no_time_either() -> None:
    with pytest.warns(DeprecationWarning), fake_driver.activated():
        kernel = triton.autotune(TUNED, key=["n"], warmup=1000, rep=1000)(increment_kernel)
        x = torch.zeros(40)
        increment(kernel, x)
    assert x.eq(1).all()


@pytest.mark.parametrize("arch, shared, name", [(80, 166_912, "A100"), (90, 232_448, "H100")])
def test_it_answers_what_launchers_ask(arch: int, shared: int, name: str) -> None:
    with fake_driver.activated(arch) as driver:
        active = triton.runtime.driver.active
        device = active.get_active_torch_device()
        assert active is driver
        assert torch.empty(1, device=device).device.type == "cpu"
        assert active.get_current_target().arch == arch
        assert active.get_device_capability() == (arch // 10, arch % 10)
        assert active.utils.get_device_properties(device.index)["max_shared_mem"] == shared


def test_benchmarks_answer_at_once_in_their_own_shape() -> None:
    def never() -> None:
        raise AssertionError("a benchmark ran the function")

    with fake_driver.activated():
        assert triton.testing.do_bench(never) == fake_driver.MEASURED_MS
        assert triton.testing.do_bench(never, quantiles=[0.5, 0.2, 0.8]) == [fake_driver.MEASURED_MS] * 3
        assert triton.testing.do_bench(never, return_mode="all") == [fake_driver.MEASURED_MS]
        assert triton.testing.do_bench_cudagraph(never, quantiles=[0.5]) == fake_driver.MEASURED_MS


def test_what_was_active_is_put_back() -> None:
    config, benchmark = triton.runtime.driver, triton.testing.do_bench
    before = config._active
    with pytest.raises(ZeroDivisionError), fake_driver.activated():
        raise ZeroDivisionError
    assert config._active is before
    assert triton.testing.do_bench is benchmark
