"""What the learner's code printed, cut where it floods and without what could confuse the terminal."""

from __future__ import annotations

from dataclasses import dataclass, field

from triton_quest.records.text import without_controls

KEPT_BYTES = 8_000  # of a flood, at its beginning and again at its end


@dataclass
class Output:
    """What the learner's code printed: its beginning and its end, and how much lies between."""

    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def add(self, data: bytes) -> None:
        room = KEPT_BYTES - len(self.head)
        self.head += data[:room]
        self.tail += data[room:] if room < len(data) else b""
        if len(self.tail) > KEPT_BYTES:
            self.dropped += len(self.tail) - KEPT_BYTES
            del self.tail[: len(self.tail) - KEPT_BYTES]

    def text(self) -> str:
        cut = f"\n... {self.dropped:,} bytes more ...\n".encode() if self.dropped else b""
        return without_controls(bytes(self.head + cut + self.tail).decode(errors="replace"))
