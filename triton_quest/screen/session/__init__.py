"""The live session: a full-screen terminal application. What it does to the quest it asks of a `Game` (game.py)."""
