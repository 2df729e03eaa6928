"""What is shown: each module turns data into rich renderables and does no I/O. `console.py` has the theme and the glyphs."""
