"""The first line of every level file: makes `import triton` mean the GPU, or Triton's interpreter where there is none.

It also finds the quest itself when a level is run by a Python that doesn't have it. Nothing in here needs editing.
"""

import os
import sys


def name_hiding_modules(folder: str, needed: "set[str]") -> None:
    """Say which files in a folder hide a module that Python, Triton or the quest needs."""
    for name in sorted(os.listdir(folder)):
        module = name[:-3] if name.endswith(".py") else name
        if module in needed and (name.endswith(".py") or os.path.exists(os.path.join(folder, name, "__init__.py"))):
            path = os.path.join(folder, name)
            sys.stderr.write("%s hides the module %s from everything that runs here: rename it.\n" % (path, module))


here = os.path.dirname(os.path.abspath(__file__))
is_direct_run = os.path.basename(sys.argv[0]) != "quest.py"
if is_direct_run and not os.environ.get("QUEST_ENTERED"):  # before anything is imported that could be hidden
    pythons_own = set(getattr(sys, "stdlib_module_names", ()))
    name_hiding_modules(here, pythons_own | {"torch", "triton", "numpy", "rich", "triton_quest"})
    for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        if folder and os.path.isdir(folder):
            name_hiding_modules(folder, pythons_own)

clone = os.path.dirname(os.path.dirname(here))
if os.path.exists(os.path.join(clone, "triton_quest", "environment.py")) and clone not in sys.path:
    sys.path.append(clone)

note = os.path.join(os.path.dirname(here), ".quest", "python")
python, package = "", ""
if os.path.isfile(note):  # `quest init` noted the Python that made this workspace, and where it has the quest from
    with open(note, "rb") as file:
        python, package = (os.fsdecode(file.read()).splitlines() + ["", ""])[:2]
    if os.path.isdir(package) and package not in sys.path:
        sys.path.append(package)

try:
    from triton_quest import environment
except ImportError:
    if os.path.exists(python) and not os.environ.get("QUEST_ENTERED"):
        os.environ["QUEST_ENTERED"] = "1"
        os.execv(python, [python] + sys.argv)
    sys.stderr.write("This Python (%s) lacks the quest. Type: pip install triton-attention-quest\n" % sys.executable)
    sys.exit(2)


def choose_device() -> None:
    """Set TRITON_INTERPRET unless it is set already: triton reads it once, when it is imported."""
    environment.enter("torch", "triton", "numpy", "rich", start=here)
    if "TRITON_INTERPRET" not in os.environ and not environment.can_use_gpu():
        os.environ["TRITON_INTERPRET"] = "1"
    trouble = environment.trouble_with_versions()
    if trouble:
        environment.stop(trouble)
    if os.environ.get("TRITON_INTERPRET") == "1":
        from triton_quest.child.triton import fake_driver, interpreter

        interpreter.enable()
        fake_driver.activate()


if is_direct_run:
    choose_device()
