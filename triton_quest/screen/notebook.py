"""What a command prints, as a notebook shows it: HTML with its own colours, which are read on a light page and on a dark one."""

from __future__ import annotations

import html
import io

from rich.console import Console
from rich.terminal_theme import MONOKAI

from triton_quest.screen.console import THEME, CleanConsole

WIDTH = 100
CODE = (
    '<pre style="background:{background};color:{foreground};border-radius:6px;font:13px/1.35 ui-monospace,Menlo,Consolas,monospace;'
    'overflow-x:auto;padding:12px;white-space:pre" tabindex="0">{code}</pre>'
)


def html_console() -> Console:
    """A console that keeps what is printed for `mime_bundle`, and shows nothing by itself."""
    return CleanConsole(record=True, file=io.StringIO(), theme=THEME, highlight=False, width=WIDTH)


def mime_bundle(console: Console) -> dict[str, str]:
    """What was printed, as HTML and as text; nothing where nothing was printed."""
    text = console.export_text(clear=False)
    if not text.strip():
        return {}
    return {
        "text/html": console.export_html(theme=MONOKAI, code_format=CODE, inline_styles=True),
        "text/plain": text.rstrip(),
    }


def framed(page: str, name: str) -> dict[str, str]:
    """A whole page within the cell's output: its scripts and styles touch nothing of the notebook's."""
    frame = f'<iframe title="{html.escape(name)}" srcdoc="{html.escape(page)}" style="border:0;height:48rem;width:100%"></iframe>'
    return {"text/html": frame, "text/plain": name}
