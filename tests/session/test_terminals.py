"""The session in small, plain, dark, light and colourless terminals."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from rich.color import ColorType

from tests.conftest import Quest, arrived
from tests.session.driving import NARROW, WIDE, Driver, drive
from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.screen.console import ASCII
from triton_quest.screen.session.attempts import AttemptsView
from triton_quest.screen.session.hints import HintsView
from triton_quest.screen.session.keys import BACK, HELP, KEYS, QUIT, Key, key_line
from triton_quest.screen.session.show import ShowView
from triton_quest.store.workspace import course_text


@pytest.mark.parametrize("size", [NARROW, (119, 30), WIDE], ids=str)
@pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)
def test_no_picture_of_a_briefing_is_cut(quest: Quest, size: tuple[int, int], level: Level) -> None:
    quest.pass_levels(*range(1, level.number))
    source = course_text(level, "solution.py")
    parsed = MarkdownIt().parse(f"{template.briefing(source)}\n\n{template.more(source)}")
    drawn = [line for token in parsed if token.type == "code_block" for line in token.content.splitlines()]

    async def scenario(driver: Driver) -> None:
        await driver.sees(f"Level {level.number}: {level.title}")
        pane = driver.pane("briefing")
        seen = "\n".join(
            "".join(segment.text for segment in line)
            for line in pane._shown.render_lines(pane._shown.region.reset_offset)
        )
        assert [line for line in drawn if line.rstrip() not in seen] == []

    drive(quest.workspace, scenario, size, level=level.number)


def test_a_resize_changes_between_the_two_layouts_and_loses_nothing(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        driver.save(1, "wrong")
        await driver.sees("Vector addition: wrong numbers", "1▶", "2○")
        await driver.pilot.resize_terminal(*WIDE)
        await driver.sees(
            "Map", "Matrix multiplication", "Attempts", "✗ wrong numbers", "Vector addition: wrong numbers"
        )
        await driver.pilot.resize_terminal(40, 12)
        await driver.sees("Vector addition: wrong", "1▶")
        await driver.pilot.resize_terminal(*NARROW)
        await driver.sees("Vector addition: wrong numbers", "1▶")

    drive(quest.workspace, scenario)


def test_the_line_of_keys_drops_whole_keys_and_never_the_help() -> None:
    for width in range(20, 200):
        line = key_line(KEYS, (HELP, QUIT), width).plain
        assert len(line) <= width and line.endswith(" ? keys  q quit ")
        for word in line.split("  "):
            assert any(word.split() == [*key.sign.split(), *key.name.split()] for key in (*KEYS, HELP, QUIT))


def test_what_one_needs_all_the_time_stands_in_the_line_of_80_columns() -> None:
    line = key_line(KEYS, (HELP, QUIT), 80).plain
    assert [word.split()[0] for word in line.split("  ")] == ["c", "h", "n", "e", "a", "b", "v", "?", "q"]


@pytest.mark.parametrize("keys", [ShowView.KEYS, AttemptsView.KEYS, HintsView.KEYS])
def test_every_key_of_a_view_fits_into_80_columns(keys: tuple[Key, ...]) -> None:
    line = key_line(keys, (BACK,), 80).plain
    assert len(line) <= 80 and all(key.name in line for key in keys)


def test_without_colour_every_state_is_told_by_signs_and_words(quest: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    quest.pass_levels(1)

    async def scenario(driver: Driver) -> None:
        driver.save(2, "wrong")
        await driver.sees(
            "✗ Level 2, Matrix multiplication: wrong numbers", "1 ✓ Vector addition ★★★", "3 ○ Softmax locked"
        )
        for strip in driver.app.screen._compositor.render_strips():
            for segment in strip.apply_filter(driver.app._filters[-1], driver.app.background_colors[1]):
                assert segment.style is None or segment.style.color is None or segment.style.color.is_default

    drive(quest.workspace, scenario, WIDE, level=2)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_every_colour_is_one_of_the_terminals_own(quest: Quest, size: tuple[int, int]) -> None:
    """The terminal's sixteen are readable on its own background, be it dark or light."""

    async def scenario(driver: Driver) -> None:
        driver.save(1, "right")
        await driver.sees("Vector addition: passed")
        for key in ("n", "h", "escape", "a", "escape", "m", "escape", "question_mark", "escape", "s"):
            await driver.press(key)
            for strip in driver.app.screen._compositor.render_strips():
                for segment in strip:
                    colors = [segment.style.color, segment.style.bgcolor] if segment.style else []
                    assert all(one is None or one.type in (ColorType.DEFAULT, ColorType.STANDARD) for one in colors), (
                        segment
                    )

    drive(quest.workspace, scenario, size)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_a_terminal_without_unicode_gets_plain_signs(quest: Quest, size: tuple[int, int]) -> None:
    quest.pass_levels(1)

    async def scenario(driver: Driver) -> None:
        driver.save(2, "wrong")
        await driver.sees("x Level 2, Matrix multiplication: wrong numbers", "***")
        for key in ("b", "h", "escape", "a", "escape", "m", "escape", "question_mark", "escape", "R"):
            assert driver.text().isascii(), re.sub(r"[ -~\n]", "", driver.text())
            await driver.press(key)

    drive(quest.workspace, scenario, size, glyphs=ASCII, level=2)
