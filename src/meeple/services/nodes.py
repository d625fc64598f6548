"""The nodes as operators see them: what each says of itself, and what one may tell another.

Soft state in Redis, in two hashes: the nodes' reports, and the orders to drain that are not carried
out yet. A node that is alone needs no Redis for it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from meeple.bus.redis_bus import REDIS_FAILURES
from meeple.errors import NodeNotFound, Unavailable
from meeple.protocols import Clock
from meeple.services.node_report import NodeReport, NodeReporter

log = structlog.get_logger(__name__)

#: Seconds between two reports of a node, and after which it is not believed any more.
BEAT, TTL = 2.0, 15.0
#: Errors that a node reports to the others.
SHARED_ERRORS = 20
#: Seconds that a round trip to Redis may take.
TIMEOUT = 2.0

REPORTS, ORDERS = "meeple:nodes:reports", "meeple:nodes:orders"
#: KEYS a hash; ARGV field, value, seconds until nobody has touched it for too long.
_PUT = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
#: KEYS a hash; ARGV field. Gives the value and takes it away.
_TAKE = """
local value = redis.call('HGET', KEYS[1], ARGV[1])
if value then redis.call('HDEL', KEYS[1], ARGV[1]) end
return value
"""
_ALL = "return redis.call('HVALS', KEYS[1])"


class _Stamp(msgspec.Struct):
    """Of whatever version's report."""

    node: str
    at: int


class Nodes:
    """A node and those that share its Redis.

    Args:
        reporter: makes this node's reports.
        clock: the server's time.
        redis_factory: opens the Redis client when it is first needed, which is closed by `aclose`;
            None if the node is alone.
    """

    def __init__(
        self,
        reporter: NodeReporter,
        clock: Clock,
        redis_factory: Callable[[], Any] | None = None,
    ) -> None:
        self._reporter = reporter
        self._clock = clock
        self._redis_factory = redis_factory
        self._client: Any = None
        self._closed = False
        self._drain: Callable[[], object] | None = None
        self._draining: asyncio.Future[Any] | None = None

    @property
    def here(self) -> str:
        """The id of this node."""
        return self._reporter.node

    def serve(self, drain: Callable[[], object]) -> None:
        """``drain`` makes this node drain, at once or once awaited; the last one given is taken."""
        self._drain = drain

    async def reports(self) -> tuple[list[NodeReport], bool]:
        """All living nodes, this one first; False if the others could not be asked."""
        own = await self._reporter.report()
        if self._redis_factory is None:
            return [own], True
        try:
            found = await self._ask(_ALL, REPORTS)
        except Unavailable:
            return [own], False
        oldest = own.at - TTL * 1000
        others = [
            one
            for one in map(_read, found)
            if one is not None and one.node != own.node and one.at > oldest
        ]
        return [own, *sorted(others, key=lambda one: (one.host, one.pid))], True

    async def check(self, node: str) -> None:
        """Raises `NodeNotFound` if there is no such node, `Unavailable` if that is not known."""
        if node == self.here:
            return
        reports, complete = await self.reports()
        if all(one.node != node for one in reports):
            raise NodeNotFound if complete else Unavailable("Redis does not answer; try again.")

    async def order_drain(self, node: str) -> None:
        """Have the node drain; another one hears of it with its next beat.

        Raises:
            Unavailable: Redis does not answer.
        """
        if node == self.here:
            self._carry_out()
        else:
            await self._ask(_PUT, ORDERS, node, "drain", "60")

    async def run(self) -> None:
        """Report, and listen for orders, until it is cancelled."""
        swept = self._redis_factory is None
        while True:
            self._reporter.look()
            if self._redis_factory is not None:
                try:
                    if not swept:
                        await self._sweep()
                        swept = True
                    await self._beat()
                except Unavailable as error:
                    log.debug("node not reported", error=error.message)
                except Exception:  # such as another version's report: the next beat comes anyway
                    log.exception("node not reported")
            await asyncio.sleep(BEAT)

    async def aclose(self) -> None:
        """Take this node from the list, and close the client."""
        self._closed = True
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.gather(self._draining, return_exceptions=True)
        client, self._client = self._client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(TIMEOUT):
                await client.eval(_TAKE, 1, REPORTS, self.here)
                await client.aclose()
        except REDIS_FAILURES as error:
            log.debug("node not taken from the list", error=repr(error))

    async def _sweep(self) -> None:
        """Take the nodes from the list that died without a word; each node does when it starts."""
        oldest = self._clock.now_ms() - TTL * 1000
        for report in await self._ask(_ALL, REPORTS):
            found = msgspec.json.decode(report, type=_Stamp)
            if found.at <= oldest:
                await self._ask(_TAKE, REPORTS, found.node)

    async def _beat(self) -> None:
        report = await self._reporter.report()
        shared = msgspec.structs.replace(report, errors=report.errors[:SHARED_ERRORS])
        await self._ask(_PUT, REPORTS, self.here, msgspec.json.encode(shared).decode(), "3600")
        if await self._ask(_TAKE, ORDERS, self.here):
            self._carry_out()

    def _carry_out(self) -> None:
        if self._drain is None or self._draining is not None:
            return
        log.warning("node drains: an admin said so", node=self.here)
        self._draining = asyncio.ensure_future(_do(self._drain))

    async def _ask(self, script: str, key: str, *arguments: str) -> Any:
        try:
            async with asyncio.timeout(TIMEOUT):
                client = await self._open()
                return await client.eval(script, 1, key, *arguments)
        except REDIS_FAILURES as error:
            raise Unavailable("Redis does not answer; try again.") from error

    async def _open(self) -> Any:
        if self._closed or self._redis_factory is None:
            raise Unavailable("the node is closed")
        if self._client is None:
            opened = self._redis_factory()
            client = await opened if inspect.isawaitable(opened) else opened
            if self._client is None:
                self._client = client
            else:  # somebody else was faster
                await client.aclose()
        return self._client


def _read(report: bytes) -> NodeReport | None:
    try:
        return msgspec.json.decode(report, type=NodeReport)
    except msgspec.ValidationError:
        return None  # a node of another version, while they are being replaced


async def _do(work: Callable[[], object]) -> None:
    try:
        result = work()
        if isinstance(result, Awaitable):
            await result
    except Exception:
        log.exception("draining failed")
