"""Sense made of what was measured: growth, occupancy, roofline, standing, ways through a trace.

Pure; what draws a file is in `pictures/`.
"""
