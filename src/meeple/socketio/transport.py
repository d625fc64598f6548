"""Meeple's Socket.IO server: namespaces, events and acks on Engine.IO sessions.

The packets of one client are handled one after the other; while one waits (for a commit, say), what
follows it waits in a bounded inbox. What goes out keeps the order of the calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, cast

import msgspec

from meeple.protocols import LEFT, SocketHandlers
from meeple.socketio.drive import drive
from meeple.socketio.engine import Application, EngineServer, Session
from meeple.socketio.peers import Peers
from meeple.socketio.polling import PollingApp
from meeple.socketio.protocol import engineio, socketio, websocket
from meeple.socketio.protocol.errors import ProtocolError
from meeple.socketio.protocol.socketio import Kind, Packet
from meeple.socketio.websocket import WebSocketProtocol

#: What comes before a text message of Engine.IO.
MESSAGE = engineio.MESSAGE.encode()
#: Packets of one client that may wait while an earlier one is handled.
MAX_INBOX = 256
#: How often one session may connect to namespaces.
MAX_CONNECTS = 16
#: Why sessions end when the server does.
STOPPING = "server shutting down"
#: Seconds that the handlers of clients that have gone get on a shutdown.
GRACE = 10.0


class _Client:
    """A session, and what Socket.IO knows of it."""

    __slots__ = (
        "assembler",
        "busy",
        "connect_timer",
        "connects",
        "inbox",
        "retiring",
        "session",
        "sids",
    )

    def __init__(self, session: Session, max_payload: int) -> None:
        self.session = session
        #: How often it has connected to a namespace: each time may bring a fresh rate limit.
        self.connects = 0
        self.assembler = socketio.Assembler(max_payload)
        #: Namespace → the connection's id in it.
        self.sids: dict[str, str] = {}
        self.inbox: deque[tuple[Packet, str]] = deque()
        self.busy = False
        #: It is not heard any more, and goes when it has its answers.
        self.retiring = False
        self.connect_timer: asyncio.TimerHandle | None = None

    def send(self, packet: Packet) -> None:
        for message in socketio.encode(packet):
            self.session.send(message if isinstance(message, bytes) else engineio.MESSAGE + message)


class Namespace:
    """One namespace; a `SocketServer`."""

    def __init__(self, name: str, end: Callable[[_Client, str], None]) -> None:
        self.name = name
        self.handlers: SocketHandlers
        self.clients: dict[str, _Client] = {}
        self._end = end
        self._sessions: dict[str, Mapping[str, Any]] = {}
        self._event_head = socketio.encode_head(Packet(Kind.EVENT, name)).encode()
        self._ack_head = socketio.encode_head(Packet(Kind.ACK, name)).encode()

    def serve(self, handlers: SocketHandlers) -> None:
        """Hand every connection to ``handlers``."""
        self.handlers = handlers

    def emit(self, event: str, payload: Any, to: Collection[str]) -> None:
        """Send an event to the connections ``to``, encoded once; unknown ones are passed over."""
        self.emit_encoded(socketio.encode_json((event, payload)), to)

    def emit_encoded(self, event: bytes, to: Collection[str]) -> None:
        """The same for an event that is JSON already: the array of its name and its payload."""
        data = self._event_head + event
        frame = websocket.frame(websocket.TEXT, data, MESSAGE)
        for sid in tuple(to):  # who turns out to be gone leaves ``to``
            client = self.clients.get(sid)
            if client is None:
                continue
            if client.session.websocket is not None:
                client.session.websocket.send_frame(frame)
            else:
                client.session.send(engineio.MESSAGE + data.decode())

    def send(self, sid: str, event: str, *args: Any) -> None:
        """Send one connection an event with any number of arguments, which may hold bytes."""
        client = self.clients.get(sid)
        if client is not None:
            client.send(Packet(Kind.EVENT, self.name, [event, *args]))

    def ack(self, sid: str, number: int, *args: Any) -> None:
        """Answer an event."""
        client = self.clients.get(sid)
        if client is None:
            return
        carrier = client.session.websocket
        if carrier is not None and len(args) == 1 and isinstance(args[0], msgspec.Struct):
            # The usual case, without the search for bytes, which a Struct holds none of.
            data = b"%b%d%b" % (self._ack_head, number, socketio.encode_json(args))
            carrier.send_frame(websocket.frame(websocket.TEXT, data, MESSAGE))
        else:
            client.send(Packet(Kind.ACK, self.name, list(args), number))

    def round_trip(self, sid: str) -> int:
        """How many ms it takes to the client and back; 0 if it was not measured."""
        client = self.clients.get(sid)
        seconds = None if client is None else client.session.round_trip
        return 0 if seconds is None else round(seconds * 1000)

    def disconnect(self, sid: str) -> None:
        """Disconnect a client, after what was sent to it before."""
        client = self.clients.get(sid)
        if client is not None:
            client.send(Packet(Kind.DISCONNECT, self.name))
            self._end(client, self.name)

    async def save_session(
        self, sid: str, session: Mapping[str, Any], namespace: str | None = None
    ) -> None:
        """Keep ``session`` with the connection, until it goes."""
        if sid in self.clients:
            self._sessions[sid] = session

    def forget(self, sid: str) -> None:
        """The connection has gone."""
        self.clients.pop(sid, None)
        self._sessions.pop(sid, None)


class SocketIOServer:
    """Serves namespaces to Socket.IO clients; an `Application` of an `EngineServer`.

    Args:
        namespaces: their names.
        path: where clients connect.
        origins: origins of pages that may connect; ``"*"`` for all.
        ping_interval, ping_timeout: heartbeats, in seconds.
        max_payload: bytes of one message.
        connect_timeout: seconds that a client has to connect to a namespace.
        patience: seconds that a client has to complete an upgrade, or to answer a close frame.
        peers: the other workers on the same port; None if there are none.
    """

    def __init__(
        self,
        namespaces: Collection[str],
        *,
        path: str = "/socket.io",
        origins: Sequence[str] = (),
        ping_interval: float = 25,
        ping_timeout: float = 20,
        max_payload: int = 64 * 1024,
        connect_timeout: float = 45,
        patience: float = 10,
        peers: Peers | None = None,
    ) -> None:
        self.namespaces = {
            name: Namespace(name, partial(self._end, reason="server disconnect"))
            for name in namespaces
        }
        self._connect_timeout = connect_timeout
        self._max_payload = max_payload
        #: How many clients have a packet handled that waits.
        self._waiting = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._new_engine = partial(
            EngineServer,
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
            max_payload=max_payload,
            patience=patience,
            prefix="" if peers is None else peers.prefix,
        )
        self._peers = peers
        self._origins = origins
        #: Whether the server is going away.
        self.draining = False
        self._engines: dict[str, EngineServer] = {}
        self._polling: dict[str, PollingApp] = {}
        self.mount(path, self)

    def mount(self, path: str, application: Application) -> EngineServer:
        """Serve another application at ``path``: on plain Engine.IO, within the same limits."""
        engine = self._new_engine(application)
        self._engines[path] = engine
        self._polling[path] = PollingApp(engine, self._origins, self._peers)
        return engine

    def app(self, other: Any) -> Any:
        """The ASGI application: long-polling under its paths, everything else by ``other``."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            polling = scope["type"] == "http" and self._polling.get(scope["path"].rstrip("/"))
            await (polling or other)(scope, receive, send)

        return app

    @property
    def websocket_factory(self) -> type[asyncio.Protocol]:
        """What uvicorn's ``ws`` setting is to be: it is called as a class is."""
        return cast(type[asyncio.Protocol], partial(WebSocketProtocol, self._engines, self._peers))

    @property
    def ended(self) -> Counter[str]:
        """How many sessions have ended, by the reason."""
        return sum((engine.ended for engine in self._engines.values()), Counter())

    def websocket_for(self, server_state: Any) -> Callable[[], asyncio.Protocol]:
        """Makes what serves a connection that uvicorn, whose state that is, did not accept."""
        return partial(WebSocketProtocol, self._engines, self._peers, server_state)

    def close(self) -> None:
        """End every session, and open no more: before the web server waits for its requests."""
        for engine in self._engines.values():
            engine.close()

    async def drain(self, seconds: float) -> None:
        """End every session, each once it has the answers to all that it had asked.

        Nothing that comes meanwhile is handled: a client that has no answer asks the next server.

        Args:
            seconds: over which the sessions' ends are spread, so that not all clients connect to
                the other servers at the same moment.
        """
        self.draining = True
        for engine in self._engines.values():
            engine.refuse()
        sessions = [one for engine in self._engines.values() for one in engine.sessions]
        random.shuffle(sessions)
        started = time.monotonic()
        for number, session in enumerate(sessions):
            wait = started + seconds * number / len(sessions) - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self._retire(session)
        await self._until_idle()

    def _retire(self, session: Session) -> None:
        client = session.data
        if not isinstance(client, _Client):
            session.close(STOPPING, code=1012)
            return
        client.retiring = True
        if not client.busy:
            session.close(STOPPING, code=1012)

    async def _until_idle(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), GRACE)

    async def aclose(self) -> None:
        """End every session, and wait for the handlers of those that went."""
        self.close()
        await self._until_idle()

    # --- called by the EngineServer -----------------------------------------------------------

    def opened(self, session: Session) -> None:
        """A session is open."""
        session.data = client = _Client(session, self._max_payload)
        self._await_connect(client)

    def received(self, session: Session, message: str | bytes) -> None:
        """A message has come; raises `ProtocolError` if it should end the session."""
        client: _Client = session.data
        packet = client.assembler.feed(message)
        if packet is None or client.retiring:
            return
        if packet.kind is Kind.CONNECT and packet.namespace not in self.namespaces:
            refusal = {"message": "Invalid namespace"}
            client.send(Packet(Kind.CONNECT_ERROR, packet.namespace, refusal))
        elif not client.busy:
            self._handle(client, packet, LEFT)
        elif len(client.inbox) < MAX_INBOX:
            client.inbox.append((packet, LEFT))
        else:
            raise ProtocolError("too many packets at once", 1008)

    def closed(self, session: Session, reason: str) -> None:
        """A session has ended: what has not been handled is not, and its handlers are told."""
        client: _Client = session.data
        if client.connect_timer is not None:
            client.connect_timer.cancel()
        client.inbox.clear()
        for name in list(client.sids):
            self._end(client, name, reason)

    # --- packets ------------------------------------------------------------------------------

    def _end(self, client: _Client, namespace: str, reason: str) -> None:
        """The client leaves the namespace, once what is handled now has been."""
        sid = client.sids.get(namespace)
        if sid is not None:
            self.namespaces[namespace].clients.pop(sid, None)
        if client.busy:
            client.inbox.append((Packet(Kind.DISCONNECT, namespace), reason))
        else:
            self._handle(client, Packet(Kind.DISCONNECT, namespace), reason)

    def _handle(self, client: _Client, packet: Packet, reason: str) -> None:
        """Handle a packet, and then those that came meanwhile."""
        client.busy = True
        while drive(self._work(client, packet, reason), self._go_on, client):
            if not client.inbox:
                client.busy = False
                return
            packet, reason = client.inbox.popleft()
        self._waiting += 1
        self._idle.clear()

    def _go_on(self, client: _Client) -> None:
        if client.inbox:
            self._handle(client, *client.inbox.popleft())
        else:
            client.busy = False
        if client.retiring and not client.busy:
            client.session.close(STOPPING, code=1012)
        self._waiting -= 1
        if not self._waiting:
            self._idle.set()

    def _work(self, client: _Client, packet: Packet, reason: str) -> Coroutine[Any, Any, None]:
        if packet.kind is Kind.EVENT and packet.namespace in client.sids:
            sid = client.sids[packet.namespace]
            namespace = self.namespaces[packet.namespace]
            ack = None if packet.id is None else partial(namespace.ack, sid, packet.id)
            return namespace.handlers.on_event(sid, packet.data[0], packet.data[1:], ack)
        if packet.kind is Kind.CONNECT:
            return self._connect(client, packet)
        if packet.kind is Kind.DISCONNECT:
            return self._disconnect(client, packet.namespace, reason)
        return _ignore()

    async def _connect(self, client: _Client, packet: Packet) -> None:
        client.connects += 1
        client.session.answered_open()
        if client.connects > MAX_CONNECTS:
            client.session.close("too many connects", code=1008)
            return
        if packet.namespace in client.sids:
            client.session.close("connected twice", code=1008)
            return
        namespace = self.namespaces[packet.namespace]
        sid = secrets.token_urlsafe(15)
        namespace.clients[sid] = client
        client.sids[packet.namespace] = sid
        if client.connect_timer is not None:
            client.connect_timer.cancel()
            client.connect_timer = None
        # The id first: what the handler emits would not reach the client otherwise.
        client.send(Packet(Kind.CONNECT, packet.namespace, {"sid": sid}))
        accepted = False
        try:
            accepted = await self._task(namespace.handlers.on_connect(sid, packet.data))
        finally:
            if not accepted:
                client.send(Packet(Kind.DISCONNECT, packet.namespace))
                namespace.forget(sid)
                del client.sids[packet.namespace]
                self._await_connect(client)

    async def _disconnect(self, client: _Client, name: str, reason: str) -> None:
        sid = client.sids.pop(name, None)
        if sid is None:
            return
        self.namespaces[name].forget(sid)
        await self._task(self.namespaces[name].handlers.on_disconnect(sid, reason))

    def _await_connect(self, client: _Client) -> None:
        """A client in no namespace has only so long to connect to one."""
        if not client.sids and not client.session.closed:
            client.connect_timer = asyncio.get_running_loop().call_later(
                self._connect_timeout, client.session.close, "connect timeout"
            )

    def _task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task for what may ask for the current one; see `drive`."""
        return asyncio.get_running_loop().create_task(work)


async def _ignore() -> None:
    """For acks that were not asked for, and events of who has yet to hear that it is out."""
