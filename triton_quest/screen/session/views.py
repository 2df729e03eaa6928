"""What covers the session for a while: a text to read, work that is awaited, a question. Escape goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any, cast

from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from triton_quest.errors import QuestError
from triton_quest.records.verdict import Record, StageStarted
from triton_quest.screen.session.asking import Asking
from triton_quest.screen.session.game import Tell
from triton_quest.screen.session.keys import BACK, Key, bindings, key_line
from triton_quest.screen.session.panes import Line, Pane, StatusLine

Work = Callable[[Tell, Event], Any]


class View(Screen[None]):
    """A titled text over the whole screen. `is_code`: its lines are never broken, and scroll sideways."""

    KEYS: Sequence[Key] = ()
    BINDINGS = [BACK.binding(), Binding("q", "back", show=False)]

    def __init__(self, title: str, content: RenderableType = "", is_code: bool = False) -> None:
        super().__init__()
        self.heading, self._content = title, content
        self.pane = Pane(title, "view")
        self.pane.set_class(is_code, "-code")

    @property
    def session(self) -> Asking:
        return cast(Asking, self.app)

    def compose(self) -> ComposeResult:
        yield self.pane
        yield Line(lambda width: key_line(self.KEYS, (BACK,), width), "keys")

    def on_mount(self) -> None:
        self.begin()

    def begin(self) -> None:
        """What happens once it is there. (Textual calls `on_mount` of every class, this one of the last alone.)"""
        self.pane.show(self._content)
        self.pane.focus()

    def action_back(self) -> None:
        self.dismiss()


class Working(View):
    """A view whose content takes a while. Going back ends the work."""

    class Told(Message):
        def __init__(self, record: Record) -> None:
            super().__init__()
            self.record = record

    class Done(Message):
        def __init__(self, content: Any, trouble: QuestError | None) -> None:
            super().__init__()
            self.content, self.trouble = content, trouble

    def __init__(self, title: str, work: Work) -> None:
        super().__init__(title)
        self._work, self._cancelled = work, Event()
        self._status = StatusLine("status")

    def compose(self) -> ComposeResult:
        yield self.pane
        yield self._status
        yield Line(lambda width: key_line(self.KEYS, (BACK,), width), "keys")

    def begin(self) -> None:
        super().begin()
        self._status.begin("at work")
        self.run_worker(self._run, thread=True)

    def _run(self) -> None:
        content, trouble = None, None
        try:
            content = self._work(lambda record: self._post(self.Told(record)), self._cancelled)
        except QuestError as found:
            trouble = found
        self._post(self.Done(content, trouble))

    def _post(self, message: Message) -> None:
        if not self._cancelled.is_set():
            self.post_message(message)

    def on_working_told(self, message: Told) -> None:
        if isinstance(message.record, StageStarted):
            self._status.stage(message.record.says)

    def on_working_done(self, message: Done) -> None:
        self._status.end()
        if message.trouble is not None:
            self.session.tell_trouble(message.trouble)
            self.dismiss()
        elif message.content is not None:
            self.arrived(message.content)
        self.session.tell_notices()

    def arrived(self, content: Any) -> None:
        """The work is done."""
        self.pane.show(content)

    def on_unmount(self) -> None:
        self._cancelled.set()


class Ask(ModalScreen[bool]):
    """A question that is answered with y or n."""

    YES = Key("y", "answer(True)", "yes", "")
    NO = Key("n", "answer(False)", "no", "")
    BINDINGS = [*bindings((YES, NO)), Binding("escape,q", "answer(False)", show=False)]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static(Text(self._question))
            yield Line(lambda width: key_line((self.YES, self.NO), (), width), "answers")

    def action_answer(self, agreed: bool) -> None:
        self.dismiss(agreed)
