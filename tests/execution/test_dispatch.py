"""The dispatch mode costs no import, and still sees every call."""

from __future__ import annotations

import subprocess
import sys

import torch

from triton_quest.child.instruments.dispatch import FastDispatchMode

PROGRAM = """
import sys, torch
from triton_quest.child.instruments.dispatch import FastDispatchMode

class Mode(FastDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))

before = len(sys.modules)
with Mode():
    torch.ones(3).softmax(0)
print(len(sys.modules) - before, "torch._dynamo" in sys.modules)
"""


def test_its_first_use_loads_no_compiler() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    modules, compiler = run.stdout.split()
    assert int(modules) < 20 and compiler == "False"


def test_it_sees_each_call_and_nests() -> None:
    seen: list[str] = []

    class Mode(FastDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    with Mode(), Mode():
        torch.ones(2, 2) @ torch.zeros(2, 2)
    assert seen == ["ones", "ones", "zeros", "zeros", "mm", "mm"]
