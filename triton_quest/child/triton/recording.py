"""Remembers what each operation of `tl` asks of the interpreter's builder, and asks the same the next time.

Which types to promote, which shapes to broadcast and which casts to insert follows from types and constants alone, and costs
ten times what NumPy does below. So the calls to the builder are recorded once for each signature and made again for the
next operands. The builder's methods are looked up at each call: whatever watches or corrects them sees every one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import triton.language as tl
from triton.language.semantic import TritonSemantic
from triton.runtime import interpreter

from .patching import Edits, Need, Patch
from .scalars import Counter, WideCounter

_INTERPRETER = "triton.runtime.interpreter"
_SEMANTIC = "triton.language.semantic:TritonSemantic"
_FUNCTIONS = """
    abs add arange broadcast broadcast_to cast ceil clamp cos div_rn erf exp exp2 expand_dims fdiv floor fma full join log
    log2 logical_and logical_or maximum minimum mul num_programs permute program_id reshape rsqrt sin split sqrt sqrt_rn sub
    to trans umulhi view where
"""
_OPERATORS = """
    add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod neg invert and rand or ror xor rxor lshift
    rlshift rshift rrshift gt rgt ge rge lt rlt le rle eq req ne rne getitem
"""
_RECORDED = frozenset(_FUNCTIONS.split()) | {f"__{name}__" for name in _OPERATORS.split()}
_MOST = 20_000  # signatures: constants are part of them, and a kernel may go through any number of those
_EVERYTHING = slice(None)
_FIELDS = {"handle", "shape", "numel", "type", "dtype"}


class _Unknown(Exception):
    """Something whose part in an operation can't be told beforehand."""


def _part(value: Any) -> Any:
    """What an operation may know of an argument: the type of a tensor, the value of anything else."""
    kind = type(value)
    if kind is tl.tensor:
        return value.type.name
    if value is None:
        return None
    if kind is int or kind is bool or kind is str:
        return kind, value
    if kind is Counter or kind is WideCounter:
        return kind, int(value)
    if kind is float:
        return kind, repr(value)  # 0.0 is equal to -0.0, and NaN to nothing
    if kind is tl.constexpr:
        return kind, _part(_constant(value.value))
    if kind is tl.dtype:
        return kind, value.name
    if kind is tuple or kind is list:
        return kind, *map(_part, map(_constant, value))
    if kind is tl.tuple:
        return kind, *map(_part, map(_constant, value.values))
    if kind is slice and value == _EVERYTHING:
        return kind
    raise _Unknown


def _constant(value: Any) -> Any:
    """The handle of a tensor inside of something else would not be found."""
    if type(value) is tl.tensor:
        raise _Unknown
    return value


@dataclass(frozen=True)
class _Plan:
    """The calls of one signature. Registers: the handles of the tensors among the arguments, the constants, the results.

    `returned`: for each tensor its register and its other fields; a single tensor where `gathered` is None.
    """

    tensors: tuple[int, ...]
    constants: tuple[Any, ...]
    calls: tuple[tuple[str, tuple[int, ...]], ...]
    returned: tuple[tuple[int, dict[str, Any]], ...]
    gathered: type[Any] | None

    def follow(self, builder: Any, values: tuple[Any, ...]) -> Any:
        registers = [values[place].handle for place in self.tensors]
        registers += self.constants
        for name, wanted in self.calls:
            registers.append(getattr(builder, name)(*[registers[number] for number in wanted]))
        found = []
        for number, fields in self.returned:
            tensor = object.__new__(tl.tensor)
            tensor.__dict__.update(fields)
            tensor.handle = registers[number]
            found.append(tensor)
        return found[0] if self.gathered is None else self.gathered(found)


class _Recorder:
    """In the place of the builder: makes each call, and notes it."""

    def __init__(self, builder: Any, values: tuple[Any, ...]) -> None:
        self._builder = builder
        self._tensors = tuple(place for place, value in enumerate(values) if type(value) is tl.tensor)
        self._handles = [values[place].handle for place in self._tensors]  # kept alive: known by their ids
        self._inputs = len(self._handles)
        self._constants: list[Any] = []
        self._calls: list[tuple[str, tuple[tuple[bool, int], ...]]] = []
        self.is_sure = all(type(handle) is interpreter.TensorHandle for handle in self._handles)

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._builder, name)
        if not inspect.ismethod(member):
            return member

        def call(*args: Any, **kwargs: Any) -> Any:
            result = member(*args, **kwargs)
            if name.startswith("get_") and not isinstance(result, interpreter.TensorHandle):
                return result  # a type
            self.is_sure &= not kwargs and (result is None or type(result) is interpreter.TensorHandle)
            self._calls.append((name, tuple(map(self._number, args))))
            self._handles.append(result)
            return result

        return call

    def _number(self, value: Any) -> tuple[bool, int]:
        """Whether it is a handle, and its number among those, or among the constants."""
        if type(value) is interpreter.TensorHandle:
            for number, handle in enumerate(self._handles):
                if handle is value:
                    return True, number
            self.is_sure = False
        elif isinstance(value, (list, tuple)):
            self.is_sure &= not any(isinstance(item, interpreter.TensorHandle) for item in value)
        self._constants.append(value)
        return False, len(self._constants) - 1

    def plan(self, result: Any) -> _Plan | None:
        """None where the same calls needn't come to the same for other operands of these types."""
        gathered = type(result) if isinstance(result, (tuple, list)) else None
        results = [result] if gathered is None else list(result)
        if not self.is_sure or not all(type(one) is tl.tensor and vars(one).keys() == _FIELDS for one in results):
            return None
        found = [self._number(one.handle) for one in results]
        if not self.is_sure:
            return None
        calls = tuple((name, tuple(map(self._register, wanted))) for name, wanted in self._calls)
        fields = [{name: field for name, field in vars(one).items() if name != "handle"} for one in results]
        returned = tuple((self._register(one), rest) for one, rest in zip(found, fields, strict=True))
        return _Plan(self._tensors, tuple(self._constants), calls, returned, gathered)

    def _register(self, place: tuple[bool, int]) -> int:
        is_handle, number = place
        if not is_handle:
            return self._inputs + number
        return number if number < self._inputs else number + len(self._constants)


