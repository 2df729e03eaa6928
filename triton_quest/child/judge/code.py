"""The learner's code: its module, its launcher, and what an exception out of it means to the learner."""

from __future__ import annotations

import bdb
import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from triton_quest.child import source
from triton_quest.child.instruments import threads
from triton_quest.child.instruments.memory.findings import Finding
from triton_quest.child.judge import torch_state
from triton_quest.child.sentences import configs, descriptors, launcher, no_gpu
from triton_quest.child.triton.configs import UnfitConfig
from triton_quest.child.triton.fake_driver import is_active
from triton_quest.child.triton.no_gpu import NoGpuHere, answers_to
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

LEARNER = "learner_"  # begins the name of the module that a learner's file becomes


class Stopped(Exception):
    """The judgement ends here, with this failed check; `finding`: what the memory model found, if it did."""

    def __init__(self, check: v.Check, finding: Finding | None = None) -> None:
        super().__init__(check.says)
        self.check, self.finding = check, finding


class _Loader(SourceFileLoader):
    """Executes the text that is judged, under the file's own name."""

    def get_code(self, fullname: str) -> types.CodeType:
        text = source.exact_text(Path(self.path), "reset")
        return self.source_to_code(text.encode(), self.path)


def load(file: Path) -> ModuleType:
    """Execute the learner's file as a module. Raises Stopped, with the line, if it raises."""
    check = v.Check(name="the file can be imported", kind="import", state=v.State.PASSED)
    threads.watch_threads()
    name = LEARNER + file.stem  # a file called torch.py must not take torch's place
    loader = _Loader(name, str(file))  # whatever its suffix
    module = types.ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module
    sys.path.append(str(file.parent))
    kept, sys.pycache_prefix = sys.pycache_prefix, os.devnull  # bytecode is blind to a second edit within a second
    try:
        with torch_state.of_the_learner():
            loader.exec_module(module)
    except BaseException as trouble:
        raise Stopped(explain(check, trouble, file, "while it was imported", v.Outcome.IMPORT)) from trouble
    finally:
        sys.pycache_prefix = kept
    return module


def launcher_of(module: ModuleType, level: Level) -> Callable[..., Any]:
    """The level's launcher, kept apart from the judge's torch. Raises Stopped if the module doesn't define it."""
    return torch_state.kept_apart(_found_launcher(module, level))


def bare_launcher(file: Path, level: Level) -> Callable[..., Any]:
    """The launcher of a file as it is, to be timed: from now on the whole process has what the file sets in torch.

    Raises Stopped.
    """
    launcher = _found_launcher(load(file), level)
    torch_state.adopt()
    return launcher


def _found_launcher(module: ModuleType, level: Level) -> Callable[..., Any]:
    launcher: Callable[..., Any] | None = getattr(module, level.launcher, None)
    if callable(launcher):
        return launcher
    check = v.Check(name=f"the file defines `{level.launcher}`", kind="contract", state=v.State.PASSED)
    says = f"The file has no function called `{level.launcher}`."
    advice = f"The judge calls `{level.launcher}` and nothing else: keep its name as it was in the template."
    raise Stopped(v.failed(check, v.Outcome.CONTRACT, says, advice))


def is_raised_by(trouble: BaseException, file: Path) -> bool:
    """Whether the exception was raised in the file itself, and not in what it calls."""
    step = trouble.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is not None and step.tb_frame.f_code.co_filename == str(file)


def explain(check: v.Check, trouble: BaseException, file: Path, when: str, outcome: v.Outcome) -> v.Check:
    """`check`, failed by an exception of the learner's code: which line, what it means, what to do."""
    root = root_cause(trouble)
    place = place_of(trouble, file)
    places = (place,) if place else ()
    where = f"Line {place.line}: " if place else ""
    if isinstance(root, SystemExit):
        says = f"{where}Your code called exit() {when}."
        return v.failed(
            check, v.Outcome.EXIT, says, "Take the call out: the judge needs the launcher's answer.", places=places
        )
    if isinstance(root, KeyboardInterrupt):
        says = f"{where}Your code raised KeyboardInterrupt {when}."
        return v.failed(
            check, v.Outcome.EXIT, says, "Take it out: the judge needs the launcher's answer.", places=places
        )
    if isinstance(root, MemoryError) or "can't allocate memory" in _message(root):
        says = f"{where}Your code asked for more memory than the judge gives it {when}."
        return v.failed(
            check, v.Outcome.OUT_OF_MEMORY, says, "Look for a tensor or block far larger than you meant.", places=places
        )
    if isinstance(root, (EOFError, bdb.BdbQuit)):
        asks = "asks for input" if isinstance(root, EOFError) else "stops at a breakpoint()"
        says = f"{where}Your code {asks} {when}, and nobody is there to answer."
        advice = f"Run the file itself (python {file.name}): there, input() and breakpoint() work."
        return v.failed(check, v.Outcome.CRASH, says, advice, places=places)
    unfit = next((link for link in chain(trouble) if isinstance(link, UnfitConfig)), None)
    if unfit is not None:
        says = f"{where}{configs.explain(unfit.key, unfit.kernel, unfit.which, unfit.name)} This was {when}."
        return v.failed(check, outcome, says, configs.ADVICE, finding=unfit.key, places=places)
    missed = _without_a_gpu(root, place, file)
    if missed is not None:
        return v.failed(check, outcome, where + missed.says, missed.advice, finding="no_gpu_here", places=places)
    undescribed = descriptors.explain(_message(root), when) if isinstance(root, AssertionError) else None
    if undescribed is not None:
        return v.failed(check, outcome, where + undescribed, descriptors.ADVICE, finding="descriptor", places=places)
    nothing = launcher.of_nothing(_message(root), source.text_of(file), place.source) if place else None
    if nothing is not None:
        return v.failed(check, outcome, where + nothing, launcher.ADVICE, places=places)
    said = _first_line(root)
    if isinstance(root, AssertionError) and not said and place is not None and place.source.startswith("assert "):
        return v.failed(check, outcome, f"{where}`{place.source}` doesn't hold.", _advice(root, when), places=places)
    says = f"{where}{_kind(root)}: {said or 'no message'}"
    return v.failed(check, outcome, says, _advice(root, when), places=places)


