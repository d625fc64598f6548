"""Engine.IO sessions: one for each client, over long-polling or WebSocket.

Nothing here waits for a client, and there is no task for a session: a packet that comes is handled
in the read callback, those that go out are written once a turn of the loop or kept (within a bound)
for the next poll, and one sweep serves the heartbeats of all.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, Protocol

import structlog

from meeple.protocols import LEFT
from meeple.socketio.protocol import engineio
from meeple.socketio.protocol.engineio import Handshake, Packet
from meeple.socketio.protocol.errors import ProtocolError

log = structlog.get_logger(__name__)

#: Bytes that may wait for a client before it is dropped as a slow reader.
MAX_BUFFERED = 1024 * 1024
#: Packets that may wait for a client's next poll, and that one of its payloads may hold.
MAX_PACKETS = 512


class WebSocket(Protocol):
    """The WebSocket that carries a session."""

    def send(self, packet: Packet) -> None:
        """Write one packet."""
        ...

    def send_frame(self, frame: bytes) -> None:
        """Write a frame that is encoded already."""
        ...

    def flush(self) -> None:
        """Write what is still unsent."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and end the connection."""
        ...


class Application(Protocol):
    """What is served on the sessions."""

    def opened(self, session: Session) -> None:
        """A session is open."""
        ...

    def received(self, session: Session, message: str | bytes) -> None:
        """A message has come; raises `ProtocolError` if it should end the session."""
        ...

    def closed(self, session: Session, reason: str) -> None:
        """A session has ended; nothing can be sent to it any more."""
        ...


class Session:
    """One client.

    Attributes:
        id: known to the client alone.
        application: what is served on it.
        data: for the application.
        round_trip: seconds that a packet takes to the client and back; None until it was measured.
        deadline: when the session ends if its client is not heard of, in the loop's seconds.
    """

    __slots__ = (
        "_buffer",
        "_buffered",
        "_poll",
        "_server",
        "application",
        "closed",
        "data",
        "deadline",
        "id",
        "probing",
        "round_trip",
        "websocket",
    )

    def __init__(self, server: EngineServer, websocket: WebSocket | None) -> None:
        self.id = server.prefix + secrets.token_urlsafe(15)
        self.data: Any = None
        self.websocket = websocket
        self.closed = False
        self.deadline = 0.0
        self.round_trip: float | None = None
        #: What is probed: polls do not hang then, for the client ends them before it upgrades.
        self.probing: WebSocket | None = None
        self.application = server.application
        self._server = server
        self._buffer: list[Packet] = []
        self._buffered = 0
        self._poll: asyncio.Future[list[Packet]] | None = None

    def send(self, packet: Packet) -> None:
        """Send a packet now, or with the client's next poll; no effect once it is closed."""
        if self.closed:
            return
        if self.websocket is not None:
            self.websocket.send(packet)
            return
        self._buffer.append(packet)
        self._buffered += len(packet)
        if len(self._buffer) > MAX_PACKETS or self._buffered > MAX_BUFFERED:
            self.close("slow reader")
            return
        self._answer()

    def receive(self, packet: Packet) -> None:
        """Handle a packet that the client has sent; raises `ProtocolError`."""
        if self.closed:
            return
        if isinstance(packet, bytes):
            self.application.received(self, packet)
            return
        kind = packet[:1]
        if kind == engineio.MESSAGE:
            self.application.received(self, packet[1:])
        elif kind == engineio.PONG:
            self._server.heard(self)
        elif kind == engineio.CLOSE:
            self.close(LEFT, last=engineio.NOOP)
        else:
            # PING is for probes only, UPGRADE for upgrades; NOOP says nothing.
            engineio.check_text(packet)

    def measure(self, seconds: float) -> None:
        """Take note of a round trip: less is believed at once, more only little by little."""
        known = self.round_trip
        if known is not None and seconds > known:
            seconds = known + (seconds - known) / 8
        self.round_trip = seconds

    def answered_open(self) -> None:
        """The client's first packet is the answer to the one that opened the session."""
        if self.round_trip is None:
            self._server.measure_open(self)

    def poll(self) -> asyncio.Future[list[Packet]]:
        """The packets for the client's poll, as soon as there are some.

        Raises:
            ProtocolError: another poll is waiting; the session is closed.
        """
        if self.closed:
            raise ProtocolError("the session is closed")
        if self._poll is not None:
            self.close("two polls at once")
            raise ProtocolError("two polls at once")
        self._poll = asyncio.get_running_loop().create_future()
        answer = self._poll
        self._answer()
        self.release_poll()
        return answer

    def upgrade(self, websocket: WebSocket) -> None:
        """From now on, the WebSocket carries the session; it gets what was waiting for a poll."""
        waiting, self._buffer, self._buffered = self._buffer, [], 0
        self.websocket, self.probing = websocket, None
        for packet in waiting:
            websocket.send(packet)

    def release_poll(self) -> None:
        """Answer a poll that hangs while a WebSocket is probed."""
        if self._poll is not None and self.probing is not None:
            self._buffer.append(engineio.NOOP)
            self._answer()

    def close(self, reason: str, *, last: str = engineio.CLOSE, code: int = 1000) -> None:
        """End the session. ``last`` answers a poll that hangs; ``code`` goes to a WebSocket."""
        if self.closed:
            return
        self.closed = True
        if self._poll is not None:
            # Whatever else there was has been sent: a poll hangs only while there is nothing.
            self._buffer = [last]
            self._answer()
        if self.websocket is not None:
            self.websocket.close(code, reason)
        self._server.forget(self)
        self._server.ended[reason] += 1
        try:
            self.application.closed(self, reason)
        finally:
            # No cycle is left, so that the memory is free at once.
            self._buffer, self.data, self.websocket = [], None, None

    def _answer(self) -> None:
        if self._poll is None or not self._buffer:
            return
        poll, self._poll = self._poll, None
        packets, self._buffer, self._buffered = self._buffer, [], 0
        if not poll.done():
            poll.set_result(packets)


