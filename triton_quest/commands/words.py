"""The terms of the course: all of them, or one."""

from __future__ import annotations

from dataclasses import asdict

from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course import words
from triton_quest.screen import texts


def run(context: Context, typed: str, as_json: bool) -> None:
    found = (words.find(typed),) if typed else words.words()
    if as_json:
        print_json({"schema": 1, "words": [asdict(word) for word in found]})
        return
    context.show(texts.words(found))
