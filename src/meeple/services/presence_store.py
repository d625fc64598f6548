"""The part of presence that is in Redis: sorted sets, written and read in batches.

The members of a set are connections, their scores say when they expire (ms since 1970): what is not
renewed vanishes by itself. Beside the connections of a game's players stand marks of those players
who are gone, so that one script can see to it that nobody is both. No command touches two keys, so
it runs on a Redis Cluster as well.

Presence is soft: while Redis fails, what is to be written stays pending, and the first `refresh`
that gets through publishes everything again.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import islice
from math import ceil
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import structlog

from meeple.bus.redis_bus import REDIS_FAILURES
from meeple.errors import Unavailable
from meeple.protocols import Clock
from meeple.services.presence_scripts import CLOSED, COME, GONE, LOOK, LOST, MARK, MARK_TTL

log = structlog.get_logger(__name__)


#: Members written, or keys read, in one round trip, so that none outlasts the time limit, nor stops
#: the event loop for long: an embedded Redis does its work in the call.
BATCH = 50


class RedisClient(Protocol):
    """What presence uses of an async Redis client (redis-py's or burner-redis')."""

    def pipeline(self, *args: Any, **kwargs: Any) -> Any:
        """A `RedisPipeline`."""
        ...

    async def aclose(self) -> None:
        """Close its connections."""
        ...


class RedisPipeline(Protocol):
    """What presence uses of a pipeline; commands queue up until ``execute``."""

    def eval(self, script: str, numkeys: int, *keys_and_args: str) -> Any: ...  # noqa: D102
    def exists(self, *names: str) -> Any: ...  # noqa: D102
    def set(self, name: str, value: str, *, ex: int) -> Any: ...  # noqa: D102
    def delete(self, *names: str) -> Any: ...  # noqa: D102
    async def execute(self) -> list[Any]: ...  # noqa: D102


RedisFactory = Callable[[], RedisClient | Awaitable[RedisClient]]


class Entry(NamedTuple):
    """One member of one sorted set."""

    key: str
    member: str


class PresenceStore:
    """The part of presence that is in Redis: opened when first needed, written in batches.

    Nothing here raises if Redis fails: what is to be written stays pending, and a read gives None.

    Args:
        redis_factory: opens the client; the store closes it.
        node_key: a key that lives while this node has connections, and holds their number.
        ttl: seconds that an entry lives without being renewed.
        clock: the server's time.
        timeout: seconds that one round trip may take.
    """

    def __init__(
        self, redis_factory: RedisFactory, node_key: str, ttl: float, clock: Clock, timeout: float
    ) -> None:
        self._redis_factory = redis_factory
        self._node_key = node_key
        self._ttl = ttl
        self._clock = clock
        self._timeout = timeout
        self._client: RedisClient | None = None
        self._new_pipeline: Callable[[], RedisPipeline] | None = None
        self._opening = asyncio.Lock()
        self._writing = asyncio.Lock()
        # A crowd that comes at once must not open a connection to Redis each.
        self._reading = asyncio.Semaphore(8)
        self._closed = False
        #: When Redis began to fail, in ms; None while it answers.
        self._down_since: int | None = None
        #: What is still to be written: True adds the entry, False removes it.
        self._pending: dict[Entry, bool] = {}
        #: The number of this node's connections.
        self.connections = 0

    @property
    def down(self) -> bool:
        """True from the first failure of Redis until a `refresh` gets through."""
        return self._down_since is not None

    async def write(self, come: Iterable[Entry] = (), gone: Iterable[Entry] = ()) -> None:
        """Add or renew the entries that ``come``, remove those ``gone``."""
        if self._closed:
            return
        self._pending |= dict.fromkeys(gone, False)
        self._pending |= dict.fromkeys(come, True)
        await self._flush()

    async def refresh(self, alive: Iterable[Entry]) -> None:
        """Renew all that is ``alive``; if Redis was down, try whether it is back."""
        if self._closed:
            return
        now = self._clock.now_ms()
        if self._down_since is not None and now - self._down_since > self._ttl * 1000:
            # What could not be removed in time has expired meanwhile.
            self._pending.clear()
        self._pending |= dict.fromkeys(alive, True)
        await self._flush(forced=True)

    async def read(self, keys: Iterable[str]) -> list[dict[str, int]] | None:
        """The living members of each key and when they expire, in ms; None while Redis fails."""
        found: list[dict[str, int]] = []
        try:
            for batch in _batches(keys):
                async with self._reading:
                    if self._closed or self.down:
                        return None
                    now = self._clock.now_ms()
                    results = await self._execute(partial(_queue_reads, batch, now))
                await asyncio.sleep(0)  # the embedded one has not let anybody else run
                found += [_pairs(result) for result in results]
        except REDIS_FAILURES as error:
            self._failed(error)
            return None
        return found

    async def mark(
        self, key: str, users: Collection[UUID], since: int, *, closed: bool
    ) -> dict[str, int] | None:
        """Mark those of ``users`` that have no connection in the set as gone since then (ms).

        Who is marked stays so, unless a mark by a line that broke turns out to be ``closed``.
        Gives what `read` gives of the key.
        """
        how = CLOSED if closed else LOST
        until = str(since + MARK_TTL * 1000)
        names = [str(user_id) for user_id in users]
        try:
            async with self._reading:
                if self._closed or self.down:
                    return None
                now = str(self._clock.now_ms())
                [result] = await self._execute(
                    lambda pipe: pipe.eval(MARK, 1, key, now, until, how, *names)
                )
        except REDIS_FAILURES as error:
            self._failed(error)
            return None
        return _pairs(result)

    async def check(self) -> None:
        """Returns if Redis answers now; raises `Unavailable` if not."""
        try:
            await self._execute(lambda pipe: pipe.exists(self._node_key))
        except REDIS_FAILURES as error:
            raise Unavailable("presence: Redis does not answer") from error

    async def aclose(self, gone: Iterable[Entry]) -> None:
        """Remove what this node has written, close the client and open none again."""
        if self._closed:
            return
        self._closed = True
        self._pending |= dict.fromkeys(gone, False)
        try:
            if self._client is not None or self._opening.locked():
                await self._flush(forced=True)
        finally:
            async with self._opening:
                client, self._client, self._new_pipeline = self._client, None, None
            if client is not None:
                await self._close(client)

    async def _close(self, client: RedisClient) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await client.aclose()
        except REDIS_FAILURES as error:
            log.warning("Redis client did not close cleanly", error=repr(error))

    async def _flush(self, *, forced: bool = False) -> None:
        """Write what is pending.

        One writer at a time: what came while it wrote goes together in the next round trip, and
        a connection's going can never be overtaken by its coming.
        """
        async with self._writing:
            if self.down and not forced:
                return
            taken, self._pending = self._pending, {}
            batches = list(_batches(taken.items()))
            if forced and not batches:
                batches = [[]]  # to renew the node's key, and to learn whether Redis is back
            try:
                for batch in batches:
                    await self._execute(partial(self._queue_writes, batch))
                    await asyncio.sleep(0)  # as in `read`
            except REDIS_FAILURES as error:
                self._pending = taken | self._pending
                self._failed(error)
            except BaseException:
                self._pending = taken | self._pending
                raise
            else:
                if forced and self.down:
                    self._down_since = None
                    log.info("presence restored")

    def _queue_writes(self, batch: list[tuple[Entry, bool]], pipe: RedisPipeline) -> None:
        now = self._clock.now_ms()
        until = now + int(self._ttl * 1000)
        come: defaultdict[str, list[str]] = defaultdict(list)
        gone: defaultdict[str, list[str]] = defaultdict(list)
        for (key, member), alive in batch:
            (come if alive else gone)[key].append(member)
        for key, members in come.items():
            pipe.eval(COME, 1, key, str(now), str(until), *members)
        for key, members in gone.items():
            pipe.eval(GONE, 1, key, str(now), *members)
        if self.connections:
            pipe.set(self._node_key, str(self.connections), ex=ceil(self._ttl))
        else:
            pipe.delete(self._node_key)

    async def _execute(self, queue: Callable[[RedisPipeline], object]) -> list[Any]:
        """One bounded round trip; raises `REDIS_FAILURES`."""
        async with asyncio.timeout(self._timeout):
            pipe = (self._new_pipeline or await self._open())()
            queue(pipe)
            return await pipe.execute()

    async def _open(self) -> Callable[[], RedisPipeline]:
        async with self._opening:
            if self._new_pipeline is None:
                if self._closed:
                    raise ConnectionError("presence is closed")
                opened = self._redis_factory()
                self._client = await opened if inspect.isawaitable(opened) else opened
                # A transaction cannot span the slots of a cluster; burner-redis has no such word.
                takes = inspect.signature(self._client.pipeline).parameters
                plain = {"transaction": False} if "transaction" in takes else {}
                self._new_pipeline = partial(self._client.pipeline, **plain)
            return self._new_pipeline

    def _failed(self, error: BaseException) -> None:
        if self._down_since is None:
            self._down_since = self._clock.now_ms()
        log.warning("presence degraded: Redis fails", error=repr(error))


def _pairs(flat: list[bytes | str]) -> dict[str, int]:
    texts = [item.decode() if isinstance(item, bytes) else item for item in flat]
    return {
        member: int(float(score)) for member, score in zip(texts[::2], texts[1::2], strict=True)
    }


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _queue_reads(keys: list[str], now: int, pipe: RedisPipeline) -> None:
    for key in keys:
        pipe.eval(LOOK, 1, key, str(now))
