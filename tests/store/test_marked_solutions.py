"""template.py: one marked solution gives the learner's file, the clean solution, the briefing, the gaps and the hints."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triton_quest.course import template
from triton_quest.errors import CourseTrouble

# Marked texts, made up


@dataclass(frozen=True)
class Gap:
    names: tuple[str, ...]
    body: tuple[str, ...]
    indent: str

    @property
    def placeholder(self) -> str:
        return self.indent + "".join(f"{name} = " for name in self.names) + "..."

    @property
    def marked(self) -> list[str]:
        opening = f"# [gap: {', '.join(self.names)}]" if self.names else "# [gap]"
        return [self.indent + opening, *self.filled, f"{self.indent}# [end]"]

    @property
    def filled(self) -> list[str]:
        return [self.indent + line for line in self.body]


NAMES = st.sampled_from(["pid", "offs_m", "acc", "m_i", "x2"])
STATEMENTS = st.sampled_from(
    ["x = tl.load(x_ptr)", "acc += x", "tl.store(out_ptr, x)", "for k in range(4): pass", "# why", "y = '[gap]'", ""]
)
PLAIN = st.sampled_from(
    ["n = 4", "# TODO 1 (1 line): `pid`", "", "s = '# [end]'", "print(n)  # [gap: n]", "t = f'{n}'"]
)
BODIES = st.lists(STATEMENTS, min_size=1, max_size=3).filter(lambda body: any(line and line[0] != "#" for line in body))
GAPS = st.builds(
    Gap, st.lists(NAMES, max_size=3, unique=True).map(tuple), BODIES.map(tuple), st.sampled_from(["", "    "])
)
PARTS = st.lists(st.one_of(PLAIN, GAPS), max_size=8)


def written(parts: list[str | Gap], how: str) -> tuple[list[str], list[Gap]]:
    """The lines of a module; indented gaps stand in a function of their own. `how` names the gap's property to write."""
    lines: list[str] = ['"""A level."""']
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
        else:
            lines += ["def kernel():", "    n = 0"] if part.indent else []
            lines += [part.placeholder] if how == "placeholder" else getattr(part, how)
    return lines, [part for part in parts if isinstance(part, Gap)]


def text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


@given(PARTS)
@settings(deadline=None)
def test_the_learners_file_has_a_placeholder_for_every_gap_and_everything_else_as_it_was(
    parts: list[str | Gap],
) -> None:
    marked, gaps = written(parts, "marked")
    expected, _ = written(parts, "placeholder")
    stripped = template.strip_solution(text(marked))
    assert stripped == text(expected)
    assert len(template.open_gaps(stripped)) == len(gaps)


@given(PARTS)
@settings(deadline=None)
def test_open_gaps_are_the_lines_of_the_placeholders(parts: list[str | Gap]) -> None:
    stripped = template.strip_solution(text(written(parts, "marked")[0]))
    lines = stripped.splitlines()
    assert all(lines[number - 1].endswith("...") for number in template.open_gaps(stripped))
    assert sorted(template.open_gaps(stripped)) == list(template.open_gaps(stripped))


@given(PARTS)
@settings(deadline=None)
def test_the_clean_solution_is_the_learners_file_with_every_gap_filled(parts: list[str | Gap]) -> None:
    marked, gaps = written(parts, "marked")
    clean = template.clean_solution(text(marked))
    assert clean == text(written(parts, "filled")[0])
    assert template.open_gaps(clean) == ()
    filled = template.strip_solution(text(marked)).splitlines()
    for line, gap in reversed(list(zip(template.open_gaps(text(filled)), gaps, strict=True))):
        filled[line - 1 : line] = gap.filled
    assert text(filled) == clean


@given(PARTS)
@settings(deadline=None)
def test_a_text_without_marks_stays_as_it_is(parts: list[str | Gap]) -> None:
    clean = template.clean_solution(text(written(parts, "marked")[0]))
    assert template.strip_solution(clean) == clean
    assert template.clean_solution(clean) == clean


@given(PARTS.filter(lambda parts: any(isinstance(part, Gap) for part in parts)), st.data())
@settings(deadline=None)
def test_marks_that_dont_pair_up_are_refused_with_their_line(parts: list[str | Gap], data: st.DataObject) -> None:
    lines, _ = written(parts, "marked")
    marks = [number for number, line in enumerate(lines) if template.GAP.match(line) or template.END.match(line)]
    del lines[data.draw(st.sampled_from(marks))]
    with pytest.raises(CourseTrouble, match=r"^line \d+: "):
        template.strip_solution(text(lines))


