"""Everything that reaches into Triton's private parts, and nothing else.

Works with Triton 3.6 to 3.9. Each module names what it replaces and puts it back; `selftest.py` runs known
kernels through all of it, so that a new Triton is found out here and not in a learner's verdict.
"""
