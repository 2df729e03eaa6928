"""Triton Attention Quest: learn GPU kernel programming, from `x + y` to Flash Attention, one judged level at a time.

Nothing is imported here: every program of the quest comes by before `isolation.py` has seen to it that it gets Python's own modules.
"""

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """`%load_ext triton_quest`"""
    from importlib import import_module

    import_module("triton_quest.notebook.magics").load(shell)


def unload_ipython_extension(shell: object) -> None:
    """`%unload_ext triton_quest`"""
    from importlib import import_module

    import_module("triton_quest.notebook.magics").unload(shell)
