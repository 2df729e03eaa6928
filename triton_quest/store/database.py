"""The file behind the progress: made, opened, brought to the newest schema, and set aside when it is of no use.

A database is never written over. A damaged, foreign or newer one is kept under another name, and a new one takes its
place in one step, with everything that could be read. Whoever uses the file holds its folder's lock, shared; whoever
puts another file in its place holds it alone.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from triton_quest.errors import StoreTrouble
from triton_quest.machine import host
from triton_quest.store import files, salvage, schema

SIDECARS = ("-journal", "-wal", "-shm")  # what SQLite puts beside a database, and takes for the next one's of that name
LOCK_SECONDS = 10.0
MEANS_DAMAGE = ("no such ", "unsupported file format")  # beyond what Python's sqlite3 raises as a plain DatabaseError
SAYS = {
    "damaged": "is damaged",
    "foreign": "is not of the quest's making",
    "newer": "was written by a newer version of the quest",
}
IN_OTHER_WORDS = {
    "attempt to write a readonly database": "it is write-protected",
    "database or disk is full": "the disk is full",
    "database is locked": "another program keeps it locked",
}


class Unfit(StoreTrouble):
    """The database is of no use as it is; `kind` is a key of SAYS, `inode` says which file that was."""

    def __init__(self, sentence: str, kind: str, inode: int | None) -> None:
        super().__init__(sentence, "doctor")
        self.kind, self.inode = kind, inode


class Database:
    """One SQLite file. `tell` gets each sentence that the learner should know; `complete` adds what follows from salvaged rows."""

    def __init__(
        self, path: Path, tell: Callable[[str], object], complete: Callable[[sqlite3.Connection], None]
    ) -> None:
        self.path = Path(os.path.realpath(path))
        self.second = self.path.with_name(f"second_copy_of_{self.path.name}")  # in case the first is lost
        self._tell, self._complete = tell, complete

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One view of everything; of an empty database in memory while there is nothing to remember."""
        if not self.path.exists() and self.second.is_file():
            self._make()
        if self.path.exists():
            with self._open() as db:
                db.execute("BEGIN")
                yield db
        else:
            with closing(_connect(":memory:")) as db:
                schema.upgrade(db, 0)
                yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing. The database appears with the first."""
        self._make()
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            with db:
                yield db

    def renew_second(self) -> None:
        """Bring the second copy to what the database holds; one that can't be written is left as it is."""
        with (
            suppress(sqlite3.Error, OSError),
            host.folder_lock(self.path.parent, alone=False),
            files.unfinished(self.second) as new,
        ):
            with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(new)) as target:
                source.backup(target)
            files.put_in_place(new, self.second)

    def mend(self, trouble: Unfit) -> None:
        """Set the unfit database aside and build a new one from what can be read. Raises StoreTrouble."""
        try:
            with host.folder_lock(self.path.parent, alone=True):
                if _inode(self.path) != trouble.inode:
                    return  # another terminal was first
                with files.unfinished(self.path) as new:
                    rows = salvage.read(self.path, trouble.kind == "damaged")
                    for table, more in salvage.read(self.second, damaged=False).items():
                        rows[table] = [
                            *rows[table],
                            *more,
                        ]  # each is put in once: what was read of the first comes before
                    kept = _build(new, rows, self._complete)
                    aside = self._set_aside(trouble.kind)
                    files.put_in_place(new, self.path)
        except (sqlite3.Error, OSError) as reason:
            sentence = f"{trouble.sentence} It can't be set aside: {_why(reason)}. Nothing was lost."
            raise StoreTrouble(sentence, "doctor") from None
        self._tell(f"{trouble.sentence} It is kept as {aside}, and a new one was made: {_counted(kept)}.")

    def _set_aside(self, kind: str) -> Path:
        """Give the file another name too, and move what belongs to it; the file itself stays till a new one comes."""
        aside = _link_beside(self.path, kind)
        for ending in SIDECARS:
            with suppress(FileNotFoundError):
                os.rename(f"{self.path}{ending}", f"{aside}{ending}")
        if self.path.is_dir():
            self.path.rename(aside)
        return aside

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                with host.folder_lock(self.path.parent, alone=True):
                    if not self.path.exists():
                        with files.unfinished(self.path) as new:
                            kept = _build(new, salvage.read(self.second, damaged=False), self._complete)
                            files.put_in_place(new, self.path)
                        if self.second.is_file():
                            says = f"The progress database {self.path} was gone. Its second copy took its place"
                            self._tell(f"{says}: {_counted(kept)}.")
        except (sqlite3.Error, OSError) as trouble:
            raise self._unusable(trouble) from trouble

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        inode = None
        try:
            with host.folder_lock(self.path.parent, alone=False):
                inode = _inode(self.path)
                with closing(_connect(self.path)) as db:
                    self._bring_up_to_date(db, inode)
                    yield db
        except UnicodeDecodeError as trouble:  # SQLite quotes what it can't understand
            raise self._unfit("damaged", inode, " (its schema is no text)") from trouble
        except (sqlite3.Error, OSError) as trouble:
            if type(trouble) is sqlite3.DatabaseError or str(trouble).startswith(MEANS_DAMAGE):
                raise self._unfit("damaged", inode, f" ({trouble})") from trouble
            if self.path.is_dir():
                raise self._unfit("foreign", inode, ": it is a folder") from trouble
            raise self._unusable(trouble) from trouble

    def _bring_up_to_date(self, db: sqlite3.Connection, inode: int | None) -> None:
        version = _version(db)
        tables = {row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not self.path.stat().st_size:
            raise self._unfit("damaged", inode, " (it is empty)")
        if version < 1 or not tables >= schema.FIRST_TABLES:
            raise self._unfit("foreign", inode)
        if version > schema.newest():
            raise self._unfit("newer", inode)
        if version < schema.newest():
            self._migrate(db)

    def _migrate(self, db: sqlite3.Connection) -> None:
        """One step after the other, in one transaction, after a copy."""
        db.execute("BEGIN IMMEDIATE")
        version = _version(db)
        if version == schema.newest():  # another terminal was first
            db.execute("ROLLBACK")
            return
        with files.unfinished(self.path) as new:
            with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(new)) as target:
                source.backup(target)
            kept = _link_beside(new, f"version-{version}", self.path)
        schema.upgrade(db, version)
        db.execute("COMMIT")
        self._tell(f"The progress database is of this version of the quest now. As it was before: {kept}.")

    def _unfit(self, kind: str, inode: int | None, detail: str = "") -> Unfit:
        return Unfit(f"The progress database {self.path} {SAYS[kind]}{detail}.", kind, inode)

    def _unusable(self, trouble: Exception) -> StoreTrouble:
        sentence = f"The progress database {self.path} can't be used: {_why(trouble)}. Nothing was lost."
        return StoreTrouble(sentence, "doctor")