class EngineServer:
    """All sessions of one endpoint.

    Args:
        application: what is served on them.
        ping_interval, ping_timeout: heartbeats, in seconds.
        max_payload: bytes of one message, or of one long-polling payload.
        patience: seconds that a client has to complete an upgrade, or to answer a close frame.
        prefix: what the ids of sessions begin with.
    """

    def __init__(
        self,
        application: Application,
        *,
        ping_interval: float = 25,
        ping_timeout: float = 20,
        max_payload: int = 1_000_000,
        patience: float = 10,
        prefix: str = "",
    ) -> None:
        self.prefix = prefix
        self.application = application
        self.max_payload = max_payload
        self.patience = patience
        self.ping_interval = ping_interval
        self.ping_timeout = ping_timeout
        self._sessions: dict[str, Session] = {}
        # Each session is in one of these, with the time when it is due; both are in order of time,
        # since the time that a session stays in one is the same for all.
        self._to_ping: OrderedDict[Session, float] = OrderedDict()
        self._to_hear: OrderedDict[Session, float] = OrderedDict()
        #: Seconds between two sweeps.
        self._rest = min(1.0, ping_interval / 10, ping_timeout / 10)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        #: How many sessions have ended, by the reason; for metrics.
        self.ended: Counter[str] = Counter()
        self._unflushed: list[WebSocket] = []

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, websocket: WebSocket | None) -> Session:
        """A new session; its open packet is on the way.

        Raises:
            ProtocolError: the server is shutting down.
        """
        if self._closed:
            raise ProtocolError("server shutting down", 1012)
        loop = asyncio.get_running_loop()
        session = Session(self, websocket)
        self._sessions[session.id] = session
        handshake = Handshake(
            sid=session.id,
            upgrades=() if websocket is not None else ("websocket",),
            ping_interval=round(self.ping_interval * 1000),
            ping_timeout=round(self.ping_timeout * 1000),
            max_payload=self.max_payload,
        )
        session.send(engineio.open_packet(handshake))
        now = loop.time()
        session.deadline = now + self.ping_interval + self.ping_timeout
        self._to_ping[session] = now + self.ping_interval
        if self._timer is None:
            self._timer = loop.call_later(self._rest, self._sweep)
        self.application.opened(session)
        return session

    def find(self, sid: str) -> Session | None:
        """The open session of that id; one that was not heard of in time is closed first."""
        session = self._sessions.get(sid)
        if session is not None and session.deadline <= asyncio.get_running_loop().time():
            session.close("ping timeout")
            return None
        return session

    def heard(self, session: Session) -> None:
        """The client has answered a heartbeat."""
        if self._to_hear.pop(session, None) is None:
            return  # it was not asked
        now = asyncio.get_running_loop().time()
        session.measure(now - (session.deadline - self.ping_timeout))
        session.deadline = now + self.ping_interval + self.ping_timeout
        self._to_ping[session] = now + self.ping_interval

    def measure_open(self, session: Session) -> None:
        """The session's first round trip, if it was not pinged yet."""
        if session in self._to_ping:
            opened_at = session.deadline - self.ping_interval - self.ping_timeout
            session.measure(asyncio.get_running_loop().time() - opened_at)

    def forget(self, session: Session) -> None:
        """A session has ended."""
        self._sessions.pop(session.id, None)
        self._to_ping.pop(session, None)
        self._to_hear.pop(session, None)

    def flush_later(self, websocket: WebSocket) -> None:
        """Flush the WebSocket at the end of this turn of the loop, with all others."""
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unflushed.append(websocket)

    def _flush(self) -> None:
        unflushed, self._unflushed = self._unflushed, []
        for websocket in unflushed:
            try:
                websocket.flush()
            except Exception:
                log.exception("a session failed")

    @property
    def sessions(self) -> Collection[Session]:
        """The open sessions."""
        return self._sessions.values()

    def refuse(self) -> None:
        """Open no more sessions."""
        self._closed = True

    def close(self, reason: str = "server shutting down") -> None:
        """End every session, and open no more."""
        self.refuse()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for session in list(self._sessions.values()):
            _guarded(partial(session.close, reason, code=1012))

    def _sweep(self) -> None:
        """Ping whose turn it is and drop who was not heard of; runs again in a moment."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        # Early rather than late: the client counts on its ping, and on its time to answer it.
        for session in _due(self._to_ping, now + self._rest):
            session.deadline = self._to_hear[session] = now + self.ping_timeout
            _guarded(partial(session.send, engineio.PING))
        for session in _due(self._to_hear, now):
            _guarded(partial(session.close, "ping timeout"))
        self._timer = loop.call_later(self._rest, self._sweep) if self._sessions else None


def _due(waiting: OrderedDict[Session, float], now: float) -> Iterator[Session]:
    """Take out, and give, the sessions that are due."""
    while waiting:
        session = next(iter(waiting))
        if waiting[session] > now:
            return
        del waiting[session]
        yield session


def _guarded(call: Callable[[], None]) -> None:
    """One session's failure must not be that of the others."""
    try:
        call()
    except Exception:
        log.exception("a session failed")
