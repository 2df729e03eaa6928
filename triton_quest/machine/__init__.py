"""What differs from machine to machine: GPUs to compile for, their datasheets, calls that are Linux's or CUDA's.

Imports neither torch nor triton.
"""
