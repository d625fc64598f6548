"""`GameLog` on PostgreSQL: many nodes append to one database, and its key decides between them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import UNSET, UnsetType

from meeple.engine.log import Entry, GameRow, GameStatus
from meeple.errors import InvalidMessage, Unavailable
from meeple.protocols import GamePage, Outage
from meeple.store import postgres_queries as queries
from meeple.store import postgres_schema
from meeple.store.group_commit import CommitStats, GroupCommit
from meeple.store.postgres_beats import Beats
from meeple.store.postgres_heads import Heads, Known
from meeple.store.postgres_line import USUAL, Limits, Line
from meeple.store.postgres_reader import PostgresReader
from meeple.store.postgres_writer import LeftOut, PostgresWriter
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

#: How often an append is tried again that was left out though nothing is in its way.
ATTEMPTS = 5


class PostgresGameLog:
    """`GameLog` in a PostgreSQL database, which any number of nodes share; made by `open`.

    One connection appends, with group commit: a batch is one statement. A few others read. All of
    it belongs to the event loop that opened the log.
    """

    def __init__(
        self,
        commits: GroupCommit[Append],
        heads: Heads,
        writer: PostgresWriter,
        reader: PostgresReader,
        resources: AsyncExitStack,
    ) -> None:
        self._commits = commits
        self._heads = heads
        self._writer = writer
        self._reader = reader
        self._beats = Beats(reader)
        self._resources = resources
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        max_batch: int = 512,
        max_pending: int = 16_384,
        cached_games: int = 10_000,
        readers: int = 8,
        limits: Limits = USUAL,
        start_seconds: float = 10.0,
    ) -> PostgresGameLog:
        """Connect, and bring the schema up to date if no other node has.

        Args:
            url: ``postgresql://user:password@host:port/database``.
            max_batch: appends in one transaction, at most.
            max_pending: appends that wait for their transaction, at most; more are refused.
            cached_games: games of whose logs it is remembered where they end; an append to another
                one first reads its log.
            readers: connections that read, at most.
            limits: how long things may take.
            start_seconds: how long to wait for a server that does not answer yet.

        Raises:
            ConfigurationError: the database cannot be used, or a newer Meeple wrote it.
        """
        line = Line(url, limits)
        await postgres_schema.prepare(line, start_seconds)
        async with AsyncExitStack() as stack:
            reader = await PostgresReader.open(line, readers)
            stack.push_async_callback(reader.aclose)
            heads = Heads(cached_games)
            writer = PostgresWriter(line, heads)
            stack.push_async_callback(writer.aclose)
            commits = GroupCommit[Append](
                lambda batch: asyncio.ensure_future(writer.write(batch)),
                max_batch=max_batch,
                max_pending=max_pending,
            )
            stack.push_async_callback(commits.aclose)
            return cls(commits, heads, writer, reader, stack.pop_all())

    @property
    def stats(self) -> CommitStats:
        """What group commit has done since `open`, as a copy."""
        return self._commits.stats

    @property
    def pending(self) -> int:
        """How many appends wait for their transaction."""
        return self._commits.pending

    async def append(
        self,
        game_id: str,
        expected_seq: int,
        entries: Sequence[Entry],
        *,
        row: GameRow | None = None,
        due_at: int | UnsetType | None = UNSET,
    ) -> None:
        """See `GameLog.append`."""
        self._check_open()
        append = encode_append(game_id, expected_seq, entries, row, due_at)
        for attempt in range(ATTEMPTS):
            known = self._heads.of(game_id)
            # What this node has sent already, it need not ask for.
            if attempt or (known.next_seq < expected_seq and not known.waiting):
                await self._look_up(known)
                known.check(append)
            known.waiting += 1
            try:
                return await self._commits.submit(append)
            except LeftOut:
                continue
            finally:
                known.waiting -= 1
        raise Unavailable("The game is changing too fast; try again.")

    async def read(
        self, game_id: str, from_seq: int = 0, *, limit: int | None = None
    ) -> list[Entry]:
        """See `GameLog.read`."""
        first = max(0, min(from_seq, MAX_INT64))
        most = None if limit is None else checked_limit(limit, 0)
        rows = await self._fetch(queries.read_entries(most), game_id, first)
        return [decode_entry(row) for row in rows]

    async def find_game(self, game_id: str) -> GameRow | None:
        """See `GameLog.find_game`."""
        rows = await self._fetch(queries.FIND_GAME, game_id)
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
        before = None if cursor is None else decode_cursor(cursor)
        if before is not None and not _storable(before):
            raise InvalidMessage("The cursor is not one that this server gave.")
        query, parameters = queries.page_of_games(
            status=status,
            engine=engine,
            player=player,
            public_only=public_only,
            before=before,
            limit=limit + 1,  # to learn whether there is a page after this one
        )
        games = [decode_row(row) for row in await self._fetch(query, *parameters)]
        if len(games) <= limit:
            return GamePage(games, None)
        return GamePage(games[:limit], encode_cursor(games[limit - 1].game_id))

    async def due_games(self, until: int, limit: int = 100) -> list[str]:
        """See `GameLog.due_games`."""
        until = max(MIN_INT64, min(until, MAX_INT64))
        rows = await self._fetch(queries.DUE_GAMES, until, checked_limit(limit, 1))
        return [game_id for (game_id,) in rows]

    async def beat(self, at: int, longest_gap: int) -> list[Outage]:
        """See `GameLog.beat`."""
        self._check_open()
        return await self._beats.beat(at, longest_gap)

    async def fetch(self, statement: str, *parameters: Any) -> list[asyncpg.Record]:
        """The rows of a statement on what is kept beside the games, which may be run twice.

        Raises:
            Unavailable: the database did not answer.
        """
        return await self._fetch(statement, *parameters)

    async def check(self) -> None:
        """See `GameLog.check`; after a batch that failed, it asks the writer too."""
        await self._fetch("SELECT FROM games LIMIT 1")
        if self._commits.failing:
            await self._writer.check()
            self._commits.failing = False

    async def aclose(self) -> None:
        """See `GameLog.aclose`."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._resources.aclose())
        # Whoever loses patience with it must not leave it half done.
        await asyncio.shield(self._closing)

    def _check_open(self) -> None:
        if self._closing is not None:
            raise Unavailable("The log is closed.")

    async def _look_up(self, known: Known) -> None:
        """Learn what other nodes have appended."""
        rows = await self._fetch(queries.TAIL, known.game_id, known.next_seq)
        for seq, action_id in rows:
            known.learn(seq, action_id)

    async def _fetch(self, query: str, *parameters: Any) -> list[asyncpg.Record]:
        self._check_open()
        if not all(_storable(one) for one in parameters if isinstance(one, str)):
            return []  # a text that cannot be stored is not there
        return await self._reader.fetch(query, *parameters)


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
