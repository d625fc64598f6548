"""Presence: who is connected, and at which tables.

Each node keeps the truth about its own connections in memory and publishes it in Redis, where it
lives only as long as the node renews it. One sorted set a user and two a game (players,
spectators), whose members are ``user/node/sid`` and whose scores say when they expire (ms since
1970): a dead node's connections vanish by themselves, and a connection that goes takes only its
own member along. No command touches two keys, so it runs on a Redis Cluster as well.

Presence is soft: while Redis fails, a node goes on with what it knows, and the first `refresh`
that gets through publishes everything again. The clocks of the nodes should agree to a few
seconds; a node whose clock is off by more than the TTL is seen as gone, or for too long.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from math import ceil
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

import structlog
from redis.exceptions import RedisError

from meeple.errors import Unavailable
from meeple.protocols import Clock
from meeple.services.clock import SystemClock

log = structlog.get_logger(__name__)

#: What a Redis that does not answer raises; anything else is a mistake of ours.
REDIS_FAILURES = (RedisError, OSError, TimeoutError)

#: Members written, or keys read, in one round trip, so that none outlasts the time limit.
BATCH = 500

# Each script does all that is to be done to one key, so no key can be left without a time to live;
# and whoever comes by sweeps up after dead nodes. burner-redis keeps an emptied sorted set, so it
# is deleted by hand; Redis has done so already.
#: KEYS a sorted set; ARGV now (ms), expiry (ms), the key's time to live (s), members.
COME = """
for i = 4, #ARGV do redis.call('ZADD', KEYS[1], ARGV[2], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
return 1
"""
#: KEYS a sorted set; ARGV now (ms), members.
GONE = """
for i = 2, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('DEL', KEYS[1]) end
return 1
"""
#: KEYS a sorted set; ARGV now (ms). Gives member, expiry, member, expiry, …
LOOK = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[1])
  return {}
end
return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
"""


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
                found += [_pairs(result) for result in results]
        except REDIS_FAILURES as error:
            self._failed(error)
            return None
        return found

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
        now, seconds = self._clock.now_ms(), ceil(self._ttl)
        until = now + int(self._ttl * 1000)
        come: defaultdict[str, list[str]] = defaultdict(list)
        gone: defaultdict[str, list[str]] = defaultdict(list)
        for (key, member), alive in batch:
            (come if alive else gone)[key].append(member)
        for key, members in come.items():
            pipe.eval(COME, 1, key, str(now), str(until), str(seconds), *members)
        for key, members in gone.items():
            pipe.eval(GONE, 1, key, str(now), *members)
        if self.connections:
            pipe.set(self._node_key, str(self.connections), ex=seconds)
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


