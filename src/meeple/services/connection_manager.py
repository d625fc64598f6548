"""Presence: who is connected, and at which tables.

Each node keeps the truth about its own connections in memory and publishes it in Redis
(`presence_store`), where it lives only as long as the node renews it. One sorted set a user and two
a game (players, spectators), whose members are ``user/node/sid``: a dead node's connections vanish
by themselves, and a connection that goes takes only its own member along. A player of a live game
who is at it no more leaves a mark in the game's set, ``user//closed`` or ``user//lost``, until it
comes back.

Presence is soft: while Redis fails, a node goes on with what it knows. The clocks of the nodes
should agree to a few seconds; a node whose clock is off by more than the TTL is seen as gone, or
for too long.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import structlog

from meeple.protocols import Clock, Gone
from meeple.services.clock import SystemClock
from meeple.services.presence_scripts import marks, parse
from meeple.services.presence_store import Entry, PresenceStore, RedisFactory

log = structlog.get_logger(__name__)

_NOBODY: Mapping[UUID, Gone] = MappingProxyType({})
_NONE: Mapping[str, bool] = MappingProxyType({})
#: Seconds between two looks at whose time is over.
LOOK_EVERY = 1.0


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
        # Made of the above when it is asked for: game -> the users of its players' sids.
        self._players: dict[str, frozenset[UUID]] = {}
        # What is known of the players on other nodes, and until when (ms), for the games that
        # have a connection here.
        self._elsewhere: dict[str, dict[UUID, int]] = {}
        # The marks of who is gone, as last read; and the games, of those viewed here, where that or
        # who is there on other nodes has changed since the last refresh.
        self._gone: dict[str, dict[UUID, Gone]] = {}
        self._changed: set[str] = set()
        self._expired_until = 0
        # Before this node was, perhaps none was: nobody could come back, so nobody was gone.
        self._started = self._clock.now_ms()

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

    def sids_here(self, user_id: UUID) -> list[str]:
        """The sids of the user's connections to this node."""
        return list(self._sids.get(user_id, ()))

    async def connections_of(self, user_id: UUID) -> set[str]:
        """The sids of all the user's connections, on any node."""
        [rows] = await self._store.read([_user_key(user_id)]) or [{}]
        elsewhere = {sid for _, node, sid in map(parse, rows) if node != self._node}
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
            self._players.pop(game_id, None)
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

    def games_of(self, sid: str, *, players_only: bool = False) -> list[str]:
        """The games that a connection of this node is at, in the order in which it joined them.

        With ``players_only``, without those that it only watches.
        """
        games = self._games.get(sid, {})
        return [game_id for game_id, watches in games.items() if not (watches and players_only)]

    def plays(self, sid: str, game_id: str) -> bool:
        """Whether a connection of this node is at the game as a player's."""
        return self._games.get(sid, _NONE).get(game_id) is False

    async def players_in(self, game_id: str) -> set[UUID]:
        """The users who are at the game as players, on any node."""
        elsewhere = (await self._look([game_id]))[game_id]
        return {*self._here(game_id), *self._alive(elsewhere)}

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
        here = self._players.get(game_id)
        if here is None:
            here = self._here(game_id)
        elsewhere = self._elsewhere.get(game_id)
        return here | self._alive(elsewhere) if elsewhere else here

    def gone(self, game_id: str) -> Mapping[UUID, Gone]:
        """The marks of who is gone from the game, as last heard of, for games with a viewer here.

        Who is `present` is not gone, whatever this says.
        """
        return self._gone.get(game_id, _NOBODY)

    async def mark_gone(
        self, game_id: str, users: Collection[UUID], since: int, *, closed: bool = False
    ) -> Mapping[UUID, Gone] | None:
        """Mark those of ``users`` who are players at the game on no node as gone since then (ms).

        Who is marked already stays so, unless ``closed`` (on purpose) now says more than the mark.
        A mark is taken away by the user's coming, whatever node that is on.

        Returns:
            The marks of those of ``users`` who are gone now; None while Redis fails.
        """
        missing = set(users).difference(self._here(game_id))
        if not missing:
            return {}
        row = await self._store.mark(_game_key(game_id, False), missing, since, closed=closed)
        if row is None:
            return None
        self._take(game_id, row)
        here = self._here(game_id)  # as it is after the wait
        return {
            user_id: mark
            for user_id, mark in marks(row, self._started).items()
            if user_id in missing and user_id not in here
        }

    # --- the life of the node -----------------------------------------------------------------

    async def refresh(self) -> set[str]:
        """Renew what this node has published, or publish it again, in one sweep.

        It is also what ends a failure of Redis.

        Returns:
            The games, of those with a connection here, where something has changed on other nodes
            since the last time; all of them after a failure.
        """
        failed = self.degraded
        await self._store.refresh([entry for sid in self._users for entry in self._entries(sid)])
        await self._look(self._viewers)
        changed, self._changed = self._changed, set()
        return set(self._viewers) if failed and not self.degraded else changed

    def expired(self) -> set[str]:
        """The games at which, since it was last asked, somebody is believed in no longer.

        The other node has died, or has lost Redis.
        """
        last, self._expired_until = self._expired_until, self._clock.now_ms()
        return {
            game_id
            for game_id, others in self._elsewhere.items()
            if any(last < expiry <= self._expired_until for expiry in others.values())
        }

    async def run(self, tell: Callable[[str], Awaitable[object]] | None = None) -> None:
        """Refresh three times per TTL, until it is cancelled; ``tell`` gets each changed game."""
        while True:
            refresh_at = time.monotonic() + self._ttl / 3
            try:
                await self._tell(await self.refresh(), tell)
            except Exception:  # without the next one, everybody here would seem gone
                log.exception("presence not refreshed")
            while (left := refresh_at - time.monotonic()) > 0:
                await asyncio.sleep(min(left, LOOK_EVERY))
                await self._tell(self.expired(), tell)

    async def _tell(
        self, games: Iterable[str], tell: Callable[[str], Awaitable[object]] | None
    ) -> None:
        for game_id in games:
            if tell is not None:
                try:
                    await tell(game_id)
                except Exception:
                    # One table's failure must not stop presence for all others.
                    log.exception("presence not told", game_id=game_id)

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
        self._gone.clear()
        self._changed.clear()
        self._players.clear()
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
        self._players.pop(game_id, None)
        _drop(self._seated, game_id, sid)
        _drop(self._viewers, game_id, sid)
        if game_id not in self._viewers:
            self._elsewhere.pop(game_id, None)
            self._gone.pop(game_id, None)
            self._changed.discard(game_id)

    def _here(self, game_id: str) -> frozenset[UUID]:
        if game_id not in self._seated:
            return frozenset()
        if game_id not in self._players:
            self._players[game_id] = frozenset(self._users[sid] for sid in self._seated[game_id])
        return self._players[game_id]

    def _alive(self, expiries: Mapping[UUID, int]) -> set[UUID]:
        now = self._clock.now_ms() if expiries else 0
        return {user_id for user_id, expiry in expiries.items() if expiry > now}

    def _others(self, rows: Mapping[str, int]) -> dict[UUID, int]:
        """The users in ``rows`` that other nodes vouch for, and until when."""
        users: dict[UUID, int] = {}
        for member, expiry in rows.items():
            user_id, node, _ = parse(member)
            # Of this node Redis may know less or, for a moment, more than is true.
            if node not in (self._node, ""):
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
        return {game_id: self._take(game_id, row) for game_id, row in zip(games, rows, strict=True)}

    def _take(self, game_id: str, row: Mapping[str, int]) -> dict[UUID, int]:
        """Remember what Redis says of a game that is viewed here; gives who is on other nodes."""
        others, gone = self._others(row), marks(row, self._started)
        if game_id in self._viewers:
            known = self._elsewhere.get(game_id, {})
            if known.keys() != others.keys() or self._gone.get(game_id, {}) != gone:
                self._changed.add(game_id)
            self._elsewhere[game_id] = others
            if gone:
                self._gone[game_id] = gone
            else:
                self._gone.pop(game_id, None)
        return others


def _user_key(user_id: UUID) -> str:
    return f"meeple:user:{user_id}"


def _game_key(game_id: str, spectator: bool) -> str:
    return f"meeple:game:{game_id}:{'spectators' if spectator else 'players'}"


def _drop(sets: defaultdict[Any, set[str]], key: object, sid: str) -> None:
    if key in sets:
        sets[key].discard(sid)
        if not sets[key]:
            del sets[key]
