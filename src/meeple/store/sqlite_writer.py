"""The writer of the SQLite log: batches of appends in, transactions out. It has its own thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from meeple.errors import DuplicateAction, SequenceConflict
from meeple.protocols import OUTAGES_KEPT_MS, Outage
from meeple.store import migrations, queries, sqlite_file
from meeple.store.heads import Head, Heads
from meeple.store.lives import Lives
from meeple.store.records import ENTRY_COLUMNS, ROW_COLUMNS, Append, EntryValues, RowValues

#: Rows in one INSERT, at most. 256 take 160 KB when prepared.
MAX_ROWS = 256

#: What SQLite says when the fault is in the values, not in the file.
_FAULTS = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeError,
)


def _oldest(at: int) -> int:
    return at - OUTAGES_KEPT_MS


class _Changes:
    """What a transaction has to write."""

    def __init__(self) -> None:
        self.entries: list[EntryValues] = []
        # In both, what came last in the batch wins.
        self.rows: dict[str, RowValues] = {}
        # True: the user has a seat now.
        self.seats: dict[tuple[str, str], bool] = {}
        self.deadlines: dict[str, int | None] = {}

    def add(self, append: Append, head: Head) -> None:
        self.entries += append.entries
        if append.row is not None:
            self.rows[append.game_id] = append.row
            for user in head.users ^ append.users:
                self.seats[user, append.game_id] = user in append.users
            head.users = append.users
        if append.due_at is not UNSET:
            self.deadlines[append.game_id] = append.due_at


class SqliteWriter:
    """Owns the file and the one connection that writes to it.

    Every call, the constructor's too, must come from the same thread.

    Args:
        path: the database file; made, with its folder, if it is missing.
        cached_games: how many games' heads are kept in memory between batches.
        max_bytes: how large the database may grow, in bytes; None: as large as the disk.
        busy_seconds: how long to wait for an outsider's lock.

    Raises:
        DatabaseInUse: somebody else owns the file.
        ConfigurationError: it cannot be used, or a newer Meeple wrote it.
    """

    def __init__(
        self, path: Path, *, cached_games: int, max_bytes: int | None, busy_seconds: float
    ) -> None:
        self.heads = Heads(cached_games)
        self._lives = Lives()
        with ExitStack() as stack:
            stack.callback(sqlite_file.claim(path).release)
            with sqlite_file.as_configuration_error(path):
                migrations.upgrade(path)
            self._connection = sqlite_file.connect_writer(
                path, busy_seconds=busy_seconds, max_bytes=max_bytes
            )
            stack.callback(self._connection.close)
            self._resources = stack.pop_all()

    def close(self) -> None:
        """Close the connection, then let go of the file."""
        self._resources.close()

    def check(self) -> None:
        """Raises `sqlite3.Error` if a transaction cannot begin now."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("ROLLBACK")

    def check_writing(self) -> None:
        """Raises `sqlite3.Error` if nothing can be written now: a full disk lets one begin."""
        [version] = self._connection.execute("PRAGMA user_version").fetchone()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            # The same value again: a page is written all the same.
            self._connection.execute(f"PRAGMA user_version = {int(version)}")
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def beat(self, at: int, longest_gap: int) -> list[Outage]:
        """See `GameLog.beat`. Raises `sqlite3.Error` if it could not be written."""
        connection = self._connection
        written, watched = connection.execute(queries.LAST_BEAT).fetchone()
        outage = self._lives.beat(at, longest_gap, watched=bool(watched), written=written)
        if watched:
            try:
                connection.execute("BEGIN IMMEDIATE")
                if outage is not None:
                    connection.execute("INSERT INTO outages (since, until) VALUES (?, ?)", outage)
                    connection.execute("DELETE FROM outages WHERE until <= ?", (_oldest(at),))
                connection.execute("DELETE FROM beats WHERE at <= ?", (self._lives.last,))
                connection.execute("INSERT INTO beats (at) VALUES (?)", (self._lives.last,))
                connection.execute("COMMIT")
            except sqlite3.Error:
                self._lives.last = written
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return [
            Outage(*found)
            for found in connection.execute(
                "SELECT since, until FROM outages WHERE until > ? ORDER BY since", (_oldest(at),)
            )
        ]

    def execute(self, statement: str, parameters: Sequence[Any]) -> None:
        """A statement in a transaction of its own. Raises `sqlite3.Error` if it was not written."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.execute(statement, parameters)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def write(self, batch: list[Append]) -> list[Exception | None]:
        """Commit a batch; says of each append why it was left out (None: it is on the disk).

        Raises:
            sqlite3.Error: nothing of the batch was committed, and the next one may succeed.
        """
        try:
            return self._write(batch)
        except BaseException:
            self._roll_back(batch)
            raise
        finally:
            self.heads.trim()

    def _write(self, batch: list[Append]) -> list[Exception | None]:
        if self._connection.in_transaction:
            # A rollback failed; what is written now must not end in that transaction.
            self._connection.execute("ROLLBACK")
        changes = _Changes()
        self._load_heads(batch)
        results = [self._admit(append, changes) for append in batch]
        if not changes.entries:
            return results
        try:
            if changes.rows or changes.deadlines or len(changes.entries) > MAX_ROWS:
                self._connection.execute("BEGIN IMMEDIATE")
                self._apply(changes)
                self._connection.execute("COMMIT")
            else:  # one statement is a transaction by itself
                self._apply(changes)
        except _FAULTS:
            # One append spoils the statement of all: find out which.
            self._roll_back(batch)
            return self._write_one_by_one(batch)
        return results

    def _write_one_by_one(self, batch: list[Append]) -> list[Exception | None]:
        results: list[Exception | None] = []
        self._connection.execute("BEGIN IMMEDIATE")
        for append in batch:
            changes = _Changes()
            self._load_heads([append])
            result = self._admit(append, changes)
            if result is None:
                self._connection.execute("SAVEPOINT one")
                try:
                    self._apply(changes)
                except _FAULTS as fault:
                    self._connection.execute("ROLLBACK TO one")
                    self.heads.forget([append.game_id])
                    result = ValueError(f"Game {append.game_id!r} cannot be stored: {fault}")
                    result.__cause__ = fault
                self._connection.execute("RELEASE one")
            results.append(result)
        self._connection.execute("COMMIT")
        return results

    def _load_heads(self, batch: list[Append]) -> None:
        missing = {append.game_id for append in batch if append.game_id not in self.heads}
        if not missing:
            return
        for game_id in missing:
            self.heads[game_id] = Head()
        found = self._connection.execute(
            queries.LOAD_HEADS, [msgspec.json.encode(list(missing)).decode()]
        )
        for game_id, last_seq, action_ids, users in found:
            self.heads[game_id] = Head(
                last_seq + 1,
                msgspec.json.decode(action_ids, type=dict[str, int]),
                frozenset(msgspec.json.decode(users, type=list[str])),
            )

    def _admit(self, append: Append, changes: _Changes) -> Exception | None:
        head = self.heads[append.game_id]
        try:
            head.admit(append.expected_seq, append.entries)
        except (SequenceConflict, DuplicateAction) as refusal:
            return refusal
        changes.add(append, head)
        return None

    def _apply(self, changes: _Changes) -> None:
        self._insert("entries", ENTRY_COLUMNS, changes.entries)
        self._insert("games", ROW_COLUMNS, list(changes.rows.values()), queries.UPSERT_GAME)
        taken = [seat for seat, is_taken in changes.seats.items() if is_taken]
        left = [seat for seat, is_taken in changes.seats.items() if not is_taken]
        self._insert("game_players", ("user_id", "game_id"), taken, queries.IGNORE)
        if left:
            self._connection.executemany(
                "DELETE FROM game_players WHERE user_id = ? AND game_id = ?", left
            )

        if changes.deadlines:
            self._set_deadlines(changes.deadlines)

    def _set_deadlines(self, deadlines: dict[str, int | None]) -> None:
        due = [(game_id, at) for game_id, at in deadlines.items() if at is not None]
        self._insert("deadlines", ("game_id", "due_at"), due, queries.UPSERT_DEADLINE)
        over = [(game_id,) for game_id, at in deadlines.items() if at is None]
        if over:
            self._connection.executemany("DELETE FROM deadlines WHERE game_id = ?", over)

    def _insert(
        self,
        table: str,
        columns: tuple[str, ...],
        rows: Sequence[tuple[Any, ...]],
        on_conflict: str = "",
    ) -> None:
        for start in range(0, len(rows), MAX_ROWS):
            chunk = rows[start : start + MAX_ROWS]
            room = 1 << (len(chunk) - 1).bit_length()
            values = list(chain.from_iterable(chunk))
            values += [None] * ((room - len(chunk)) * len(columns))
            values.append(len(chunk))
            self._connection.execute(
                queries.insert_up_to(table, columns, room, on_conflict), values
            )

    def _roll_back(self, batch: list[Append]) -> None:
        # Before anything that can fail: what is remembered of these games is not true any more.
        self.heads.forget(append.game_id for append in batch)
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
