"""What the measurements mean: growth, occupancy, roofline, races, and the navigation of a traced call.

Pure; what draws a file is in `pictures/`.
"""
