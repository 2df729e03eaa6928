"""What a launcher is given in one call: its arguments, and where its answer is differentiated, the gradient handed to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch

from triton_quest.child.instruments.autograd import gradients
from triton_quest.course import parts
from triton_quest.course.answer import Answer
from triton_quest.course.case import DTYPES, Case, Draw, Race, normal_dout
from triton_quest.course.level import Level

Launcher = Callable[..., Any]
DOUT = "dout"  # the name of the gradient that is handed to the first answer


@dataclass(frozen=True)
class Given:
    """The arguments of one call. `wanted` names those whose gradients are judged; they get `dout` handed to the first answer."""

    level: Level
    inputs: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()
    dout: torch.Tensor | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return parameter_names(self.level)

    @property
    def judged(self) -> tuple[str, ...]:
        """The names of the answers and of the gradients."""
        return self.level.judged(self.wanted)

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """All that the launcher and its backward pass are handed, by name."""
        named = {name: x for name, x in zip(self.names, self.inputs, strict=False) if isinstance(x, torch.Tensor)}
        return named if self.dout is None else {**named, DOUT: self.dout}

    def each(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Given:
        """The same call, with what `function` makes of each tensor."""
        inputs = tuple(function(x) if isinstance(x, torch.Tensor) else x for x in self.inputs)
        return replace(self, inputs=inputs, dout=None if self.dout is None else function(self.dout))

    def overwrite(self, other: Given) -> None:
        """Put the other call's numbers, drawn in the same way, into the memory of this one's tensors."""
        for name, old in self.tensors.items():
            _without_repeats(old).copy_(_without_repeats(other.tensors[name]))

    def arguments(self) -> tuple[Any, ...]:
        """What the launcher is called with: of the inputs whose gradients are wanted, leaves of a graph in the same memory."""
        wanted = {self.names.index(name) for name in self.wanted}
        return tuple(x.detach().requires_grad_() if place in wanted else x for place, x in enumerate(self.inputs))

    def backward(self, returned: Any, arguments: tuple[Any, ...]) -> dict[str, torch.Tensor | None]:
        """The wanted gradients by name, from autograd; none where what was returned can't be differentiated with `dout`."""
        out = returned[0] if len(self.level.answers) > 1 and isinstance(returned, tuple) else returned
        if self.dout is None or not isinstance(out, torch.Tensor) or not out.requires_grad:
            return {}
        if out.shape != self.dout.shape or out.dtype != self.dout.dtype or out.device != self.dout.device:
            return {}
        leaves = [arguments[self.names.index(name)] for name in self.wanted]
        return dict(zip(self.judged[-len(leaves) :], gradients(out, leaves, self.dout), strict=True))

    def called(self, launcher: Launcher) -> tuple[Any, dict[str, torch.Tensor | None]]:
        """What the launcher returns, and the gradients: forward and backward with nobody watching in between."""
        arguments = self.arguments()
        returned = launcher(*arguments, **self.keywords)
        return returned, self.backward(returned, arguments)

    def timed(self, launcher: Launcher) -> Callable[[], Any]:
        """A call to be timed, forward and backward, which returns the judged tensors: `Answer.of` names them."""
        arguments = self.arguments() if self.wanted else self.inputs
        call = partial(launcher, *arguments, **self.keywords)

        def call_and_go_backward() -> tuple[Any, ...]:
            returned = call()
            answers = returned if len(self.level.answers) > 1 else (returned,)
            return (*answers, *self.backward(returned, arguments).values())

        return call_and_go_backward if self.wanted else call

    def answer(self, returned: Any, found: Mapping[str, torch.Tensor | None]) -> Answer | None:
        """The answers and the gradients by name. None where any of them isn't a tensor."""
        answers = Answer.of(returned, self.level.answers)
        given = {name: tensor.detach() for name, tensor in found.items() if tensor is not None}
        if answers is None or len(given) < len(self.wanted):
            return None
        return Answer({**answers, **given})

    @property
    def shown(self) -> str:
        """ "x (1025,), y (1025,), fp16" """
        main = main_dtype(self.inputs)
        told = [_told(name, x, main) for name, x in self.tensors.items()]
        told += [f"{name}={value}" for name, value in self.keywords.items()]
        if len(self.wanted) < len(self.level.gradients) and self.wanted:
            told.append(f"gradients of {', '.join(self.wanted)} alone")
        return ", ".join([*told, short(main)])


def of(level: Level, inputs: tuple[Any, ...], source: Case | Race, draw: Draw) -> Given:
    """These inputs in the name of a case or a race, with the `dout` that it asks for."""
    asked, make_dout = (source.requires_grad, source.dout) if isinstance(source, Case) else (None, normal_dout)
    wanted = level.gradients if asked is None else asked
    if not wanted:
        return Given(level, inputs, source.keywords)
    expected = Answer.of(parts.truth(level)(*inputs, **source.keywords), level.answers)
    assert expected is not None, f"reference.py of {level.slug} doesn't return {level.answers}"
    return Given(level, inputs, source.keywords, wanted, make_dout(draw, expected[level.answers[0]]))


def drawn(level: Level, source: Case | Race, draw: Draw) -> Given:
    """The inputs of a case or a race."""
    return of(level, source.inputs(draw), source, draw)


def drawn_for(level: Level, case: Case, dtype: str, blocks: tuple[int, ...], again: bool = False) -> Given:
    """A case's inputs on the CPU; `again`: other numbers of the same shapes."""
    name = f"{case.name}, again" if again else case.name
    return drawn(level, case, Draw(name, DTYPES[dtype], blocks))


def parameter_names(level: Level) -> tuple[str, ...]:
    function = parts.truth(level)
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def main_dtype(inputs: tuple[Any, ...]) -> torch.dtype:
    """The dtype under test: that of the first floating input."""
    return next(x.dtype for x in inputs if isinstance(x, torch.Tensor) and x.is_floating_point())


def short(dtype: torch.dtype) -> str:
    """ "fp16", "int64" """
    return next((name for name, known in DTYPES.items() if known == dtype), str(dtype).removeprefix("torch."))


def _told(name: str, x: torch.Tensor, main: torch.dtype) -> str:
    strides = "" if x.is_contiguous() else f" with strides {x.stride()}"
    own = "" if x.dtype == main else f" in {short(x.dtype)}"
    return f"{name} {tuple(x.shape)}{own}{strides}"


def _without_repeats(x: torch.Tensor) -> torch.Tensor:
    """Each element in memory once: of an axis that was expanded, its first place."""
    return x[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in x.stride())]
