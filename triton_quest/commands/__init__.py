"""The commands: a module each, between the command line (quest.py) above and store, parent and screen below.

A module is imported when its command is called (PEP 562): the overview doesn't wait for what only `start` needs. Click's own lazy
group keeps a command's options in the command's module, and so imports every module to list the commands in `--help` or to complete
a name. Here all options stand in quest.py, and listing them imports no command.
"""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return import_module(f"{__name__}.{name}")
