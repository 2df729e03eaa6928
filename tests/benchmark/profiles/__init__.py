"""Small files as profilers leave them: made by hand after their documentation, and kept of a run of level 8 on an H200 (`h200_*`)."""
