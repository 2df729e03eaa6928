"""The table of kinds, and the graph over storages: plain data, no kernel."""

from __future__ import annotations

import pytest

from triton_quest.child.instruments.dataflow import OUTSIDE, FlowStep, flowing_into, flowing_into_launches
from triton_quest.child.instruments.torchcalls import NAMES, CallKind, TorchCall, classify


@pytest.mark.parametrize(
    ("name", "facts", "kind"),
    [
        ("empty_like", {}, CallKind.ALLOCATE),
        ("new_full", {}, CallKind.FILL),
        ("zero_", {"is_mutable": True}, CallKind.FILL),
        ("permute", {"is_view": True}, CallKind.VIEW),
        ("_unsafe_view", {}, CallKind.VIEW),
        ("clone", {}, CallKind.COPY),
        ("copy_", {"is_mutable": True}, CallKind.COPY),
        ("copy_", {"is_mutable": True, "changes_dtype": True}, CallKind.CAST),
        ("_to_copy", {"changes_dtype": True}, CallKind.CAST),
        ("_to_copy", {}, CallKind.COPY),
        ("mm", {}, CallKind.COMPUTE),
        ("mm", {"is_mutable": True}, CallKind.COMPUTE),  # out=
        ("add_", {"is_mutable": True}, CallKind.INPLACE),
        ("masked_fill_", {"is_mutable": True}, CallKind.INPLACE),
        ("arange", {}, CallKind.GENERATE),
        ("lift_fresh", {"is_view": True}, CallKind.ENTER),
        ("_local_scalar_dense", {}, CallKind.OTHER),
        ("an_op_of_tomorrow", {}, CallKind.COMPUTE),
    ],
)
def test_kinds(name: str, facts: dict[str, bool], kind: CallKind) -> None:
    assert classify(name, **facts) is kind


def test_no_name_has_two_kinds() -> None:
    assert sum(len(names) for names in NAMES.values()) == len(frozenset().union(*NAMES.values()))


def call(name: str) -> TorchCall:
    return TorchCall(name, name, "file.py", 1, CallKind.COMPUTE)


def step(name: str, inputs: set[int], outputs: set[int]) -> FlowStep:
    return FlowStep(frozenset(inputs), frozenset(outputs), call(name))


def launch(inputs: set[int], outputs: set[int]) -> FlowStep:
    return FlowStep(frozenset(inputs), frozenset(outputs), is_launch=True)


def names(calls) -> list[str]:
    return [call.name for call in calls]


def test_contents_flow_through_calls_and_launches_in_the_order_of_time() -> None:
    before = [step("a", {1}, {2}), step("unused", {1}, {9})]
    steps = [*before, launch({2}, {3}), step("b", {3}, {4}), step("late", {1}, {2})]
    assert names(flowing_into(steps, {4})) == ["a", "b"]
    assert names(flowing_into(steps, {3})) == ["a"]
    assert names(flowing_into(steps, {2})) == ["a", "late"]
    assert names(flowing_into_launches(steps)) == ["a"]


def test_a_decoy_launch_hides_nothing() -> None:
    steps = [launch({1}, {5}), step("mm", {1}, {5})]
    assert names(flowing_into(steps, {5})) == ["mm"]
    assert names(flowing_into_launches(steps)) == []


def test_contents_flow_through_the_outside() -> None:
    steps = [step("numpy", {1}, {OUTSIDE}), step("from_numpy", {OUTSIDE}, {2})]
    assert names(flowing_into(steps, {2})) == ["numpy", "from_numpy"]