class ConnectionManager:
    """Presence of users at games, on this node and all others that share its Redis.

    A user may have several connections and is online, or at a table, while one of them is. No
    method but `check` raises if Redis fails.

    Args:
        redis_factory: opens the Redis client when it is first needed; the manager closes it.
        node_id: the node's name in Redis, for operators; a random one by default.
        ttl: seconds that a connection is believed in without being renewed; the same on all nodes.
        clock: the server's time.
        timeout: seconds that one round trip to Redis may take.
    """

    def __init__(
        self,
        redis_factory: RedisFactory,
        *,
        node_id: str | None = None,
        ttl: float = 30.0,
        clock: Clock | None = None,
        timeout: float = 2.0,
    ) -> None:
        # In the members; not the configured name, which two nodes might share by mistake.
        self._node = uuid4().hex[:16]
        self._ttl = ttl
        self._clock = clock or SystemClock()
        node_key = f"meeple:node:{node_id or self._node}"
        self._store = PresenceStore(redis_factory, node_key, ttl, self._clock, timeout)
        # The truth about this node. Sets are never left empty.
        self._users: dict[str, UUID] = {}
        self._games: dict[str, dict[str, bool]] = {}  # sid -> game -> as a spectator?
        self._sids: defaultdict[UUID, set[str]] = defaultdict(set)
        self._viewers: defaultdict[str, set[str]] = defaultdict(set)  # game -> all sids at it
        self._seated: defaultdict[str, set[str]] = defaultdict(set)  # game -> players' sids
        # What is known of the players on other nodes, and until when (ms), for the games that
        # have a connection here.
        self._elsewhere: dict[str, dict[UUID, int]] = {}

    @property
    def degraded(self) -> bool:
        """True while Redis fails and presence is what this node knows by itself."""
        return self._store.down

    # --- connections --------------------------------------------------------------------------

    async def register_connection(self, sid: str, user_id: UUID) -> None:
        """The connection ``sid`` is the user's from now on."""
        if self._users.get(sid, user_id) != user_id:
            await self.unregister_connection(sid)
        self._users[sid] = user_id
        self._games.setdefault(sid, {})
        self._sids[user_id].add(sid)
        self._store.connections = len(self._users)
        await self._store.write(come=self._entries(sid))

    async def unregister_connection(self, sid: str) -> UUID | None:
        """Forget a connection and its games; returns whose it was, None if it is unknown."""
        user_id = self._users.get(sid)
        if user_id is None:
            return None
        gone = list(self._entries(sid))
        games = self._games.pop(sid)
        for game_id in games:
            self._get_up(sid, game_id)
        del self._users[sid]
        _drop(self._sids, user_id, sid)
        self._store.connections = len(self._users)
        await self._store.write(gone=gone)
        await self._look(self._viewers.keys() & games.keys())
        return user_id

    async def heartbeat(self, sid: str) -> bool:
        """Renew a connection and its games; False if it is unknown here."""
        if sid not in self._users:
            return False
        await self._store.write(come=self._entries(sid))
        return True

    def user_of(self, sid: str) -> UUID | None:
        """Whose connection of this node ``sid`` is; None if it is unknown."""
        return self._users.get(sid)

    async def connections_of(self, user_id: UUID) -> set[str]:
        """The sids of all the user's connections, on any node."""
        [rows] = await self._store.read([_user_key(user_id)]) or [{}]
        elsewhere = {sid for _, node, sid in map(_parse, rows) if node != self._node}
        return elsewhere | self._sids.get(user_id, set())

    async def is_online(self, user_id: UUID) -> bool:
        """True while the user has a connection, on any node."""
        return user_id in self._sids or bool(await self.connections_of(user_id))

    # --- games --------------------------------------------------------------------------------

    async def join_game(self, sid: str, game_id: str, *, spectator: bool = False) -> None:
        """The connection is at the game, as a player or as a spectator, whichever it said last.

        Nothing happens if the connection is unknown: it may just have gone.
        """
        if sid not in self._users:
            return
        gone = [] if game_id not in self._games[sid] else [self._entry(sid, game_id)]
        self._games[sid][game_id] = spectator
        self._get_up(sid, game_id)
        self._viewers[game_id].add(sid)
        if not spectator:
            self._seated[game_id].add(sid)
        await self._store.write(come=[self._entry(sid, game_id)], gone=gone)
        await self._look([game_id])

    async def leave_game(self, sid: str, game_id: str) -> None:
        """The connection is no longer at the game; nothing happens if it was not."""
        if game_id not in self._games.get(sid, ()):
            return
        gone = self._entry(sid, game_id)
        del self._games[sid][game_id]
        self._get_up(sid, game_id)
        await self._store.write(gone=[gone])
        await self._look(self._viewers.keys() & {game_id})

    def games_of(self, sid: str) -> list[str]:
        """The games that a connection of this node is at, in the order in which it joined them."""
        return list(self._games.get(sid, ()))

    async def players_in(self, game_id: str) -> set[UUID]:
        """The users who are at the game as players, on any node."""
        elsewhere = (await self._look([game_id]))[game_id]
        return self._here(game_id) | self._alive(elsewhere)

    async def spectators_in(self, game_id: str) -> int:
        """How many users watch the game, on any node."""
        watching = self._viewers.get(game_id, set()) - self._seated.get(game_id, set())
        [rows] = await self._store.read([_game_key(game_id, True)]) or [{}]
        return len({self._users[sid] for sid in watching} | self._others(rows).keys())

    async def opponents_of(self, game_id: str, user_id: UUID) -> set[UUID]:
        """The other users who are at the game as players, on any node."""
        return await self.players_in(game_id) - {user_id}

    def present(self, game_id: str) -> frozenset[UUID]:
        """The users who are at the game as players, on any node, as last heard of.

        Waits for nothing, and knows only the games that have a connection on this node. What
        happened on other nodes since the last join, leave, `players_in` or `refresh` it does not.
        """
        return frozenset(self._here(game_id) | self._alive(self._elsewhere.get(game_id, {})))

    # --- the life of the node -----------------------------------------------------------------

    async def refresh(self) -> None:
        """Renew what this node has published, or publish it again, in one sweep.

        It is also what ends a failure of Redis.
        """
        await self._store.refresh([entry for sid in self._users for entry in self._entries(sid)])
        await self._look(self._viewers)

    async def run(self) -> None:
        """Refresh three times per TTL, until it is cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._ttl / 3)

    async def check(self) -> None:
        """Returns if Redis answers now.

        Raises:
            Unavailable: it does not.
        """
        await self._store.check()

    async def aclose(self) -> None:
        """Remove this node's connections and close the client; it is not opened again."""
        gone = [entry for sid in self._users for entry in self._entries(sid)]
        for local in (self._users, self._games, self._sids, self._viewers, self._seated):
            local.clear()
        self._elsewhere.clear()
        self._store.connections = 0
        await self._store.aclose(gone)

    # --- what this node knows -----------------------------------------------------------------

    def _member(self, sid: str) -> str:
        return f"{self._users[sid]}/{self._node}/{sid}"

    def _entry(self, sid: str, game_id: str) -> Entry:
        return Entry(_game_key(game_id, self._games[sid][game_id]), self._member(sid))

    def _entries(self, sid: str) -> Iterator[Entry]:
        yield Entry(_user_key(self._users[sid]), self._member(sid))
        for game_id in self._games[sid]:
            yield self._entry(sid, game_id)

    def _get_up(self, sid: str, game_id: str) -> None:
        _drop(self._seated, game_id, sid)
        _drop(self._viewers, game_id, sid)
        if game_id not in self._viewers:
            self._elsewhere.pop(game_id, None)

    def _here(self, game_id: str) -> set[UUID]:
        return {self._users[sid] for sid in self._seated.get(game_id, ())}

    def _alive(self, expiries: Mapping[UUID, int]) -> set[UUID]:
        now = self._clock.now_ms() if expiries else 0
        return {user_id for user_id, expiry in expiries.items() if expiry > now}

    def _others(self, rows: Mapping[str, int]) -> dict[UUID, int]:
        """The users in ``rows`` that other nodes vouch for, and until when."""
        users: dict[UUID, int] = {}
        for member, expiry in rows.items():
            user_id, node, _ = _parse(member)
            # Of this node Redis may know less or, for a moment, more than is true.
            if node != self._node:
                users[user_id] = max(expiry, users.get(user_id, 0))
        return users

    async def _look(self, game_ids: Iterable[str]) -> dict[str, dict[UUID, int]]:
        """Read who is at the games on other nodes, and remember it for those viewed here.

        While Redis fails, it gives what was remembered.
        """
        games = list(game_ids)
        rows = await self._store.read([_game_key(game_id, False) for game_id in games])
        if rows is None:
            return {game_id: self._elsewhere.get(game_id, {}) for game_id in games}
        found = {game_id: self._others(row) for game_id, row in zip(games, rows, strict=True)}
        self._elsewhere |= {g: others for g, others in found.items() if g in self._viewers}
        return found


def _user_key(user_id: UUID) -> str:
    return f"meeple:user:{user_id}"


def _game_key(game_id: str, spectator: bool) -> str:
    return f"meeple:game:{game_id}:{'spectators' if spectator else 'players'}"


def _parse(member: str) -> tuple[UUID, str, str]:
    user_id, node, sid = member.split("/", 2)
    return UUID(user_id), node, sid


def _drop(sets: defaultdict[Any, set[str]], key: object, sid: str) -> None:
    if key in sets:
        sets[key].discard(sid)
        if not sets[key]:
            del sets[key]


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
