"""The bus on Redis or Valkey: one server, Sentinels, or a cluster with sharded pub/sub."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from uuid import uuid4

import msgspec
import structlog
from redis.exceptions import RedisClusterException, RedisError

from meeple.bus.address import parse
from meeple.bus.servers import servers
from meeple.bus.session import Session
from meeple.bus.subscriptions import Subscriptions
from meeple.protocols import Appended, BusListener, Clock, Note

log = structlog.get_logger(__name__)

#: What a Redis that does not answer raises; anything else is a mistake of ours.
REDIS_FAILURES = (RedisError, RedisClusterException, OSError, TimeoutError)
#: Seconds between two signs of life that are asked of each server.
PING_EVERY = 0.25
#: Seconds that any answer may take; then Redis counts as down. With the above and a look at the log
#: this makes less than the two seconds that viewers may be behind.
PATIENCE = 0.8
#: Seconds until a connection that was lost is tried again, at first and at most.
RETRY = (0.1, 1.0)
#: Seconds of a connection that was good, after which the next is tried at once again.
LASTING = 5.0
#: Notes that one round trip takes along.
BATCH = 100
PREFIX = "meeple:bus:"


@dataclass
class BusStats:
    """What a bus has done since it was made.

    Attributes:
        published: notes that Redis has taken.
        dropped: notes that were thrown away, the oldest first, because too many waited.
        received: notes of other nodes.
        unread: notes of other nodes that this version of Meeple does not understand.
        connects: how often it has connected; all but the first are reconnects.
        lag_ms: how long the note heard last was under way, by the clocks of the two nodes.
    """

    published: int = 0
    dropped: int = 0
    received: int = 0
    unread: int = 0
    connects: int = 0
    lag_ms: int = 0


class Envelope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What travels: who sends it, and when (ms since 1970)."""

    node: str
    at: int
    note: Note


