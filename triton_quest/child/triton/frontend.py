"""Puts every kernel that a launcher would launch through Triton's front end, for GPUs that aren't there; none runs.

`compile_front_end` calls the launcher with `InterpretedFunction.run` replaced: whatever way a kernel is reached
(autotune, heuristics, a dict, a closure, another module), its launch arrives here with its real arguments, is
specialised as Triton would for each target, and lowered. What is refused becomes a `Refusal`; a fault of this package
stays an exception.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from triton.backends.compiler import Language
from triton.compiler.compiler import ASTSource
from triton.runtime.autotuner import Autotuner
from triton.runtime.driver import driver
from triton.runtime.errors import OutOfResources
from triton.runtime.interpreter import InterpretedFunction
from triton.runtime.jit import JITFunction

from triton_quest.machine.targets import Arch

from . import arithmetic
from .blame import blame_launch, blame_line, is_our_fault
from .configs import refuse_unfit
from .contents import Unknown, constants, contents
from .fake_driver import FakeDriver, activated
from .language import compilable, place_of, twin_of
from .limits import check_grid, check_resources
from .lowering import FrontEnd, quiet, shared_memory_bytes, to_ttir
from .refusals import Refusal

TARGETS: tuple[Arch, ...] = (80, 90)
_run = JITFunction.run  # before the interpreter is adapted, which refuses to launch what it can't interpret
_went_through: dict[tuple[Any, ...], tuple[int | None, arithmetic.Compiled]] = {}
"""What needn't be lowered again in this process: its shared memory, and what the front end noted, on lines from the kernel's on."""
FAR_FROM_THE_LIMIT = 32 * 1024
"""Bytes of shared memory. A kernel that needs fewer on one of TARGETS needs no fifth of what the others have: it isn't lowered again."""
MAY_DROP_OUT = ("OutOfResources", "CompileTimeAssertionFailure")


def constants_of(source: ASTSource, kernel: JITFunction) -> tuple[tuple[str, str], ...]:
    """The values of the kernel's `tl.constexpr` parameters, by name."""
    values = {path[0]: value for path, value in source.constants.items() if len(path) == 1}
    asked = ((number, param.name) for number, param in enumerate(kernel.params) if param.is_constexpr)
    return tuple((name, str(values[number])) for number, name in asked if number in values)


@dataclass(frozen=True)
class CompiledLaunch:
    """One specialisation of a kernel that went through. `shared_bytes` per block; None where it wasn't asked for.

    `binary` is Triton's CompiledKernel, where it went all the way.
    """

    kernel: str
    target: Arch
    shared_bytes: int | None
    seconds: float
    constants: tuple[tuple[str, str], ...] = ()
    binary: Any = None
    config: str = ""  # "config 2 of 7" of a tuned kernel


@dataclass(frozen=True)
class FrontEndReport:
    """`launcher_error`: what the launcher itself raised, since no kernel wrote the numbers that it may go on with."""

    refusals: tuple[Refusal, ...]
    compiled: tuple[CompiledLaunch, ...]
    launcher_error: Exception | None


