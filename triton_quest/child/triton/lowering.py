"""One specialised kernel as far down Triton's pipeline as the budget allows: the front end (TTIR), and from there to
the point where shared memory is laid out. No LLVM, no ptxas: registers and spills belong to the full compile.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from triton._C.libtriton import ir, nvidia
from triton.backends.compiler import Language
from triton.compiler.compiler import ASTSource
from triton.runtime.driver import driver
from triton.runtime.jit import JITFunction

from triton_quest.machine import host

from .generator import generating
from .language import for_the_compiler, twins

STDERR = 2
_PTX_VERSION = 83  # of the allocation pass, whose sizes don't depend on it for sm_80 and sm_90


@contextlib.contextmanager
def quiet() -> Iterator[list[str]]:
    """Nothing printed or warned reaches the learner's output. Afterwards the list holds what MLIR wrote to stderr."""
    written: list[str] = []
    sink = host.anonymous_file()
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), sink:
        warnings.simplefilter("ignore")
        try:
            kept = os.dup(STDERR)
        except OSError:  # closed by the learner: MLIR's words are lost, Triton's own remain
            yield written
            return
        os.dup2(sink.fileno(), STDERR)
        try:
            yield written
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)
            sink.seek(0)
            written.append(sink.read().decode(errors="replace"))


def find_dependencies(kernel: JITFunction) -> None:
    """Triton's first pass: refuses functions and modules that no kernel may use. Leaves no half-made hash behind."""
    try:
        assert kernel.cache_key
    except Exception:
        for twin in twins():
            twin.hash = None
        raise


def to_ttir(source: ASTSource, target: Any, backend: Any, options: Any) -> Any:
    """The front end. Raises Triton's own errors: `CompilationError` with the refused node, or RuntimeError where the
    finished module is invalid."""
    return _generated(source, target, backend, options, backend.get_codegen_implementation(options))


def _context(backend: Any) -> Any:
    context = ir.context()
    ir.load_dialects(context)
    backend.load_dialects(context)
    return context


def _generated(source: ASTSource, target: Any, backend: Any, options: Any, functions: dict[str, Any]) -> Any:
    context = _context(backend)
    with for_the_compiler(), generating():
        find_dependencies(source.fn)
        return source.make_ir(target, options, functions, backend.get_module_map(), context)


class _Asked:
    """Options that note which of them the front end looks at."""

    def __init__(self, options: Any) -> None:
        self._options = options
        self.answers: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        answer = self.answers[name] = getattr(self._options, name)
        return answer


class FrontEnd:
    """What the front end made of one specialised kernel for one target, to be used for others that answer its questions alike."""

    def __init__(self, source: ASTSource, target: Any, backend: Any, options: Any) -> None:
        """Raises what `to_ttir` raises."""
        self.shared_bytes: int | None = (
            None  # per block, for the target that it was made for, once it was lowered so far
        )
        self._options = _Asked(options)
        self._sizes: list[tuple[tuple[Any, ...], Any]] = []
        self._is_of_this_target = False
        questions = driver.active.questions
        functions = backend.get_codegen_implementation(options)
        noted = {name: self._noting(name, function) for name, function in functions.items()}
        self.module = _generated(source, target, backend, self._options, noted)
        self._is_of_this_target |= driver.active.questions != questions
        self._text = self.module.str()

    def _noting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            answer = function(*args, **kwargs)
            self._sizes.append((args, answer))
            self._is_of_this_target |= name != "min_dot_size" or bool(kwargs)  # any other writes code
            return answer

        return call

    def fits(self, backend: Any, options: Any) -> bool:
        """Whether the front end would make the same for this target."""
        if self._is_of_this_target:
            return False
        min_dot_size = backend.get_codegen_implementation(options).get("min_dot_size")
        return all(getattr(options, name, None) == answer for name, answer in self._options.answers.items()) and all(
            min_dot_size(*args) == answer for args, answer in self._sizes
        )

    def again(self, backend: Any) -> Any:
        """The same module anew: what lowers one consumes it."""
        context = _context(backend)
        with tempfile.NamedTemporaryFile(suffix=".ttir") as file:
            file.write(self._text.encode())
            file.flush()
            module = ir.parse_mlir_module(file.name, context)
        module.context = context
        return module


def shared_memory_bytes(module: Any, language: Language, target: Any, backend: Any, options: Any) -> int:
    """Per block, with the pipeline's buffers for `num_stages`. Consumes `module`."""
    stages: dict[str, Any] = {}
    backend.add_stages(stages, options, language)
    metadata: dict[str, Any] = {}
    for stage in ("ttir", "ttgir"):  # Gluon has no ttir
        module = stages[stage](module, metadata) if stage in stages else module
    manager = ir.pass_manager(module.context)
    nvidia.passes.ttgpuir.add_allocate_shared_memory_nv(manager, target.arch, _PTX_VERSION)
    manager.run(module, "allocate_shared_memory")
    return int(module.get_int_attr("ttg.shared"))