@pytest.mark.parametrize(
    ("marked", "complaint"),
    [
        ("a = 1\n# [gap: x]\nx = 1\n", "line 2: this gap has no [end]"),
        ("a = 1\n# [end]\n", "line 2: an [end] without its [gap]"),
        ("# [gap: x]\n# [gap: y]\n# [end]\n", "line 2: a gap begins inside the gap of line 1"),
    ],
)
def test_a_wrong_mark_is_named(marked: str, complaint: str) -> None:
    with pytest.raises(CourseTrouble) as trouble:
        template.strip_solution(marked)
    assert trouble.value.sentence == complaint


# Gaps in a learner's file


@pytest.mark.parametrize(
    ("learners", "lines"),
    [
        ("x = ...\n", (1,)),
        ("a = b = ...\n", (1,)),
        ("x: int = ...\n", (1,)),
        ("def f():\n    ...\n\n...\n", (2, 4)),
        ("x = y[..., None]\n", ()),
        ("x = tl.load(p, ...)\n", ()),
        ("s = '...'  # ...\n", ()),
        ("", ()),
    ],
)
def test_a_gap_is_a_placeholder_that_stands_alone(learners: str, lines: tuple[int, ...]) -> None:
    assert template.open_gaps(learners) == lines


def test_gaps_of_a_text_that_is_no_python_are_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        template.open_gaps("def f(:\n")


@pytest.mark.parametrize(
    ("learners", "line"),
    [
        ("a = 1\nx = ...\ny = ...\n", 2),
        ("import triton\n\n\n@triton.jit\ndef kernel():\n    pass\n", 4),
        ("a = 1\n", 1),
        ("", 1),
        ("a = 1\ndef f(:\n", 2),
        ("a = 1\n\0\n", 1),
    ],
    ids=["first gap", "no gap: the kernel", "neither", "empty", "no Python", "null byte"],
)
def test_the_line_to_edit_is_the_first_gap_else_the_kernel_else_what_doesnt_parse(learners: str, line: int) -> None:
    assert template.first_line_to_edit(learners) == line


# Briefing, code, hints


def test_the_briefing_is_the_docstring_without_its_indentation() -> None:
    assert template.briefing('"""\n# Level 1\n\n    x = 1\n\nEnd.\n"""\nx = 2\n') == "# Level 1\n\n    x = 1\n\nEnd."
    assert template.briefing("x = 2\n") == ""


SIDE_STORIES = 'MORE = """\n## More on cats\n\n    they sleep\n\n## More on dogs\n\n## Sources\n"""\n'


@pytest.mark.parametrize("code", ["import torch\n\nx = 1\n", '"text" + "more"\n', "f(...)\n", "MORE = 3\n", ""])
def test_the_code_is_what_stands_between_the_docstring_and_the_side_stories(code: str) -> None:
    told = f'"""A level.\n\nMore.\n"""\n\n\n{code}\n\n{SIDE_STORIES}'
    assert template.without_texts(told) == (code or "\n")
    assert template.without_texts(f"{told}\n\nrun()\n").endswith(f"{code}\n\nrun()\n" if code else "run()\n")
    assert ast.dump(ast.parse(template.without_texts(code))) == ast.dump(ast.parse(code))


def test_side_stories_are_read_from_behind_the_code_with_their_titles_and_their_place() -> None:
    told = f"x = 1\n\n\n{SIDE_STORIES}"
    assert template.more(told) == "## More on cats\n\n    they sleep\n\n## More on dogs\n\n## Sources"
    assert template.more_titles(told) == ("More on cats", "More on dogs")
    assert template.more_line(told) == 4


@pytest.mark.parametrize("learners", ["x = 1\n", "MORE = 3\n", "def f(:\n", "a = 1\n\0\n"])
def test_a_file_without_side_stories_has_no_line_for_them(learners: str) -> None:
    assert template.more_line(learners) is None


def test_hints_are_split_at_their_titles() -> None:
    hints = (
        "Not a hint.\n\n## 1. First things\n\nText.\n\n    code\n\n## 2. “Second”\n## 3. Third\nMore\n## not a hint\n"
    )
    assert template.split_hints(hints) == (
        ("First things", "Text.\n\n    code"),
        ("“Second”", ""),
        ("Third", "More\n## not a hint"),
    )
    assert template.split_hints("") == ()


def test_a_hint_that_begins_with_lines_of_code_keeps_the_first_ones_indentation() -> None:
    assert template.split_hints("## 1. Lines\n\n    a = ...\n    b = ...\n") == (("Lines", "    a = ...\n    b = ..."),)
