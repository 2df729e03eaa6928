"""Triton Attention Quest: learn GPU kernel programming, from `x + y` to Flash Attention, one judged level at a time."""

__version__ = "0.1.0"