def _without_a_gpu(root: BaseException, place: v.Place | None, file: Path) -> no_gpu.NoGpu | None:
    """What is said of an exception that a GPU would have kept from being raised; None where there is one, or of others."""
    if isinstance(root, NoGpuHere):
        return no_gpu.NoGpu(root.says, root.advice)
    if place is None or not is_active():
        return None
    return no_gpu.explain(_message(root), source.text_of(file), place.line)


def not_run_here(what: str, place: v.Place | None) -> v.Check:
    """The check that tells of a kernel that Triton's compiler takes and its interpreter can't run."""
    where = f"line {place.line}: " if place else ""
    name = f"{where}Triton's interpreter can't run {what}. The kernels compile; what they compute needs a GPU"
    places = (place,) if place else ()
    return v.Check(name, "not_verified_here", v.State.NOT_VERIFIED_HERE, outcome=v.Outcome.PASSED, places=places)


def remarks(file: Path, more: Iterable[str] = (), given: str = "") -> list[v.Check]:
    """What the learner's code was told in the stead of a GPU that isn't here, and what else is worth knowing.

    Of lines that stand in `given`, the level's own text, nobody needs to be told.
    """
    told = [answer for answer in answers_to(str(file)) if source.own_line(file, answer.line) not in given]
    answers = {f"Line {answer.line}: {answer.says}.": None for answer in told}
    cpu = launcher.on_the_cpu(source.text_of(file))
    return [v.remark(says) for says in (*answers, *cpu, *more)]


def _advice(root: BaseException, when: str) -> str:
    if isinstance(root, ModuleNotFoundError):
        return f"There is no module called {root.name}: is it misspelt? The levels need torch and triton only."
    if isinstance(root, NameError):
        return "Is the name misspelt, or is it used before the line that defines it?"
    return f"This was raised {when}. Run the file itself to see everything: there, print() and breakpoint() work in the kernel."


def _first_line(root: BaseException) -> str:
    lines = [line.strip() for line in _message(root).splitlines() if line.strip()]
    return lines[0] if lines else ""


def _message(root: BaseException) -> str:
    try:
        return "".join([str(root)])  # of str itself: the learner's own __str__ may return a class of the learner's
    except BaseException:  # the learner's own __str__
        return ""


def _kind(root: BaseException) -> str:
    """The name of the exception's class, whatever its metaclass says."""
    return str(type.__dict__["__name__"].__get__(type(root)))


def chain(trouble: BaseException | None) -> Iterator[BaseException]:
    """An exception and its causes, each once: one may be its own."""
    seen: set[int] = set()
    while trouble is not None and id(trouble) not in seen:
        yield trouble
        seen.add(id(trouble))
        trouble = trouble.__cause__


def root_cause(trouble: BaseException) -> BaseException:
    """What was raised first: Triton wraps a kernel's exception in one of its own."""
    return list(chain(trouble))[-1]


def place_of(trouble: BaseException | None, file: Path) -> v.Place | None:
    """The last line of the learner's file on the way to the exception."""
    place = None
    for link in chain(trouble):
        step = link.__traceback__
        while step is not None:
            if step.tb_frame.f_code.co_filename == str(file) and step.tb_lineno:
                place = v.Place(step.tb_lineno, source.own_line(file, step.tb_lineno))
            step = step.tb_next
        if isinstance(link, SyntaxError) and link.filename == str(file) and link.lineno:
            place = v.Place(link.lineno, (link.text or "").strip())
    return place
