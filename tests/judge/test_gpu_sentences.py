"""Each trouble that a real GPU has with a kernel is told in a sentence of its own, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from triton_quest.child.sentences import on_gpu as gpu_sentences
from triton_quest.records import verdict as v

TROUBLES = {
    "out of resource: shared memory, Required: 294912, Hardware limit: 232448. Reducing block sizes or `num_stages` may help.": (
        "shared_memory",
        v.Outcome.COMPILE,
    ),
    "OutOfResources: out of resource: threads, Required: 2048, Hardware limit: 1024. Reducing": (
        "resources",
        v.Outcome.COMPILE,
    ),
    "Triton Error [CUDA]: an illegal memory access was encountered": ("illegal_access", v.Outcome.MEMORY),
    "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be asynchronously reported": (
        "illegal_access",
        v.Outcome.MEMORY,
    ),
    "Triton Error [CUDA]: misaligned address": ("misaligned", v.Outcome.MEMORY),
    "CUDA out of memory. Tried to allocate 1024.00 GiB.": ("device_memory", v.Outcome.OUT_OF_MEMORY),
    "CUDA error: device-side assert triggered": ("assert", v.Outcome.CRASH),
    "Triton Error [CUDA]: invalid argument": ("launch", v.Outcome.CRASH),
    "PassManager::run failed": ("compile", v.Outcome.COMPILE),
}


@pytest.mark.parametrize(("text", "expected"), TROUBLES.items(), ids=[key for key, _ in TROUBLES.values()])
def test_a_trouble_of_the_gpu_has_its_own_outcome_and_sentence(text: str, expected: tuple[str, v.Outcome]) -> None:
    told = gpu_sentences.explain(RuntimeError(text))
    assert told is not None and (told.key, told.outcome) == expected
    assert told.says.endswith(".") and "{" not in told.says and told.advice.endswith(".")


def test_what_a_kernel_needs_and_what_there_is_are_named() -> None:
    told = gpu_sentences.explain(
        RuntimeError("out of resource: shared memory, Required: 294912, Hardware limit: 232448.")
    )
    assert told is not None and "294,912" in told.says and "232,448" in told.says


def test_no_two_troubles_share_a_sentence() -> None:
    told = {gpu_sentences.explain(RuntimeError(text)) for text in TROUBLES}
    assert len({trouble.says for trouble in told if trouble}) == len({key for key, _ in TROUBLES.values()})


@pytest.mark.parametrize(
    "trouble", [ValueError("q has D = 48"), NameError("name 'x' is not defined"), KeyError("M")], ids=repr
)
def test_the_learners_own_exceptions_are_none_of_them(trouble: Exception) -> None:
    assert gpu_sentences.explain(trouble) is None
