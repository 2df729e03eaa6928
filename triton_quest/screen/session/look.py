"""How it looks in any terminal: its own colours, dark or light, and signs where there are none."""

from __future__ import annotations

from dataclasses import replace

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender
from textual.theme import BUILTIN_THEMES

from triton_quest.screen.console import Glyphs

DARK = BUILTIN_THEMES["ansi-dark"]
OWN = dict.fromkeys(
    ("ansi-background", "ansi-foreground", "block-cursor-foreground", "block-cursor-background"), "ansi_default"
)
PLAIN = replace(DARK, name="quest", primary="ansi_cyan", accent="ansi_cyan", variables={**DARK.variables, **OWN})
NONE = Color.default()


def scroll_bar(g: Glyphs) -> type[ScrollBarRender]:
    """A scroll bar of signs: one made of colours alone isn't seen without them."""
    thumb, track = ("#", g.path) if g.is_ascii else ("┃", g.path)

    class Signs(ScrollBarRender):
        @classmethod
        def render_bar(
            cls,
            size: int = 25,
            virtual_size: float = 50,
            window_size: float = 20,
            position: float = 0,
            thickness: int = 1,
            vertical: bool = True,
            back_color: Color = NONE,
            bar_color: Color = NONE,
        ) -> Segments:
            begin, end = _thumb(size, virtual_size, window_size, position)
            drawn = []
            for place in range(size):
                on, action = begin <= place < end, "grab"
                if not on:
                    action = "scroll_up" if place < begin else "scroll_down"
                sign = (thumb if on else track) if vertical else ("=" if on and g.is_ascii else g.line)
                style = Style(bold=on, dim=not on, meta={"@mouse.down": action})
                drawn.append(Segment(sign * (thickness if vertical else 1), style))
            return Segments(drawn if vertical else [*drawn, Segment.line()], new_lines=vertical)

    return Signs


def _thumb(size: int, virtual_size: float, window_size: float, position: float) -> tuple[int, int]:
    """Where the part that stands for the window begins and ends."""
    if not size or virtual_size <= window_size:
        return 0, 0
    length = max(1, round(size * window_size / virtual_size))
    begin = round((size - length) * position / (virtual_size - window_size))
    return begin, begin + length
