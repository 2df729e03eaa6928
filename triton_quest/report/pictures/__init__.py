"""What is drawn into a PNG or SVG. Needs matplotlib, which the quest does without unless a picture is asked for."""
