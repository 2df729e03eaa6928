"""Guards the training that level 14's file shows: a layer learns by right gradients alone, and the curve is the losses."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from triton_quest.utils import training


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True) -> torch.Tensor:
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal)


def untrained_queries(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True) -> torch.Tensor:
    return attention(q.detach(), k.detach(), v, causal)


def test_the_loss_falls_to_a_tenth_with_right_gradients() -> None:
    values = list(training.losses(attention, "cpu"))
    assert len(values) == training.STEPS and values[-1] < 0.1 * values[0]


def test_the_layer_cant_learn_the_task_without_gradients_of_queries_and_keys() -> None:
    values = list(training.losses(untrained_queries, "cpu"))
    assert values[-1] > 0.3 * values[0]


def test_the_curve_has_a_mark_for_each_loss_at_its_height() -> None:
    lines = training.curve([1.0, 0.5, 0.0, float("nan")])
    assert lines[0] == "  1.00 |*" and lines[-2] == "  0.00 |  *"
    assert sum(line.count("*") for line in lines) == 3
    assert lines[-1].endswith("+----")