class RedisBus:
    """A `Bus` on pub/sub.

    Notes are published by one task, which takes along in a round trip what gathered during the
    one before. While Redis is down they wait, and the oldest go when there are too many.

    Args:
        url: where Redis is; see `meeple.bus.address`.
        clock: the server's time.
        node: what tells this node's notes from those of others.
        queue: notes that may wait.
        patience: seconds that an answer may take.

    Raises:
        ConfigurationError: the URL is none.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        node: str | None = None,
        queue: int = 2_000,
        patience: float = PATIENCE,
    ) -> None:
        self.stats = BusStats()
        self._servers = servers(parse(url))
        self._clock = clock
        self._node = node or uuid4().hex[:16]
        self._patience = patience
        self._listener: BusListener | None = None
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Envelope).decode
        # Every envelope of this node begins so, and need not be read when it comes back.
        self._own = self._encode([self._node])[:-1]
        self._queue: deque[Note] = deque()
        self._room = queue
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._up = False
        self._warned = False
        self._subscriptions = Subscriptions()

    # --- what the services use ----------------------------------------------------------------

    @property
    def up(self) -> bool:
        """True while it is connected."""
        return self._up

    def serve(self, listener: BusListener) -> None:
        """Tell ``listener``; called once, before `run`."""
        self._listener = listener

    def publish(self, note: Note) -> None:
        """Tell all other nodes that are subscribed to the note's game; returns at once."""
        if len(self._queue) >= self._room:
            self._queue.popleft()
            self.stats.dropped += 1
        self._queue.append(note)
        self._idle.clear()
        self._work.set()

    async def drain(self) -> None:
        """Wait until Redis has what was published, if it takes it soon."""
        if self._up:
            try:
                await asyncio.wait_for(self._idle.wait(), self._patience)
            except TimeoutError:
                log.warning("bus closed with notes unsent", notes=len(self._queue))

    async def subscribe(self, game_id: str) -> bool:
        """From now on, hear what is published about the game; waits until that is so.

        It waits for no longer than ``patience``, and not at all while Redis is down.
        """
        self._subscriptions.want(game_id, True)
        self._work.set()
        return await self._subscriptions.confirmed(game_id, self._patience)

    def unsubscribe(self, game_id: str) -> None:
        """Hear no more about the game; nothing happens if it was not heard."""
        self._subscriptions.want(game_id, False)
        self._work.set()

    def heard(self, game_id: str) -> bool:
        """True while every note about the game that reaches Redis reaches this node."""
        return self._subscriptions.heard(game_id)

    # --- the life of the connections ----------------------------------------------------------

    async def run(self) -> None:
        """Connect, and connect again whenever that is needed, until it is cancelled."""
        pause = RETRY[0]
        try:
            while True:
                since = time.monotonic()
                try:
                    await self._live()
                except* REDIS_FAILURES as group:
                    if not self._warned:
                        self._warned = True
                        log.warning("bus degraded: Redis fails", error=repr(group.exceptions[0]))
                except* Exception:
                    log.exception("bus failed")
                self._go_down()
                # One that connects and fails at once is not tried ten times a second for ever.
                lasted = time.monotonic() - since > LASTING
                pause = RETRY[0] if lasted else min(2 * pause, RETRY[1])
                await asyncio.sleep(pause)
        finally:
            self._go_down()
            await self._servers.aclose()

    async def _live(self) -> None:
        """One session; raises a group of what ended it."""
        session = Session(self._servers, self._patience)
        try:
            await session.open()
            self._come_up()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(session))
                for place in range(len(session)):
                    group.create_task(self._read(session, place))
        finally:
            await session.aclose()

    def _come_up(self) -> None:
        self._subscriptions.connected()
        self._up = True
        self.stats.connects += 1
        self._warned = False
        log.info("bus connected")
        if self._listener is not None:
            self._listener.connected()

    def _go_down(self) -> None:
        self._subscriptions.disconnected()
        if self._up:
            self._up = False
            if self._listener is not None:
                self._listener.disconnected()

    # --- out ----------------------------------------------------------------------------------

    async def _write(self, session: Session) -> None:
        """All that is written: subscriptions first, so that a join need not wait for the rest."""
        ping_at = 0.0
        while True:
            if self._subscriptions.pending:
                come, gone = self._subscriptions.take()
                await session.subscribe(PREFIX + game for game in come)
                await session.unsubscribe(PREFIX + game for game in gone)
            if self._queue:
                await self._flush(session)
            if time.monotonic() >= ping_at:
                await session.ping()
                ping_at = time.monotonic() + PING_EVERY
            if not (self._queue or self._subscriptions.pending):
                self._work.clear()
                self._idle.set()
                try:
                    await asyncio.wait_for(self._work.wait(), PING_EVERY)
                except TimeoutError:
                    continue  # nothing to do but to ping

    async def _flush(self, session: Session) -> None:
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        try:
            await session.publish(self._encoded(batch))
        except BaseException:
            # They may have arrived. Entries may do so twice.
            again = [note for note in batch if isinstance(note, Appended)]
            self._queue.extendleft(reversed(again))
            self.stats.dropped += len(batch) - len(again)
            raise
        self.stats.published += len(batch)

    def _encoded(self, batch: list[Note]) -> list[tuple[str, bytes]]:
        now = self._clock.now_ms()
        messages = []
        for note in list(batch):
            try:
                data = self._encode(Envelope(self._node, now, note))
            except Exception:  # whatever stands in an entry
                log.exception("not published", game_id=note.game_id)
                batch.remove(note)
                self.stats.dropped += 1
            else:
                messages.append((PREFIX + note.game_id, data))
        return messages

    # --- in -----------------------------------------------------------------------------------

    async def _read(self, session: Session, place: int) -> None:
        while True:
            said = await session.receive(place)
            if said is None:
                continue
            word, channel, data = said
            if word == "message":
                self._hear(data)
            else:
                self._subscriptions.answered(channel.removeprefix(PREFIX), word == "subscribe")

    def _hear(self, data: bytes) -> None:
        if data.startswith(self._own):
            return
        try:
            envelope = self._decode(data)
        except msgspec.DecodeError:
            # Of a node of another version, or of somebody else. The log knows what is true.
            self.stats.unread += 1
            return
        self.stats.received += 1
        self.stats.lag_ms = max(0, self._clock.now_ms() - envelope.at)
        if envelope.note.game_id in self._subscriptions and self._listener is not None:
            self._listener.hear(envelope.note)