@dataclass
class CompileSession:
    """One call of `compile_launches`: what was refused and what went through. `thorough`: beyond the front end.

    `every_config`: of a tuned kernel, each config is looked at as thoroughly as the first.
    """

    module: ModuleType
    drivers: Sequence[FakeDriver]
    thorough: bool
    every_config: bool = False
    config: str = ""  # the one of a tuned kernel that is being compiled
    refusals: list[Refusal] = field(default_factory=list)
    compiled: list[CompiledLaunch] = field(default_factory=list)
    outcomes: dict[tuple[Any, ...], Refusal | None] = field(default_factory=dict)
    front_ends: dict[tuple[Any, ...], FrontEnd] = field(default_factory=dict)
    our_fault: Exception | None = None

    def launch(
        self, function: InterpretedFunction | JITFunction, args: tuple[Any, ...], grid: Any, kwargs: dict[str, Any]
    ) -> None:
        """In the place of `InterpretedFunction.run`, and of `JITFunction.run` for a kernel in Gluon."""
        args, kwargs = compilable(args), {name: compilable(value) for name, value in kwargs.items()}
        for fake in self.drivers:
            driver.set_active(fake)
            try:
                if grid is None:  # what is called like a function is none of the learner's kernels, perhaps
                    check_grid(grid)
                kernel = twin_of(function)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    _run(kernel, *args, grid=grid, warmup=False, **kwargs)
                arguments = kernel.device_caches[fake.get_current_device()][-1](*args, **kwargs)[0]
                check_grid(grid(arguments) if callable(grid) else grid)
            except Exception as error:
                self._keep_if_ours(error)
                self.refusals.append(blame_launch(error, function.fn.__name__, fake.arch, self.module.__file__))

    def compile(
        self,
        kernel: JITFunction,
        key: Any,
        signature: Any,
        device: Arch,
        constexprs: Any,
        options: Any,
        attrs: Any,
        _: Any,
    ) -> None:
        """In the place of `JITFunction._do_compile`: None tells `run` that there is nothing to launch."""
        known = (id(kernel), key, device, self.thorough)  # a kernel's own hash would look up its dependencies
        if known not in self.outcomes:
            source = getattr(kernel, "ASTSource", ASTSource)(kernel, signature, constexprs, attrs)
            self.outcomes[known] = self._lower(source, kernel, device, options)
        refusal = self.outcomes[known]
        if refusal is not None:
            self.refusals.append(refusal)

    def _lower(self, source: ASTSource, kernel: JITFunction, device: Arch, options: Any) -> Refusal | None:
        _, _, target, backend, _ = kernel.device_caches[device]
        began = time.perf_counter()
        with quiet() as written:
            try:
                shared_bytes, binary = self.lower(source, target, backend, options)
                check_resources(driver.active.target, shared_bytes or 0, options.num_warps)
            except Exception as error:
                self._keep_if_ours(error)
                failure = error
            else:
                seconds = time.perf_counter() - began
                constants = constants_of(source, kernel)
                self.compiled.append(
                    CompiledLaunch(kernel.fn.__name__, device, shared_bytes, seconds, constants, binary, self.config)
                )
                return None
        if isinstance(failure, OutOfResources):
            return blame_launch(failure, kernel.fn.__name__, device, self.module.__file__)
        pointers = tuple(name for name, kind in source.signature.items() if str(kind).startswith("*"))
        refusal = blame_line(failure, kernel, device, "".join(written))
        return replace(refusal, constants=constants_of(source, kernel), pointers=pointers)

    def lower(self, source: ASTSource, target: Any, backend: Any, options: Any) -> tuple[int | None, Any]:
        """As far down as this session goes: the shared memory in bytes, and the finished binary, where it comes to that."""
        key = self._key(source, target, options)
        if key is None:
            return self._lower_anew(source, target, backend, options), None
        file, line = place_of(source.fn)
        if key not in _went_through:
            with arithmetic.noted() as notes:
                shared_bytes = self._lower_anew(source, target, backend, options)
            _went_through[key] = shared_bytes, notes.moved((file, line), ("", 0))
        shared_bytes, notes = _went_through[key]
        arithmetic.compiled.absorb(notes.moved(("", 0), (file, line)))
        return shared_bytes, None

    def _key(self, source: ASTSource, target: Any, options: Any) -> tuple[Any, ...] | None:
        """All that decides what becomes of the kernel; None where it can't be told."""
        if source.language is not Language.TRITON:
            return None
        try:
            seen = contents(source.fn), constants(source.constants)
        except Unknown:
            return None
        return (*seen, str(source.signature), str(source.attrs), str(options), target.arch, self.thorough)

    def _lower_anew(self, source: ASTSource, target: Any, backend: Any, options: Any) -> int | None:
        if not self.thorough:
            to_ttir(source, target, backend, options)
            return None
        if source.language is not Language.TRITON:
            module = to_ttir(source, target, backend, options)
            return shared_memory_bytes(module, source.language, target, backend, options)
        key = (id(source.fn), *map(str, (source.signature, source.constants, source.attrs)))
        known = self.front_ends.get(key)
        if known is not None and known.fits(backend, options):
            if known.shared_bytes is not None and known.shared_bytes < FAR_FROM_THE_LIMIT:
                return None
            with contextlib.suppress(Exception), quiet():  # what goes wrong is told of the source, not of its copy
                return shared_memory_bytes(known.again(backend), source.language, target, backend, options)
        found = self.front_ends[key] = FrontEnd(source, target, backend, options)
        found.shared_bytes = shared_memory_bytes(found.module, source.language, target, backend, options)
        return found.shared_bytes

    def _keep_if_ours(self, error: Exception) -> None:
        if is_our_fault(error):
            self.our_fault = self.our_fault or error

    def run_configs(self, tuner: Autotuner, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """In the place of `Autotuner.run`, which drops the configs that need too much, but trips over a wrong one.

        The first config that fits is looked at thoroughly, those after it by the front end alone and for one target, unless every one is
        asked for.
        """
        tuner.nargs = dict(zip(tuner.arg_names, args, strict=False))
        refuse_unfit(tuner, kwargs)
        everything, fits = (self.drivers, self.thorough), False
        dropped: list[Refusal] = []
        fitting: set[Arch] = set()  # the targets that some config fits
        for config in tuner.prune_configs(kwargs):
            if len(tuner.configs) > 1 and config in tuner.configs:
                self.config = f"config {tuner.configs.index(config) + 1} of {len(tuner.configs)}"
            chosen = {**kwargs, **config.all_kwargs()}
            if config.pre_hook is not None:
                config.pre_hook({**tuner.nargs, **chosen})
            if fits and not self.every_config:
                self.drivers, self.thorough = self.drivers[:1], False
            known, self.refusals = self.refusals, []
            try:
                tuner.fn.run(*args, **chosen)
            finally:
                refused, self.refusals = self.refusals, known
            may_drop = all(refusal.error_type in MAY_DROP_OUT for refusal in refused)
            fits = fits or not refused
            fitting |= {fake.arch for fake in self.drivers} - {refusal.target for refusal in refused}
            (dropped if may_drop else self.refusals).extend(refused)
        tuner.nargs, self.config = None, ""
        self.drivers, self.thorough = everything
        if not fits:
            self.refusals += [refusal for refusal in dropped if refusal.target not in fitting]


@contextmanager
def _in_place_of_launches(session: CompileSession) -> Iterator[None]:
    run, call = InterpretedFunction.run, InterpretedFunction.__call__
    do_compile, run_compiled, tune = JITFunction._do_compile, JITFunction.run, Autotuner.run

    def launch(function: InterpretedFunction | JITFunction, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        session.launch(function, args, grid, kwargs)

    def call_without_grid(function: InterpretedFunction, *args: Any, **kwargs: Any) -> None:
        session.launch(function, args, None, kwargs)

    def compile(kernel: JITFunction, *args: Any, **kwargs: Any) -> None:
        session.compile(kernel, *args, **kwargs)

    def run_configs(tuner: Autotuner, *args: Any, **kwargs: Any) -> None:
        session.run_configs(tuner, args, kwargs)

    InterpretedFunction.run, InterpretedFunction.__call__ = launch, call_without_grid
    JITFunction._do_compile, JITFunction.run, Autotuner.run = compile, launch, run_configs
    try:
        yield
    finally:
        InterpretedFunction.run, InterpretedFunction.__call__ = run, call
        JITFunction._do_compile, JITFunction.run, Autotuner.run = do_compile, run_compiled, tune


def compile_front_end(
    run: Callable[[], object], module: ModuleType, targets: Sequence[Arch] = TARGETS, shared_memory: bool = True
) -> FrontEndReport:
    """Call `run`, which calls launchers of the learner's `module` with CPU tensors, and compile instead of launching.

    `targets` are compute capabilities. `shared_memory` also lowers each kernel as far as its shared memory, and refuses
    what doesn't fit. The process can interpret kernels afterwards as before. Raises what is a fault of this package.
    """
    return compile_launches(run, CompileSession(module, [FakeDriver(arch) for arch in targets], shared_memory))


def compile_launches(run: Callable[[], object], session: CompileSession) -> FrontEndReport:
    """Call `run` and hand each of its launches to the session."""
    launcher_error = None
    with activated(session.drivers[0].arch), _in_place_of_launches(session):
        try:
            run()
        except Exception as error:
            launcher_error = error
    if session.our_fault is not None:
        raise session.our_fault
    return FrontEndReport(tuple(dict.fromkeys(session.refusals)), tuple(session.compiled), launcher_error)
