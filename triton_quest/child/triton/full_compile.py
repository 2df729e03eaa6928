"""Compiles every kernel that a launcher would launch all the way to a binary, for a GPU that isn't there.

Each kernel goes through the front end as the judge's does, so that what is refused is explained alike, and then through
all of Triton's pipeline and its cache on disk: a kernel that was compiled before costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from triton.compiler import compiler
from triton.compiler.compiler import ASTSource
from triton.runtime.driver import driver

from triton_quest.machine.targets import Arch

from .fake_driver import FakeDriver
from .frontend import CompileSession, FrontEndReport, compile_launches
from .generator import generating
from .language import for_the_compiler
from .limits import check_resources
from .lowering import shared_memory_bytes, to_ttir

SIZED_EARLY = (80, 89, 90)  # where the shared memory is known long before the binary
Tell = Callable[[str, Arch], None]


@dataclass
class _AllTheWay(CompileSession):
    before: Tell = lambda kernel, arch: None
    after: Callable[[], None] = lambda: None

    def lower(self, source: ASTSource, target: Any, backend: Any, options: Any) -> tuple[int | None, Any]:
        self.before(source.fn.fn.__name__, target.arch)
        try:
            module = to_ttir(source, target, backend, options)
            if not self.thorough:
                return None, None
            if target.arch in SIZED_EARLY:  # ptxas can take half a minute over a kernel that doesn't fit
                shared_bytes = shared_memory_bytes(module, source.language, target, backend, options)
                check_resources(driver.active.target, shared_bytes, options.num_warps)
            with for_the_compiler(), generating():
                binary = compiler.compile(source, target=target, options=vars(options))
            return binary.metadata.shared, binary
        finally:
            self.after()


def compile_fully(
    run: Callable[[], object], module: ModuleType, targets: Sequence[Arch], before: Tell, after: Callable[[], None]
) -> FrontEndReport:
    """Call `run`, which calls launchers of the learner's `module` with CPU tensors, and compile instead of launching.

    `before` is told of each kernel and target as the compiler turns to it, `after` that it is done with one. Of a kernel
    that is tuned, each config that pruning leaves goes all the way. Raises what is a fault of this package.
    """
    drivers = [FakeDriver(arch) for arch in targets]
    return compile_launches(run, _AllTheWay(module, drivers, True, every_config=True, before=before, after=after))
