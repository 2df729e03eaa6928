"""From a marked solution to the learner's file, the clean solution, the briefing, what stands behind the code, the gaps and the hints.
Pure.

A gap in a solution stands between `# [gap: names]` and `# [end]`. In the learner's file it becomes `names = ...`
(or `...` where it names nothing); a gap is open as long as that placeholder stands.

A level's side stories stand behind the code, so that nobody has to read them before the first line: `MORE`, a string of the module with a
heading "More on ..." for each.
"""

from __future__ import annotations

import ast
import inspect
import re

from triton_quest.errors import CourseTrouble

GAP = re.compile(r"^(?P<indent>[ \t]*)# \[gap(?:: (?P<names>[\w, ]+))?\]\s*$")
END = re.compile(r"^[ \t]*# \[end\]\s*$")
MORE_TITLE = re.compile(r"^## (?P<title>More on .+)$", re.MULTILINE)
HINT_TITLE = re.compile(r"^## \d+\. (?P<title>.+)$", re.MULTILINE)


def strip_solution(text: str) -> str:
    """The learner's file: each gap's lines give way to a placeholder. Raises CourseTrouble if the marks don't pair up."""
    kept: list[str] = []
    open_at: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        gap = GAP.match(line)
        if gap:
            if open_at is not None:
                raise CourseTrouble(f"line {number}: a gap begins inside the gap of line {open_at}", "dev check")
            open_at = number
            names = gap["names"]
            targets = "".join(f"{name.strip()} = " for name in names.split(",")) if names else ""
            kept.append(f"{gap['indent']}{targets}...")
        elif END.match(line):
            if open_at is None:
                raise CourseTrouble(f"line {number}: an [end] without its [gap]", "dev check")
            open_at = None
        elif open_at is None:
            kept.append(line)
    if open_at is not None:
        raise CourseTrouble(f"line {open_at}: this gap has no [end]", "dev check")
    return "\n".join(kept) + "\n"


def clean_solution(text: str) -> str:
    """The solution as one reads it: without the marks."""
    return "\n".join(line for line in text.splitlines() if not GAP.match(line) and not END.match(line)) + "\n"


def open_gaps(text: str) -> tuple[int, ...]:
    """The lines of the placeholders that still stand. Raises SyntaxError if the text doesn't parse."""
    try:
        tree = ast.parse(text)
    except (RecursionError, MemoryError):  # the parser's own limits; on some Pythons a SyntaxError, too
        raise SyntaxError("its brackets or operators are nested too deeply for Python") from None
    lines = []
    for node in ast.walk(tree):
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) else None
        if isinstance(value, ast.Constant) and value.value is ...:
            lines.append(value.lineno)
    return tuple(sorted(lines))


def briefing(text: str) -> str:
    """The module's docstring: the level's instructions in Markdown."""
    return ast.get_docstring(ast.parse(text)) or ""


def more(text: str) -> str:
    """The side stories behind the code in Markdown, or nothing."""
    found = _more(ast.parse(text))
    return inspect.cleandoc(ast.literal_eval(found.value)) if found else ""


def more_titles(text: str) -> tuple[str, ...]:
    return tuple(MORE_TITLE.findall(more(text)))


def more_line(text: str) -> int | None:
    """The line where the side stories begin in a learner's file, if the file has them and parses."""
    try:
        found = _more(ast.parse(text))
    except (SyntaxError, ValueError):  # ValueError: a null byte, on Python 3.10
        return None
    return found.lineno if found else None


def first_line_to_edit(text: str) -> int:
    """The first open gap, or else the first kernel."""
    try:
        gaps = open_gaps(text)
    except SyntaxError as trouble:
        return trouble.lineno or 1
    except ValueError:  # a null byte, on Python 3.10
        return 1
    if gaps:
        return gaps[0]
    kernel = re.search(r"^@triton\.jit", text, re.MULTILINE)
    return text[: kernel.start()].count("\n") + 1 if kernel else 1


def split_hints(text: str) -> tuple[tuple[str, str], ...]:
    """(title, Markdown) of each hint of a hints.md."""
    starts = list(HINT_TITLE.finditer(text))
    ends = [*(start.start() for start in starts[1:]), len(text)][: len(starts)]
    return tuple(
        (start["title"].strip(), text[start.end() : end].strip("\n").rstrip())
        for start, end in zip(starts, ends, strict=True)
    )


def without_texts(text: str) -> str:
    """The code alone: neither the module's docstring nor the side stories behind it."""
    body, lines = ast.parse(text).body, text.splitlines()
    pieces: list[list[str]] = []
    begin = 0
    for node in body:
        if _is_side_story(node) or (node is body[0] and _is_docstring(node)):
            pieces.append(lines[begin : node.lineno - 1])
            begin = node.end_lineno or begin
    pieces.append(lines[begin:])
    codes = ["\n".join(piece).strip("\n") for piece in pieces]
    return "\n\n\n".join(code for code in codes if code) + "\n"


def _more(tree: ast.Module) -> ast.Assign | None:
    return next((node for node in tree.body if isinstance(node, ast.Assign) and _is_side_story(node)), None)


def _is_side_story(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and [ast.unparse(target) for target in node.targets] == ["MORE"]
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
