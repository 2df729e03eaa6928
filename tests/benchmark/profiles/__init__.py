"""Small files as profilers leave them, made by hand after their documentation."""
