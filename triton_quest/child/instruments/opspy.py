"""Sees every torch call that the learner's launcher makes outside its kernels, and where the results go.

Two views are taken together: torch's dispatcher, which nothing that computes on tensors gets around, and the Python
functions, which show how contents leave torch (`.numpy()`, `.item()`). What follows from a call is the judge's affair.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from . import threads
from .dataflow import OUTSIDE, FlowStep, flowing_into, flowing_into_launches
from .dispatch import FastDispatchMode
from .launches import Launch, Observer, inside_launch
from .ledger import Ledger, tensors_in
from .operators import body_of
from .torchcalls import NOT_ALLOWED_TO_COUNT, CallKind, TorchCall, classify
from .wording import Wording

_SHARING = frozenset({torch.Tensor.numpy, torch.Tensor.__array__, torch.Tensor.__dlpack__})
_LEAVING = _SHARING | {
    torch.Tensor.tolist,
    torch.Tensor.item,
    torch.Tensor.__float__,
    torch.Tensor.__int__,
    torch.Tensor.__index__,
    torch.Tensor.__complex__,
}


def _written(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[torch.Tensor]:
    """The operands that the schema says are written: `self` of an in-place call, `out`."""
    for index, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            yield from tensors_in(args[index] if index < len(args) else kwargs.get(argument.name))


def _changes_dtype(name: str, args: tuple[Any, ...], out: Any) -> bool:
    source = args[1] if name == "copy_" else args[0] if args else None
    return isinstance(source, torch.Tensor) and isinstance(out, torch.Tensor) and source.dtype != out.dtype


def _fill_value(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The number that a filling call was given, apart from the sizes beside it."""
    index = {"full": 1, "full_like": 1, "new_full": 2, "fill": 1, "fill_": 1, "scalar_tensor": 0}.get(name, len(args))
    return args[index] if index < len(args) else kwargs.get("fill_value")


def _poison(tensor: torch.Tensor) -> None:
    """NaN in every element; in integers 0x55 in every byte, far out of any tensor when used as an index."""
    if tensor.is_floating_point() or tensor.is_complex():
        tensor.fill_(float("nan"))
    elif tensor.dtype != torch.bool:
        torch.empty(0, dtype=torch.uint8, device=tensor.device).set_(tensor.untyped_storage()).fill_(0x55)


class _Doors(TorchFunctionMode):
    """The Python functions by which contents leave torch; the dispatcher doesn't see them."""

    def __init__(self, call: Callable[[Any, Any, Any, Any], Any]) -> None:
        super().__init__()
        self._call = call

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self._call(func, types, args, kwargs)


