"""The writer of the PostgreSQL log: batches of appends in, one statement for each out."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from meeple.errors import Unavailable
from meeple.store import postgres_queries as queries
from meeple.store.postgres_heads import Chain, Heads, chains
from meeple.store.postgres_line import FAULTS, TROUBLE, Line
from meeple.store.records import ROW_COLUMNS, Append

logger = logging.getLogger(__name__)

#: Seconds between attempts to connect: the first, and the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0


class LeftOut(Exception):
    """It was not written, for it does not fit on the log as it was known here."""


class PostgresWriter:
    """Owns the one connection of this node that appends.

    A batch is one statement, a transaction by itself: no lock is ever held while a client thinks.
    When the line is lost, the batch is read and, as far as it is not there, written again under the
    same condition: whichever of the two comes first, the key lets it happen once.

    Args:
        line: how to connect.
        heads: what is known of the logs.
    """

    def __init__(self, line: Line, heads: Heads) -> None:
        self._line = line
        self._heads = heads
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time
        self._down = False
        self._gives_up_at = 0.0
        self._next_attempt = 0.0
        self._pause = FIRST_PAUSE

    async def write(self, batch: list[Append]) -> list[Exception | None]:
        """Commit a batch; says of each append why it was left out (None: it is on the disk).

        Raises:
            Unavailable: it may be committed, now or later, or not.
        """
        async with self._lock:
            return await self._write(batch)

    async def check(self) -> None:
        """Raises `Unavailable` if nothing can be written now."""
        async with self._lock:
            await self._persist([])

    async def aclose(self) -> None:
        """Close the connection."""
        async with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                await close(connection, self._line.limits.connect)

    async def _write(self, batch: list[Append]) -> list[Exception | None]:
        together, places = chains(batch, self._heads)
        if not together:
            return [LeftOut() for _ in batch]
        try:
            won = await self._persist(together)
        except FAULTS as fault:
            if len(batch) > 1:  # one append spoils the statement of all: find out which
                return [result for one in batch for result in await self._write([one])]
            refusal = ValueError(f"Game {batch[0].game_id!r} cannot be stored: {fault}")
            refusal.__cause__ = fault
            return [refusal]
        for chain in won:
            chain.committed()
        return [None if place in won else LeftOut() for place in places]

    async def _persist(self, together: list[Chain]) -> set[Chain]:
        """Append them, whatever happens to the line; gives those that are in the log.

        Raises:
            FAULTS: a value cannot be stored; nothing was written.
            Unavailable: the line is lost, and was not found again in time.
        """
        sure = True  # that nothing of it is in the log, or on its way there
        while True:
            try:
                connection = await self._connected()
                if sure:
                    won = await _append(connection, together)
                else:
                    won = await _append_once(connection, together)
            except FAULTS:
                raise
            except TROUBLE as trouble:
                sure = False
                self._lost(trouble)
                if self._clock() >= self._gives_up_at:
                    raise Unavailable from trouble
            except BaseException:  # cancelled: what it was sent is unanswered
                self._hang_up()
                raise
            else:
                self._down, self._pause = False, FIRST_PAUSE
                return won

    async def _connected(self) -> asyncpg.Connection:
        """The connection; a new one if it is lost, but not too often."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        now = self._clock()
        if now < self._next_attempt:
            if self._next_attempt >= self._gives_up_at:
                raise Unavailable
            await asyncio.sleep(self._next_attempt - now)
        again = self._connection is not None or self._down
        self._connection = await self._line.connect()
        if again:
            # The server that answers now may be another, which has not everything that the one
            # before had: what is known is asked for again.
            self._heads.clear()
        return self._connection

    def _lost(self, trouble: BaseException) -> None:
        self._hang_up()
        now = self._clock()
        if not self._down:
            logger.warning("%s: the line is lost: %r", self._line.label, trouble)
            self._down, self._gives_up_at = True, now + self._line.limits.patience
        # Not all nodes at the same time.
        self._next_attempt = now + self._pause * random.uniform(0.5, 1.0)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


async def _append(connection: asyncpg.Connection, chains: list[Chain]) -> set[Chain]:
    rows = await connection.fetch(*_statement(chains))
    if len(rows) == len(chains):
        return set(chains)
    games = {game_id for (game_id,) in rows}
    return {chain for chain in chains if chain.known.game_id in games}


def _statement(chains: list[Chain]) -> tuple[Any, ...]:
    """The statement that appends them, and its parameters."""
    firsts = _columns([chain.entries[0] for chain in chains], 7)
    if all(len(chain.entries) == 1 and chain.row is None and not chain.due for chain in chains):
        return (queries.APPEND, *firsts)
    more = [entry for chain in chains for entry in chain.entries[1:]]
    rows = [chain.row for chain in chains if chain.row is not None]
    sits = [(user, chain.known.game_id) for chain in chains for user in chain.users]
    due = [(chain.known.game_id, at) for chain in chains for at in chain.due if at is not None]
    undue = [chain.known.game_id for chain in chains if chain.due == [None]]
    return (
        queries.APPEND_MORE,
        *firsts,
        *_columns(more, 7),
        *_columns(rows, len(ROW_COLUMNS)),
        *_columns(sits, 2),
        *_columns(due, 2),
        undue,
    )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Iterable[Sequence[Any]]:
    return zip(*rows, strict=True) if rows else [()] * width


async def _append_once(connection: asyncpg.Connection, chains: list[Chain]) -> set[Chain]:
    """The same for what may be in the log already, or come to be there at any time."""
    there, missing = await _sort(connection, chains)
    won = await _append(connection, missing)
    # What was sent first may have overtaken what was sent again.
    late, _ = await _sort(connection, [chain for chain in missing if chain not in won])
    return there | won | late


async def _sort(
    connection: asyncpg.Connection, chains: list[Chain]
) -> tuple[set[Chain], list[Chain]]:
    """Which are in the log, entry for entry, and which may still be appended to it."""
    found, missing = set[Chain](), list[Chain]()
    for chain in chains:
        count, seq = len(chain.entries), chain.first_seq
        before = 1 if seq > 0 else 0
        rows = await connection.fetch(
            queries.read_entries(before + count), chain.known.game_id, seq - before
        )
        there = [tuple(row) for row in rows]
        if there[before:] == chain.entries:
            found.add(chain)
        elif len(there) == before:
            missing.append(chain)
    return found, missing


async def close(connection: asyncpg.Connection, seconds: float) -> None:
    """Say goodbye, or hang up if that takes longer."""
    try:
        await connection.close(timeout=seconds)
    except TROUBLE as trouble:
        logger.info("A connection could not be closed: %r", trouble)
        connection.terminate()
