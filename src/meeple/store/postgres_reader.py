"""The connections that read: a few of them, made when they are needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from meeple.errors import Unavailable
from meeple.store.postgres_line import TROUBLE, Line

logger = logging.getLogger(__name__)


class PostgresReader:
    """A bounded pool; made by `open`, closed by `aclose`."""

    def __init__(self, pool: asyncpg.Pool, line: Line) -> None:
        self._pool = pool
        self._line = line

    @classmethod
    async def open(cls, line: Line, size: int) -> PostgresReader:
        """A pool of at most ``size`` connections; none is made before the first query."""

        async def connect(*_: Any, **defaults: Any) -> asyncpg.Connection:
            return await line.connect()

        pool = asyncpg.create_pool(
            connect=connect,
            reset=_leave_as_it_is,
            min_size=0,
            max_size=size,
            max_inactive_connection_lifetime=60.0,
        )
        await pool
        return cls(pool, line)

    async def fetch(self, query: str, *parameters: Any) -> list[asyncpg.Record]:
        """The rows of a query that only reads, or comes to the same when it is run twice.

        Raises:
            Unavailable: the database did not answer.
        """
        # A task of its own, for the driver's time limits need one, and an event has none.
        return await asyncio.ensure_future(self._fetch(query, parameters))

    async def execute(self, script: str) -> None:
        """Run statements without parameters in one transaction, in one round trip.

        Raises:
            Unavailable: they may have been committed or not.
        """
        try:
            await asyncio.ensure_future(self._ask(lambda line: line.execute(script)))
        except TROUBLE as trouble:
            raise Unavailable("The log cannot be written now; try again.") from trouble

    async def _fetch(self, query: str, parameters: tuple[Any, ...]) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record]
        try:
            rows = await self._ask(lambda line: line.fetch(query, *parameters))
            return rows
        except TROUBLE as trouble:
            # What the pool holds is as old as the last restart of the server.
            await self._pool.expire_connections()
            logger.info("%s: a query is asked again: %r", self._line.label, trouble)
        try:
            rows = await self._ask(lambda line: line.fetch(query, *parameters))
            return rows
        except TROUBLE as trouble:
            raise Unavailable("The log cannot be read now; try again.") from trouble

    async def _ask(self, question: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
        async with self._pool.acquire(timeout=self._line.limits.answer) as connection:
            try:
                return await question(connection)
            except (TimeoutError, asyncio.CancelledError):
                # Nobody waits for the answer any more, and no other question shall get it.
                connection.terminate()
                raise

    async def aclose(self) -> None:
        """Close every connection."""
        try:
            await asyncio.wait_for(self._pool.close(), self._line.limits.connect)
        except TROUBLE as trouble:
            logger.info("%s: the readers could not be closed: %r", self._line.label, trouble)
            self._pool.terminate()


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """No query here leaves anything behind; the driver's own cleaning is one more round trip."""