class OpSpy(FastDispatchMode, Observer):
    """Active inside `with observed(spy), spy:`, in the learner's threads too; `calls` and the questions below answer from then on.

    `path` is the learner's file. `inputs` are the tensors handed to the launcher: any other storage that torch wasn't
    seen to make came from outside. `stored_to` tells which tensors a launch wrote; without it, all that it was given.
    `on_uninitialised` is told of each tensor that the launcher allocates empty, `on_written` of each that torch writes,
    `on_filled` instead of those into which it puts a constant.
    """

    def __init__(
        self,
        path: str,
        inputs: Iterable[torch.Tensor] = (),
        *,
        fill_uninitialised_with_nan: bool = False,
        stored_to: Callable[[Launch], Iterable[torch.Tensor]] | None = None,
        on_uninitialised: Callable[[torch.Tensor], None] | None = None,
        on_written: Callable[[torch.Tensor], None] | None = None,
        on_filled: Callable[[torch.Tensor], None] | None = None,
    ) -> None:
        super().__init__()
        self.calls: list[TorchCall] = []
        self._fill = fill_uninitialised_with_nan
        self._stored_to = stored_to
        self._on_uninitialised, self._on_written = on_uninitialised, on_written
        self._on_filled = on_filled or on_written
        self._wording = Wording(path)
        self._ledger = Ledger(inputs)
        self._doors = _Doors(self.leaving_through)
        self._given: list[frozenset[int]] = []  # what each running launch was given

    @property
    def allocated_bytes(self) -> int:
        """All that was allocated outside the kernels, whether freed since or not."""
        return sum(call.allocates for call in self.calls)

    @property
    def uninitialised_addresses(self) -> frozenset[int]:
        """Where the storages start that nobody has written yet: their `untyped_storage().data_ptr()`."""
        return self._ledger.uninitialised_addresses

    def reaches(self, tensor: torch.Tensor, kinds: frozenset[CallKind] = NOT_ALLOWED_TO_COUNT) -> list[TorchCall]:
        """The calls of these kinds whose result had a part in what `tensor` holds now, oldest first."""
        number = self._ledger.number(tensor)
        self._ledger.settle([number])
        return [call for call in flowing_into(self._ledger.steps, {number}) if call.kind in kinds]

    def reaches_kernels(self, kinds: frozenset[CallKind] = NOT_ALLOWED_TO_COUNT) -> list[TorchCall]:
        """The calls of these kinds whose result a kernel was given, oldest first."""
        return [call for call in flowing_into_launches(self._ledger.steps) if call.kind in kinds]

    def is_cast_of_a_kernels_work(self, call: TorchCall, tensor: torch.Tensor) -> bool:
        """Whether a call is the cast that made `tensor`, of storages that kernels wrote, and nothing wrote into it since."""
        number = self._ledger.number(tensor)
        stored = {written for step in self._ledger.steps if step.is_launch for written in step.outputs}
        made = [step for step in self._ledger.steps if number in step.outputs]
        last = bool(made) and made[-1].call is call
        return call.kind is CallKind.CAST and last and set(call.inputs) <= stored

    def __enter__(self) -> OpSpy:
        super().__enter__()
        self._doors.__enter__()
        threads.begin(self)
        return self

    def __exit__(self, *error: Any) -> None:
        threads.end()
        self._doors.__exit__(*error)
        super().__exit__(*error)

    def leaving_through(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a Python function of torch's, and note it if contents left torch by it."""
        result = func(*args, **(kwargs or {}))
        if func in _LEAVING and not inside_launch():
            self._note_leaving(func, args[0], result, sys._getframe(2))
        return result

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if inside_launch():
            return func(*args, **kwargs)
        body = body_of(func, next((tensor.device.type for tensor in tensors_in(args, kwargs)), "cpu"))
        if body is not None:
            with self:  # what the body of the learner's operator calls is looked at as if it stood in the launcher
                return body(*args, **kwargs)
        with torch._C.DisableTorchFunction():  # what is looked up here is no call of the learner's
            return self._watched(func, args, kwargs)

    def _watched(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = func.overloadpacket.__name__
        enters = classify(name) is CallKind.ENTER
        read = frozenset() if enters else frozenset(map(self._ledger.number, tensors_in(args, kwargs)))
        self._ledger.settle(read)
        out = func(*args, **kwargs)
        kind = classify(
            name,
            is_view=func.is_view,
            is_mutable=func._schema.is_mutable,
            changes_dtype=_changes_dtype(name, args, out),
        )
        results = list(tensors_in(out, *_written(func, args, kwargs)))
        if enters:
            read = self._entering(results)
        elif kind is CallKind.FILL:
            read |= self._ledger.values_returned(_fill_value(name, args, kwargs))
        self._note(name, kind, read, results)
        return out

    def _entering(self, tensors: list[torch.Tensor]) -> frozenset[int]:
        """What a tensor made of outside data may hold: for a single number, only a number that left torch before."""
        single = [tensor.item() for tensor in tensors if tensor.numel() == 1]
        bulk = {OUTSIDE} if len(single) < len(tensors) else set()
        return frozenset(bulk) | self._ledger.values_returned(single)

    def _note(self, name: str, kind: CallKind, read: frozenset[int], results: list[torch.Tensor]) -> None:
        made = [self._ledger.made(tensor) for tensor in results]
        written = tuple(dict.fromkeys(number for number, _ in made))
        place = self._wording.place(sys._getframe(1), name)
        call = TorchCall(
            name,
            place.text or name.strip("_"),
            self._wording.path,
            place.line,
            kind,
            tuple(sorted(read)),
            written,
            sum(size for _, size in made),
        )
        self.calls.append(call)
        if kind is CallKind.VIEW or kind is CallKind.OTHER:
            return
        self._ledger.add(FlowStep(read, frozenset(written), call), initialises=kind is not CallKind.ALLOCATE)
        if kind is CallKind.ALLOCATE:
            self._ledger.mark_uninitialised(written)
            if self._fill:
                for tensor in results:
                    _poison(tensor)
        told = {CallKind.ALLOCATE: self._on_uninitialised, CallKind.FILL: self._on_filled}.get(kind, self._on_written)
        if told is not None:
            for tensor in results:
                told(tensor)

    def _note_leaving(self, func: Any, tensor: torch.Tensor, result: Any, frame: Any) -> None:
        name, number = func.__name__, self._ledger.number(tensor)
        place = self._wording.place(frame, name)
        values = self._ledger.values_left(result)
        written = values if isinstance(result, (int, float)) else values | {OUTSIDE}
        call = TorchCall(name, place.text or name, self._wording.path, place.line, CallKind.LEAVE, (number,))
        self.calls.append(call)
        self._ledger.add(FlowStep(frozenset({number}), written, call))
        if func in _SHARING:
            self._ledger.export(tensor, call)

    def begin(self, launch: Launch) -> None:
        arguments = list(launch.arguments.values())
        given = frozenset(map(self._ledger.number, tensors_in(arguments)))
        self._ledger.settle(given)
        self._given.append(given | self._ledger.values_returned(arguments))

    def end(self, launch: Launch) -> None:
        tensors = self._stored_to(launch) if self._stored_to else tensors_in(launch.arguments)
        written = frozenset(map(self._ledger.number, tensors))
        self._ledger.add(FlowStep(self._given.pop(), written, is_launch=True))
