"""Compiles every case of `divergences` all the way to a cubin for sm_80, in a process without the interpreter.

A program, since TRITON_INTERPRET can't be unset after Triton's import: for each case that its arguments name, or all, it prints
a JSON line, the name and the error (empty where it compiles). Each case runs in a child of its own. Slow; `test_frontend.py` compares.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any

import torch
import triton

from tests.execution.divergences import CASES
from triton_quest.child.triton.fake_driver import FakeDriver


class Launcher:
    """Starts nothing, and refuses what CUDA's driver would."""

    def __init__(self, source: Any, metadata: Any) -> None: ...

    def __call__(self, columns: int, rows: int, layers: int, *args: Any) -> None:
        if max(rows, layers) > 65535:
            raise RuntimeError("Triton Error [CUDA]: invalid argument")


class LoadingUtils:
    get_device_properties = FakeDriver(80).utils.get_device_properties

    def load_binary(self, *args: Any) -> tuple[int, int, int, int, int]:
        return 1, 1, 0, 0, 1024  # module, function, registers, spills, threads

    def unload_module(self, module: Any) -> None: ...


class LoadingDriver(FakeDriver):
    """A fake driver that takes a finished binary too."""

    launcher_cls = Launcher

    def __init__(self) -> None:
        super().__init__(80)
        self.utils = LoadingUtils()  # type: ignore[assignment]


def error_of(name: str) -> str:
    warnings.simplefilter("ignore")
    triton.runtime.driver.set_active(LoadingDriver())
    triton.set_allocator(lambda size, alignment, stream: torch.empty(size, dtype=torch.int8))
    try:
        CASES[name].launch()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def in_a_child(name: str) -> str:
    """A crash of the compiler is an error like another."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        os.write(write_end, error_of(name)[-2000:].encode() + b"\0")
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        said = answer.read()
    status = os.waitpid(child, 0)[1]
    return said[:-1].decode() if said.endswith(b"\0") else f"crashed with status {status}"


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        json.dump([name, in_a_child(name)], sys.stdout)
        print(flush=True)
