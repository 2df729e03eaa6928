"""Guards that Ray gives the verdicts that this machine gives, and that a machine which dies loses nothing."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from tests.commands import kernels
from tests.grading.test_judging import handed_in
from triton_quest.errors import QuestError
from triton_quest.grading import local, on_ray
from triton_quest.grading.judging import Manner
from triton_quest.records import verdict as v

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray isn't installed: pip install ray"),
]
MANNER = Manner(in_sandbox=False)
FILES = tuple(handed_in(f"{number}", kernels.RIGHT if number % 2 else kernels.WRONG) for number in range(6))


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two machines of one processor each, both this one."""
    from ray.cluster_utils import Cluster  # type: ignore[import-not-found, unused-ignore]

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    made.second = made.add_node(num_cpus=1)
    yield made
    made.shutdown()


def plain(results: Iterator[local.Result]) -> dict[str, dict[str, Any]]:
    found = {}
    for one, result in results:
        assert isinstance(result, v.Verdict), result
        found[one.who] = {**result.as_json(), "seconds": 0}
    return found


def test_two_machines_give_the_verdicts_of_one_also_when_one_of_them_dies(cluster: Any) -> None:
    here = plain(local.judge_all(FILES, MANNER, lambda one: None))
    there: dict[str, dict[str, Any]] = {}
    for one, result in on_ray.judge_all(FILES, MANNER, lambda one: None, cluster.address):
        assert isinstance(result, v.Verdict), result
        there[one.who] = {**result.as_json(), "seconds": 0}
        if len(there) == 2:
            cluster.remove_node(cluster.second)
    assert there == here


def test_a_machine_with_another_judge_is_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_ray, "judge_version", lambda: "another")
    with pytest.raises(QuestError, match="is another one .*Install the same quest there"):
        list(on_ray.judge_all(FILES[:1], MANNER, lambda one: None, cluster.address))


def test_a_cluster_that_cannot_be_reached_is_said_to_be() -> None:
    with pytest.raises(QuestError, match="can't be reached"):
        list(on_ray.judge_all(FILES[:1], MANNER, lambda one: None, "127.0.0.1:1"))