class _Recordings:
    """The plans of all operations, and the recording that is going on."""

    def __init__(self) -> None:
        self._plans: dict[Any, _Plan | None] = {}
        self._recorder: _Recorder | None = None
        self._semantic = interpreter.interpreter_semantic

    def value_was_read(self) -> None:
        """Somebody asked for the contents of a tensor: what comes of it holds for those alone."""
        if self._recorder is not None:
            self._recorder.is_sure = False

    def of(self, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        """`plain`, a function whose calls to the builder depend on types and constants alone, following plans."""
        plans, tensor, semantic = self._plans, tl.tensor, self._semantic

        def operation(*args: Any, **kwargs: Any) -> Any:
            if self._recorder is not None:
                return plain(*args, **kwargs)
            try:
                parts = [value.type.name if type(value) is tensor else _part(value) for value in args]
                if kwargs:
                    parts += [(key, _part(value)) for key, value in kwargs.items()]
                    values = (*args, *kwargs.values())
                else:
                    values = args
            except _Unknown:
                return plain(*args, **kwargs)
            key = (plain, *parts)
            if key not in plans:
                return self._record(key, values, plain, args, kwargs)
            plan = plans[key]
            return plain(*args, **kwargs) if plan is None else plan.follow(semantic.builder, values)

        operation.__name__ = name
        return operation

    def _record(
        self,
        key: Any,
        values: tuple[Any, ...],
        plain: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if len(self._plans) >= _MOST:
            return plain(*args, **kwargs)
        builder = self._semantic.builder
        self._recorder = self._semantic.builder = recorder = _Recorder(builder, values)
        try:
            result = plain(*args, **kwargs)
        finally:
            self._recorder, self._semantic.builder = None, builder
        self._plans[key] = recorder.plan(result)
        return result


def _record_operations(edits: Edits) -> None:
    """Also looks through the members of `tl` once, and not at each launch."""
    recordings, patch_attr, patch_tensor = _Recordings(), interpreter._patch_attr, interpreter._patch_lang_tensor
    semantic = interpreter.interpreter_semantic
    known: dict[Any, list[tuple[str, Callable[..., Any], Callable[..., Any]]]] = {}
    if set(vars(tl.tensor(None, tl.int32))) != _FIELDS:
        raise ValueError("a tensor holds other fields than those known")

    def interpreted(member: Callable[..., Any]) -> Callable[..., Any]:
        def plain(*args: Any, **kwargs: Any) -> Any:
            kwargs["_semantic"] = semantic
            return member(*args, **kwargs)

        return plain

    def operation_of(name: str, member: Callable[..., Any]) -> Callable[..., Any]:
        plain = interpreted(member)
        operation = recordings.of(name, plain) if name in _RECORDED else plain
        operation.__module__ = interpreter.__name__  # by which `language` knows what the interpreter has replaced
        return operation

    def patch_builtin(owner: Any, builder: Any, scope: Any) -> None:
        operations = known.get(owner)
        if operations is None:
            members = [(name, one) for name, one in inspect.getmembers(owner) if tl.core.is_builtin(one)]
            operations = known[owner] = [(name, member, operation_of(name, member)) for name, member in members]
        for name, member, operation in operations:
            present = getattr(owner, name, None)
            if present is member:
                scope.set_attr(owner, name, operation)
            elif tl.core.is_builtin(present):
                patch_attr(owner, name, present, builder, scope)

    def noted(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def value(self: Any) -> Any:
            if self.handle.data.size == 1:  # a larger block is true whatever it holds
                recordings.value_was_read()
            return read(self)

        return value

    def patch_lang_tensor(tensor: Any, scope: Any) -> None:
        patch_tensor(tensor, scope)
        for name in ("__bool__", "__index__"):
            setattr(tensor, name, noted(getattr(tensor, name)))

    edits.set(interpreter, "_patch_builtin", patch_builtin)
    edits.set(interpreter, "_patch_lang_tensor", patch_lang_tensor)
    for name in ("load", "store"):
        edits.set(TritonSemantic, name, _of_semantic(recordings, getattr(TritonSemantic, name)))


def _of_semantic(recordings: _Recordings, method: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a method of the semantic layer, where the memory model watches it from above."""
    operation = recordings.of(
        method.__name__, lambda *args, **kwargs: method(interpreter.interpreter_semantic, *args, **kwargs)
    )

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self is not interpreter.interpreter_semantic:
            return method(self, *args, **kwargs)
        return operation(*args, **kwargs)

    return call


PATCHES = (
    Patch(
        "operations recorded",
        _record_operations,
        (
            Need(f"{_INTERPRETER}:_patch_builtin", ("pkg", "builder", "scope")),
            Need(f"{_INTERPRETER}:_patch_attr", ("obj", "name", "member", "builder", "scope")),
            Need(f"{_INTERPRETER}:_patch_lang_tensor", ("tensor", "scope")),
            Need(f"{_INTERPRETER}:_LangPatchScope.set_attr", ("self", "obj", "name", "value")),
            Need(f"{_INTERPRETER}:interpreter_semantic.builder"),
            Need(f"{_SEMANTIC}.load"),
            Need(f"{_SEMANTIC}.store"),
        ),
    ),
)
