"""The commands: a module each, between the command line (quest.py) above and store, execution and screen below.

A module is imported when its command is called: the overview shouldn't wait for what only `start` needs.
"""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return import_module(f"{__name__}.{name}")
