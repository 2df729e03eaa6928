"""Triton Attention Quest: learn GPU kernel programming, from `x + y` to Flash Attention, one judged level at a time."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext triton_quest`"""
    import_module("triton_quest.notebook.magics").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext triton_quest`"""
    import_module("triton_quest.notebook.magics").unload(shell)
