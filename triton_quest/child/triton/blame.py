"""Which line of whose function an error of Triton's compiler is about, and in what words Triton says so."""

from __future__ import annotations

import ast
import linecache
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

import triton
from triton.compiler.errors import CompilationError
from triton.runtime.errors import OutOfResources
from triton.runtime.jit import JITFunction

from triton_quest.machine.targets import Arch

from .fake_driver import FakeDriver
from .generator import DifferentMeaning
from .language import twins
from .limits import ImpossibleGrid
from .refusals import Refusal, RefusedBy

_OURS, _TRITONS = str(Path(__file__).parent), str(Path(triton.__file__).parent)
_SAYS_WHAT_IS_WRONG = (CompilationError, OutOfResources, ImpossibleGrid, RecursionError)
_QUOTED_EXCEPTION = re.compile(r"(?P<type>[A-Za-z_]\w*)\((?P<text>[\"'].*[\"']|),?\)", re.DOTALL)
_DIAGNOSTIC = re.compile(r"^(?P<file>[^\n:]+):(?P<line>\d+):\d+: error: (?P<text>.*)$", re.MULTILINE)


def is_our_fault(error: BaseException) -> bool:
    """True where the exception was raised by this package's own code, and says nothing about the learner's."""
    link: BaseException | None = error
    while link is not None:
        traceback = link.__traceback__
        while traceback is not None and traceback.tb_next is not None:
            traceback = traceback.tb_next
        raised_here = traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(_OURS)
        asked_of_us = isinstance(getattr(link, "obj", None), FakeDriver)
        if asked_of_us or (raised_here and not isinstance(link, _SAYS_WHAT_IS_WRONG)):
            return True
        link = link.__cause__ or link.__context__
    return False


def _is_learners(function: JITFunction) -> bool:
    return not str(function.fn.__code__.co_filename).startswith(_TRITONS)


def _first_line(function: JITFunction) -> int:
    """The line of `def`, below the decorators."""
    above = next((i for i, line in enumerate(function.raw_src) if line.lstrip().startswith("def ")), 0)
    return int(function.starting_line_number) + above


def _holds(function: JITFunction, file: str, line: int) -> bool:
    first = _first_line(function)
    return file == function.fn.__code__.co_filename and first <= line < first + function.src.count("\n") + 1


def _chain(error: BaseException) -> list[BaseException]:
    """From the outermost error to its first cause: a helper's error is the cause of the error at its call."""
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    return chain


def _unquoted(error_type: str, text: str) -> tuple[str, str]:
    """Triton passes exceptions on as text: `NameError('v is not defined')` → NameError, v is not defined."""
    match = _QUOTED_EXCEPTION.fullmatch(text.strip())
    if match is None:
        return error_type, text
    return match["type"], str(ast.literal_eval(match["text"])) if match["text"] else ""


def _words(chain: list[BaseException]) -> tuple[str, str]:
    """The innermost type and message that say something."""
    for error in reversed(chain):
        text = error.error_message if isinstance(error, CompilationError) else str(error)
        if text:
            return _unquoted(type(error).__name__, str(text))
    return type(chain[-1]).__name__, ""


def _at(function: JITFunction, kernel: str, target: Arch, line: int, by: RefusedBy) -> Refusal:
    file = function.fn.__code__.co_filename
    source_line = linecache.getline(file, line).strip()
    return Refusal(
        by, kernel, target, function.fn.__name__, file, line, source_line, "", "",
        source=function.src, first_line=_first_line(function),
    )  # fmt: skip


def blame_line(error: Exception, kernel: JITFunction, target: Arch, diagnostics: str = "") -> Refusal:
    """The refused line of the learner's: in the kernel, or in the innermost helper that isn't Triton's own."""
    chain = _chain(error)
    name = kernel.fn.__name__
    error_type, reason = _words(chain)
    by = RefusedBy.MEANING if any(isinstance(link, DifferentMeaning) for link in chain) else RefusedBy.COMPILER
    for link in reversed([link for link in chain if isinstance(link, CompilationError)]):
        function = _function_with(link, kernel)
        if function is None:
            continue
        line = _first_line(function) - 1 + link.node.lineno
        node, code = type(link.node).__name__, ast.unparse(link.node)
        return replace(
            _at(function, name, target, line, by), error_type=error_type, reason=reason, node=node, code=code
        )
    for diagnostic in _DIAGNOSTIC.finditer(diagnostics):
        line = int(diagnostic["line"])
        function = next(
            (one for one in (kernel, *twins()) if _is_learners(one) and _holds(one, diagnostic["file"], line)), None
        )
        if function is not None:
            return replace(_at(function, name, target, line, by), error_type=error_type, reason=diagnostic["text"])
    place = _at(kernel, name, target, _first_line(kernel), by)
    return replace(place, error_type=error_type, reason=reason or diagnostics.strip())


def _function_with(link: CompilationError, kernel: JITFunction) -> JITFunction | None:
    """The learner's function that holds the node. Mostly the one that the error names; for a `noinline` helper its caller."""
    if not hasattr(link.node, "lineno"):
        return None
    learners = [twin for twin in (kernel, *twins()) if _is_learners(twin)]
    for function in sorted(learners, key=lambda function: function.src != link.src):
        if _holds_node(function, link.node):
            return function
    return None


def _holds_node(function: JITFunction, node: ast.AST) -> bool:
    sought = _place(node), ast.unparse(node)
    candidates = (other for other in ast.walk(ast.parse(function.src)) if type(other) is type(node))
    return any((_place(other), ast.unparse(other)) == sought for other in candidates)


def _place(node: ast.AST) -> tuple[int | None, int | None]:
    return getattr(node, "lineno", None), getattr(node, "col_offset", None)


def _launcher_frame(module_file: str | None) -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    outside = None
    while frame is not None:
        file = frame.f_code.co_filename
        if file == module_file:
            return frame
        if outside is None and not file.startswith((_OURS, _TRITONS)):
            outside = frame
        frame = frame.f_back
    return outside


def blame_launch(error: Exception, kernel: str, target: Arch, learners_file: str | None) -> Refusal:
    """The line of the learner's file that launches, whatever stands between it and Triton."""
    reason = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    refusal = Refusal(RefusedBy.LAUNCH, kernel, target, "", "", 0, "", type(error).__name__, reason)
    frame = _launcher_frame(learners_file)
    if frame is None:
        return refusal
    file, line = frame.f_code.co_filename, frame.f_lineno
    source_line = linecache.getline(file, line).strip()
    return replace(refusal, function=frame.f_code.co_name, file=file, line=line, source_line=source_line)
