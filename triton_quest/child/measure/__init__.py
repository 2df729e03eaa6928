"""What a learner's kernels cost: what they compile to, what they move and compute, and what a GPU's roofline would allow.

`compiling` and `counting` run in the child; the rest is pure, and draws in `picture` alone.
"""
