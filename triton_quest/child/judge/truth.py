"""What PyTorch says to one call: the truth in float64, PyTorch's own result, and what a correct kernel may be off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from triton_quest.child.judge import compare
from triton_quest.child.judge.compare import Budget
from triton_quest.child.judge.given import Given, main_dtype
from triton_quest.course import parts
from triton_quest.course.answer import Answer

Function = Callable[..., Any]


@dataclass(frozen=True)
class Reference:
    """What PyTorch says to one set of inputs: of the answers and of the wanted gradients, by name."""

    truth: Answer  # in float64
    pytorch: Answer  # its own operator, in the dtype under test: shapes, dtypes and devices that an answer must have
    budgets: Mapping[str, Budget]

    def wrong(self, answer: Answer) -> Answer:
        """True where an element is off by more than its budget."""
        return Answer(
            {name: compare.wrong_elements(x, self.truth[name], self.budgets[name]) for name, x in answer.items()}
        )

    def right_in(self, answer: Answer) -> tuple[str, ...]:
        """The names in which an answer of any shape is right."""
        alike = Answer({name: x for name, x in answer.items() if x.shape == self.truth[name].shape})
        wrong = self.wrong(alike).marked
        return tuple(name for name in alike if name not in wrong)

    def on_cpu(self) -> Reference:
        budgets = {name: Budget(budget.allowed.cpu()) for name, budget in self.budgets.items()}
        return Reference(self.truth.each(torch.Tensor.cpu), self.pytorch.each(torch.Tensor.cpu), budgets)


def reference(given: Given, *, tf32: bool = False) -> Reference:
    """The truth, PyTorch's own result, and what a correct kernel may be off.

    The budget of a level comes from its counterpart in PyTorch, run in the dtype under test, and that of gradients from the
    same in fp32, rounded once. Where operands are rounded on the way, `accumulating_in_fp32` of `reference.py` says how far
    off a kernel is that rounds them and sums in fp32; it then sets all budgets.
    tf32: the kernel leaves its fp32 dots to a GPU's default, which keeps as many digits as fp16; so does the budget.
    """
    function = parts.truth(given.level)
    truth = _answered(function, _converted(given, torch.float64))
    pytorch = _own(given)
    if tf32:
        half = _own(_converted(given, torch.float16))
        if any(bool((torch.isfinite(truth[name]) & ~torch.isfinite(half[name])).any()) for name in truth):
            half = _own(given.each(rounded_to_tf32)).each(rounded_to_tf32)  # fp16's digits, and fp32's range
        return Reference(truth, pytorch, {name: compare.budget(truth[name], half[name]) for name in truth})
    bounds = _bounds(given)
    budgets = {name: compare.budget(truth[name], pytorch[name], bounds.get(name)) for name in truth}
    return Reference(truth, pytorch, budgets)


def _own(given: Given) -> Answer:
    """PyTorch's own result, in the dtypes that an answer must have."""
    function = parts.truth(given.level)
    accumulating: Function | None = getattr(parts.reference(given.level), "accumulating_in_fp32", None)
    if accumulating is not None or not given.wanted:
        return _answered(accumulating or function, given)
    forward = _answered(function, Given(given.level, given.inputs, given.keywords))
    single = _answered(function, _converted(given, torch.float32))
    belongs_to = {f"d{name}": given.tensors[name].dtype for name in given.wanted}
    return Answer({**forward, **{name: single[name].to(dtype) for name, dtype in belongs_to.items()}})


def _answered(function: Function, given: Given) -> Answer:
    answer = given.answer(*given.called(function))
    assert answer is not None, f"reference.py of {given.level.slug} doesn't give {given.judged}"
    return answer


def _bounds(given: Given) -> dict[str, torch.Tensor]:
    """The magnitude of each answer's dots: the level gives a tensor for its first answer, or several by name.

    For a level with gradients, `magnitude` takes `dout` as well.
    """
    magnitude: Function | None = getattr(parts.reference(given.level), "magnitude", None)
    if magnitude is None:
        return {}
    doubled = _converted(given, torch.float64)
    more = {} if doubled.dout is None else {"dout": doubled.dout}
    bound = magnitude(*doubled.inputs, **given.keywords, **more)
    return bound if isinstance(bound, dict) else {given.judged[0]: bound}


def _converted(given: Given, dtype: torch.dtype) -> Given:
    """The same call in another dtype; float64 for all, else what has a dtype of its own keeps it."""
    main = main_dtype(given.inputs)
    fixed = {name for name, shape in zip(given.names, given.level.shapes, strict=False) if shape.dtype}
    kept = {id(x) for name, x in given.tensors.items() if name in fixed} if dtype != torch.float64 else set()

    def convert(x: torch.Tensor) -> torch.Tensor:
        return x.to(dtype) if x.is_floating_point() and id(x) not in kept else x

    converted = given.each(convert)
    if given.dout is None or dtype == torch.float64 or given.dout.dtype == main:
        return converted
    return Given(
        given.level, converted.inputs, given.keywords, given.wanted, given.dout
    )  # an answer of a dtype of its own


def rounded_to_tf32(x: torch.Tensor) -> torch.Tensor:
    """An fp32 tensor with the 10 digits after the first that TF32, and fp16, have; anything else as it is."""
    if x.dtype != torch.float32:
        return x
    mantissa, exponent = torch.frexp(x)
    return torch.ldexp(torch.round(mantissa * 2**11) / 2**11, exponent)
