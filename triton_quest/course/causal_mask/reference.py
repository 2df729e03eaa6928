"""Level 5 in PyTorch, and what it moves and computes: one head of one batch."""

from triton_quest.course.shared.attention import causal_scores, scores_magnitude
from triton_quest.course.shared.counts import causal_scores as counts

__all__ = ["causal_scores", "counts", "magnitude"]

magnitude = scores_magnitude
