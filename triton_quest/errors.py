"""Our own troubles, each ending with what to type. A learner's wrong kernel is no error but a verdict.

QuestError                  shown as one sentence, exit code 2
├── NoWorkspace             neither a clone nor a folder made by `quest init`
├── UnknownLevel            no such number or slug
├── LockedLevel             an earlier level opens it
├── LevelAhead              stands in the table, but its course folder hasn't arrived
├── UnusableFile            a level file that is missing, a folder, or not text
├── StoreTrouble            the progress database or a file can't be read or written
├── NotUpdated              no way to the new version: no clone, no network, work of one's own in the way
└── CourseTrouble           a course folder is incomplete or its marks are wrong
"""

from __future__ import annotations


class QuestError(Exception):
    """A sentence, and the next command to type (without the program's name), if there is one."""

    def __init__(self, sentence: str, next_command: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.next_command = sentence, next_command


class NoWorkspace(QuestError): ...


class UnknownLevel(QuestError): ...


class LockedLevel(QuestError): ...


class LevelAhead(QuestError): ...


class UnusableFile(QuestError): ...


class StoreTrouble(QuestError): ...


class NotUpdated(QuestError): ...


class CourseTrouble(QuestError): ...
