"""The process with torch, triton and the learner's file in it.

Nobody imports it but its own `worker.py`, and what a level file calls when it is run directly.

triton/       what reaches into Triton: the interpreter adapted, kernels compiled without a GPU
instruments/  what watches a call of the launcher: launches, memory, torch
sentences/    what is said of what they saw
judge/        the stages, one after the other
measure/      what kernels cost: compiled, counted, traced, raced, profiled
"""
