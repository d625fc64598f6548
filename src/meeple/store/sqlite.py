"""`GameLog` on SQLite: one file, owned by one process, and nothing to install or to run."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from meeple.engine.log import Entry, GameRow, GameStatus
from meeple.errors import Unavailable
from meeple.protocols import GamePage, Outage
from meeple.store import queries, sqlite_file
from meeple.store.group_commit import CommitStats, GroupCommit
from meeple.store.records import (
    MAX_INT64,
    MIN_INT64,
    Append,
    checked_limit,
    decode_cursor,
    decode_entry,
    decode_row,
    encode_append,
    encode_cursor,
)
from meeple.store.sqlite_writer import SqliteWriter
from meeple.store.thread import OwnThread


class SqliteGameLog:
    """`GameLog` in a SQLite file; made by `open`.

    One thread writes, with group commit; another reads, on a connection of its own, so that no
    read waits for a write. All of it belongs to the event loop that opened the log.
    """

    def __init__(
        self,
        commits: GroupCommit[Append],
        writer: OwnThread[SqliteWriter],
        reader: OwnThread[sqlite3.Connection],
        resources: AsyncExitStack,
    ) -> None:
        self._commits = commits
        self._writer = writer
        self._reader = reader
        self._resources = resources
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path | str,
        *,
        max_batch: int = 512,
        max_pending: int = 16_384,
        cached_games: int = 4_096,
        max_bytes: int | None = None,
        busy_seconds: float = 5.0,
    ) -> SqliteGameLog:
        """Open the log, and own its file until `aclose` or the death of the process.

        Args:
            path: the database file; made, with its folder, if it is missing.
            max_batch: appends in one transaction, at most.
            max_pending: appends that wait for their transaction, at most; more are refused.
            cached_games: games whose end is kept in memory; an append to another one first
                reads its log.
            max_bytes: how large the database may grow, in bytes; None: as large as the disk.
            busy_seconds: how long to wait for the lock of an outsider, such as a backup or a
                shell, before it is `Unavailable`.

        Raises:
            DatabaseInUse: another log, here or in another process, has the file open.
            ConfigurationError: the file cannot be used, or a newer Meeple wrote it.
        """
        # The lock is beside the file itself, whatever links lead to it.
        path = await asyncio.to_thread(Path(path).resolve)
        async with AsyncExitStack() as stack:
            writer = await OwnThread.start(
                "meeple-log-writer",
                partial(
                    SqliteWriter,
                    path,
                    cached_games=cached_games,
                    max_bytes=max_bytes,
                    busy_seconds=busy_seconds,
                ),
            )
            stack.push_async_callback(writer.stop, SqliteWriter.close)
            # Closed before the writer, which as the last one out tidies up the WAL.
            reader = await OwnThread.start(
                "meeple-log-reader",
                partial(sqlite_file.connect_reader, path, busy_seconds=busy_seconds),
            )
            stack.push_async_callback(reader.stop, sqlite3.Connection.close)
            commits = GroupCommit[Append](
                lambda batch: writer.call(lambda writer: writer.write(batch)),
                max_batch=max_batch,
                max_pending=max_pending,
            )
            stack.push_async_callback(commits.aclose)
            return cls(commits, writer, reader, stack.pop_all())

    @property
    def stats(self) -> CommitStats:
        """What group commit has done since `open`; it goes on counting."""
        return self._commits.stats

    @property
    def pending(self) -> int:
        """How many appends wait for their transaction."""
        return self._commits.pending

    def append(
        self,
        game_id: str,
        expected_seq: int,
        entries: Sequence[Entry],
        *,
        row: GameRow | None = None,
        due_at: int | UnsetType | None = UNSET,
    ) -> asyncio.Future[None]:
        """See `GameLog.append`."""
        # No coroutine, which would be one more on the way of every action.
        try:
            self._check_open()
            return self._commits.submit(encode_append(game_id, expected_seq, entries, row, due_at))
        except (Unavailable, ValueError) as error:
            refused = asyncio.get_running_loop().create_future()
            refused.set_exception(error)
            return refused

    async def read(
        self, game_id: str, from_seq: int = 0, *, limit: int | None = None
    ) -> list[Entry]:
        """See `GameLog.read`."""
        first = max(0, min(from_seq, MAX_INT64))
        most = MAX_INT64 if limit is None else checked_limit(limit, 0)
        rows = await self._fetch(queries.READ_ENTRIES, (game_id, first, most))
        return [decode_entry(row) for row in rows]

    async def find_game(self, game_id: str) -> GameRow | None:
        """See `GameLog.find_game`."""
        rows = await self._fetch(queries.FIND_GAME, (game_id,))
        return decode_row(rows[0]) if rows else None

    async def list_games(
        self,
        *,
        status: GameStatus | None = None,
        engine: str | None = None,
        player: UUID | None = None,
        public_only: bool = True,
        cursor: str | None = None,
        limit: int = 50,
    ) -> GamePage:
        """See `GameLog.list_games`."""
        limit = checked_limit(limit, 1)
        query, parameters = queries.page_of_games(
            status=status,
            engine=engine,
            player=player,
            public_only=public_only,
            before=None if cursor is None else decode_cursor(cursor),
            limit=limit + 1,  # to learn whether there is a page after this one
        )
        games = [decode_row(row) for row in await self._fetch(query, parameters)]
        if len(games) <= limit:
            return GamePage(games, None)
        return GamePage(games[:limit], encode_cursor(games[limit - 1].game_id))

    async def due_games(self, until: int, limit: int = 100) -> list[str]:
        """See `GameLog.due_games`."""
        until = max(MIN_INT64, min(until, MAX_INT64))
        rows = await self._fetch(queries.DUE_GAMES, (until, checked_limit(limit, 1)))
        return [game_id for (game_id,) in rows]

    async def beat(self, at: int, longest_gap: int) -> list[Outage]:
        """See `GameLog.beat`."""
        self._check_open()
        try:
            return await self._writer.call(lambda writer: writer.beat(at, longest_gap))
        except sqlite3.Error as error:
            raise Unavailable("The log cannot be written now; try again.") from error

    async def fetch(self, query: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a query for what is kept beside the games; raises `Unavailable`."""
        return await self._fetch(query, parameters)

    async def execute(self, statement: str, parameters: Sequence[Any]) -> None:
        """Write what is kept beside the games, between two batches; raises `Unavailable`."""
        self._check_open()
        try:
            await self._writer.call(lambda writer: writer.execute(statement, parameters))
        except sqlite3.Error as error:
            raise Unavailable("The log cannot be written now; try again.") from error

    async def check(self) -> None:
        """See `GameLog.check`; asks both the reader and, behind its batch, the writer."""
        await self._fetch("SELECT 1 FROM games LIMIT 1", ())
        try:
            await self._writer.call(
                SqliteWriter.check_writing if self._commits.failing else SqliteWriter.check
            )
            self._commits.failing = False
        except sqlite3.Error as error:
            raise Unavailable("The log cannot be written now; try again.") from error

    async def aclose(self) -> None:
        """See `GameLog.aclose`."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._resources.aclose())
        # Whoever loses patience with it must not leave it half done.
        await asyncio.shield(self._closing)

    def _check_open(self) -> None:
        if self._closing is not None:
            raise Unavailable("The log is closed.")

    async def _fetch(self, query: str, parameters: Sequence[Any]) -> list[Any]:
        self._check_open()
        try:
            return await self._reader.call(
                lambda connection: connection.execute(query, parameters).fetchall()
            )
        except UnicodeEncodeError:
            return []  # a text that cannot be stored is not there
        except sqlite3.Error as error:
            raise Unavailable("The log cannot be read now; try again.") from error
