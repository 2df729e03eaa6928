"""A small attention layer that learns with a learner's kernels, and its loss, drawn from step to step.

The task: say which word came before. Each word knows what it is and where it stands; that one has to look one place back, the layer
finds out by gradient descent, through the learner's backward pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch

Attention = Callable[..., torch.Tensor]
TEXTS, LENGTH, WORDS, WAVES = 2, 16, 8, 4  # texts of so many places, kinds of words, waves that tell a place
WIDTH = WORDS + 2 * WAVES  # numbers that say what a word is and where it stands: the head dim
STEPS, RATE = 40, 0.1
HEIGHT = 8  # lines of the curve


def losses(attention: Attention, device: str) -> Iterator[float]:
    """The loss before each step of Adam. Raises what `attention` raises."""
    chance = torch.Generator().manual_seed(1)
    x, before = (tensor.to(device) for tensor in _task())
    start = [0.1 * torch.randn(WIDTH, WIDTH, generator=chance) for _ in range(3)]  # how q, k and v are made of x
    weights = [w.to(device).requires_grad_() for w in start]
    adam = torch.optim.Adam(weights, lr=RATE)
    for _ in range(STEPS):
        q, k, v = (x @ w for w in weights)
        out = attention(q, k, v, causal=True)
        loss = (out[:, :, 1:, :WORDS] - before).square().sum(dim=-1).mean()
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
        yield float(loss.detach())


def _task() -> tuple[torch.Tensor, torch.Tensor]:
    """x: (TEXTS, 1, LENGTH, WIDTH), the words at their places -> what to answer from place 1 on: (TEXTS, 1, LENGTH - 1, WORDS)"""
    chance = torch.Generator().manual_seed(14)
    words = torch.eye(WORDS)[torch.randint(WORDS, (TEXTS, 1, LENGTH), generator=chance)]
    turns = torch.arange(LENGTH)[:, None] * torch.tensor([math.pi / 2**n for n in range(1, WAVES + 1)])
    places = torch.cat([turns.cos(), turns.sin()], dim=-1).expand(TEXTS, 1, LENGTH, 2 * WAVES)
    return torch.cat([words, places], dim=-1), words[:, :, :-1]


def curve(values: Sequence[float]) -> list[str]:
    """Lines of text, a column for each value, from 0 at the bottom to the largest at the top; a value that isn't finite leaves a gap."""
    top = max((value for value in values if math.isfinite(value)), default=0.0) or 1.0
    rows = [round((1 - value / top) * (HEIGHT - 1)) if math.isfinite(value) else -1 for value in values]
    labels = {0: f"{top:.2f}", HEIGHT - 1: "0.00"}
    return [
        f"{labels.get(line, ''):>6} |{''.join('*' if row == line else ' ' for row in rows)}".rstrip()
        for line in range(HEIGHT)
    ] + [f"{'':6} +{'-' * len(values)}"]
