"""The keys of the session, once: the bindings, the line at the bottom and the help are made of this table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.binding import Binding

from triton_quest import invocation
from triton_quest.course.level import Level
from triton_quest.invocation import Command


@dataclass(frozen=True)
class Key:
    """`name` stands in the line at the bottom, `says` in the help; `shown`: the key as it is written on the keyboard."""

    key: str
    action: str
    name: str
    says: str
    shown: str = ""

    @property
    def sign(self) -> str:
        return self.shown or self.key

    def binding(self) -> Binding:
        return Binding(self.key, self.action, self.name, show=False)


KEYS = (  # in the order in which the line at the bottom drops them where there is no room, the last first
    Key("c", "check", "check", "judge the file as it is; saving it does the same"),
    Key("h", "hint", "hint", "the hints you took, and the next one, with what it costs"),
    Key("n", "next", "next", "go on to the level that is open, once this one is passed"),
    Key("e", "edit", "edit", "open the file in your editor ($VISUAL, $EDITOR)"),
    Key("a", "attempts", "attempts", "every version that was checked, and what changed"),
    Key("b", "front('briefing')", "task", "the instructions of the level"),
    Key("v", "front('verdict')", "verdict", "what came of the last save"),
    Key("s", "solution", "solution", "the reference solution: yours after a pass, one star before it"),
    Key("t", "look('traffic')", "traffic", "the bytes that your kernels move, the operations they do"),
    Key("p", "programs", "programs", "what each program loads and stores; where the answer is wrong"),
    Key("k", "look('compile')", "compile", "what your kernels become on GPUs that aren't here"),
    Key("r", "look('race')", "race", "the race against PyTorch, on a GPU"),
    Key("m", "map", "map", "the whole map, and your achievements"),
    Key("R", "reset", "reset", "start the level over, after a backup; asks first"),
)
HELP = Key("question_mark", "keys", "keys", "this help", "?")
QUIT = Key("q", "leave", "quit", "leave; everything is kept", "q")
MORE = (
    Key("", "", "", "look at the level before, or after, this one", "left, right"),
    Key("", "", "", "read on; also up and down; Tab goes to another pane", "PgUp, PgDn"),
    Key("", "", "", "stop the check that runs; go back from a view", "Esc"),
    Key("", "", "", "into the background; `fg` comes back", "Ctrl-Z"),
)
SECONDS_BETWEEN_DIGITS = 1.0
BACK = Key("escape", "back", "back", "back to the session", "Esc")


def bindings(keys: Sequence[Key]) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    return [key.binding() for key in keys]


def key_line(keys: Sequence[Key], last: Sequence[Key], width: int) -> Text:
    """As many of `keys` as there is room for, and all of `last`. A click on one is as good as its key."""
    room = width - sum(_width(key) for key in last)
    text = Text(no_wrap=True, overflow="crop")
    for key in [*_fitting(keys, room), *last]:
        action = key.action if "(" in key.action else f"{key.action}()"
        click = Style(meta={"@click": f"screen.{action}"})
        text.append(f" {key.sign}", Style(bold=True) + click)
        text.append(f" {key.name} ", click)
    return text


def _width(key: Key) -> int:
    return len(f" {key.sign} {key.name} ")


def _fitting(keys: Sequence[Key], room: int) -> list[Key]:
    kept: list[Key] = []
    for key in keys:
        room -= _width(key)
        if room < 0:
            break
        kept.append(key)
    return kept


class TypedNumber:
    """The number of a level, typed digit by digit. Each digit names a level at once; a second one soon after it, one past 9."""

    def __init__(self) -> None:
        self._number, self._since = 0, -SECONDS_BETWEEN_DIGITS

    def take(self, digit: int, now: float, most: int) -> int:
        """The number that stands there with this digit, typed at `now`, in seconds. No number is larger than `most`."""
        longer = 10 * self._number + digit
        is_soon = now - self._since <= SECONDS_BETWEEN_DIGITS
        self._number, self._since = longer if is_soon and longer <= most else digit, now
        return self._number


def key_table(levels: int) -> Text:
    """All keys, for the help. `levels`: how many there are."""
    numbers = Key("", "", "", "look at the level of this number", f"1 ... {levels}")
    rows = [*KEYS, numbers, *MORE, HELP, QUIT]
    widest = max(len(key.sign) for key in rows)
    text = Text()
    for key in rows:
        text.append(f"  {key.sign:<{widest}}  ", "command").append(f"{key.says}\n")
    return text


WAYS = {  # the key that does what a command does
    "check": "c",
    "hint": "h",
    "start": "b",
    "solution": "s",
    "history": "a",
    "traffic": "t",
    "compile": "k",
    "show": "p",
    "benchmark": "r",
    "reset": "R",
    "achievements": "m",
}


def step(sentence: str, words: Command | None, at: Level, levels: Sequence[Level]) -> Text:
    """A next step, with the key that takes it; the command, where none does."""
    text, key = Text(sentence), key_for(words, at.number)
    if words is None:
        return text
    if not key:
        return text.append(f" {invocation.command(words)}", "command")
    if key != "n":
        return text.append(" press ").append(key, "command")
    return Text(destination(sentence, words, levels)).append(". Press ").append(key, "command")


def destination(sentence: str, words: Command | None, levels: Sequence[Level]) -> str:
    """A next step without a key: "Your next step: level 2, Matrix multiplication"."""
    if words is None or words.level is None:
        return sentence
    return f"{sentence} level {words.level}, {levels[words.level - 1].title}"


def key_for(words: str | None, level: int) -> str:
    """The key that does what this command would do for the level that is looked at; "" if none does."""
    if not isinstance(words, Command):
        return ""
    if words.level not in (None, level):
        return "n" if words.verb in ("start", "check") else ""
    return WAYS.get(words.verb, "")
