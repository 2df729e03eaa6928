"""The table of kinds, and the graph over storages: plain data, no kernel."""

from __future__ import annotations

import pytest

from triton_quest.child.instruments.dataflow import OUTSIDE, Step, flowing_into, flowing_into_launches
from triton_quest.child.instruments.torchcalls import NAMES, Kind, TorchCall, classify


@pytest.mark.parametrize(
    ("name", "facts", "kind"),
    [
        ("empty_like", {}, Kind.ALLOCATE),
        ("new_full", {}, Kind.FILL),
        ("zero_", {"is_mutable": True}, Kind.FILL),
        ("permute", {"is_view": True}, Kind.VIEW),
        ("_unsafe_view", {}, Kind.VIEW),
        ("clone", {}, Kind.COPY),
        ("copy_", {"is_mutable": True}, Kind.COPY),
        ("copy_", {"is_mutable": True, "changes_dtype": True}, Kind.CAST),
        ("_to_copy", {"changes_dtype": True}, Kind.CAST),
        ("_to_copy", {}, Kind.COPY),
        ("mm", {}, Kind.COMPUTE),
        ("mm", {"is_mutable": True}, Kind.COMPUTE),  # out=
        ("add_", {"is_mutable": True}, Kind.INPLACE),
        ("masked_fill_", {"is_mutable": True}, Kind.INPLACE),
        ("arange", {}, Kind.GENERATE),
        ("lift_fresh", {"is_view": True}, Kind.ENTER),
        ("_local_scalar_dense", {}, Kind.OTHER),
        ("an_op_of_tomorrow", {}, Kind.COMPUTE),
    ],
)
def test_kinds(name: str, facts: dict[str, bool], kind: Kind) -> None:
    assert classify(name, **facts) is kind


def test_no_name_has_two_kinds() -> None:
    assert sum(len(names) for names in NAMES.values()) == len(frozenset().union(*NAMES.values()))


def call(name: str) -> TorchCall:
    return TorchCall(name, name, "file.py", 1, Kind.COMPUTE)


def step(name: str, inputs: set[int], outputs: set[int]) -> Step:
    return Step(frozenset(inputs), frozenset(outputs), call(name))


def launch(inputs: set[int], outputs: set[int]) -> Step:
    return Step(frozenset(inputs), frozenset(outputs), is_launch=True)


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