def _connect(path: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.text_factory = lambda data: data.decode("utf-8", "replace")  # a damaged text is better than none
    return db


def _why(trouble: Exception) -> str:
    said = str(getattr(trouble, "strerror", None) or trouble)
    return IN_OTHER_WORDS.get(said, said)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _build(
    path: Path, rows: salvage.Rows | None = None, complete: Callable[[sqlite3.Connection], None] | None = None
) -> dict[str, int]:
    """A new database in the empty file `path`, with these rows and what follows from them; how many each table has."""
    with closing(_connect(path)) as db, db:
        db.execute("BEGIN")
        schema.upgrade(db, 0)
        salvage.fill(db, rows or {})
        if complete is not None:
            complete(db)
        return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in schema.COLUMNS}


def _link_beside(path: Path, kind: str, named_after: Path | None = None) -> Path:
    """Another name for a file, or a copy where there are no links: progress.damaged-2026-11-25_10-02-03.db."""
    name, attempt = named_after or path, 0
    while True:
        attempt += 1
        again = f"_{attempt}" if attempt > 1 else ""
        aside = name.with_name(f"{name.stem}.{kind}-{files.stamp()}{again}{name.suffix}")
        if aside.exists():
            continue
        if path.is_dir():
            return aside
        try:
            os.link(path, aside)
        except FileExistsError:
            continue
        except OSError:
            files.copy(path, aside)
        return aside


def _counted(kept: dict[str, int]) -> str:
    passes, versions = kept["passes"], kept["attempts"]
    if not passes + versions + kept["hints"]:
        return "nothing could be read of it"
    passed = f"{passes} {'pass' if passes == 1 else 'passes'}"
    return f"{passed} and {versions} checked {'version' if versions == 1 else 'versions'} could be read of it"
