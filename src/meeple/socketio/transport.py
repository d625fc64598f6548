"""The Socket.IO server under Meeple: python-socketio, behind the `SocketServer` Protocol."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any

import engineio
import msgspec
import socketio
import structlog
from engineio.exceptions import EngineIOError
from socketio import packet

from meeple.protocols import SocketHandlers
from meeple.schemas.ws_messages import NAMESPACE

log = structlog.get_logger(__name__)

#: Packets that may wait for one connection before it is dropped as a slow reader.
MAX_QUEUED = 256
#: Bytes of one incoming message.
MAX_MESSAGE_BYTES = 64 * 1024


class _Json:
    """JSON that knows Structs going out, and refuses what is not JSON coming in."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        return msgspec.json.decode(text)


def _never_empty(receive: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    """An empty frame as Engine.IO's NOOP: python-engineio would lose the connection over it."""

    async def received() -> Any:
        event = await receive()
        if event["type"] == "websocket.receive" and not (event.get("text") or event.get("bytes")):
            return {"type": "websocket.receive", "text": "6"}
        return event

    return received


class _Engine(engineio.AsyncServer):  # type: ignore[misc]
    """Engine.IO whose connections hold a bounded number of packets that were not sent yet."""

    async def send_packet(self, sid: str, pkt: Any) -> None:
        connection = self.sockets.get(sid)
        if connection is None or connection.closed:
            return
        if connection.queue.qsize() >= MAX_QUEUED:
            log.warning("slow reader dropped", queued=connection.queue.qsize())
            await connection.close(wait=False, abort=True, reason="slow reader")
            while not connection.queue.empty():
                connection.queue.get_nowait()
            # None ends the writer; the web server's own pings end a connection that is stuck.
            connection.queue.put_nowait(None)
            return
        try:
            await super().send_packet(sid, pkt)
        except EngineIOError:
            log.debug("connection closed while it was sent to")


class _Server(socketio.AsyncServer):  # type: ignore[misc]
    """python-socketio that leaves events and their acks to a callable of ours."""

    def __init__(self, on_event: Callable[..., Awaitable[None]], **options: Any) -> None:
        super().__init__(**options)
        self._on_event = on_event

    def _engineio_server_class(self) -> type[engineio.AsyncServer]:
        return _Engine

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        # A second CONNECT would get a second sid, of which nothing is heard when the line closes.
        if self.manager.sid_from_eio_sid(eio_sid, namespace or "/") is None:
            await super()._handle_connect(eio_sid, namespace, data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        await super()._handle_eio_disconnect(eio_sid, reason)
        connection = self.eio.sockets.get(eio_sid)
        if connection is not None:
            # A poll that the client left hanging would hang on until its time limit.
            connection.queue.put_nowait(None)

    async def _handle_event_internal(
        self, server: Any, sid: str, eio_sid: str, data: list[Any], namespace: str, id: int | None
    ) -> None:
        await self._on_event(sid, data[0], data[1:], id)


class PythonSocketIOServer:
    """A `SocketServer` on python-socketio.

    Everything that goes out passes one outbox in the order of the calls, so an ack leaves before
    the broadcasts of what it acks. ``app(other)`` is the ASGI application that serves it.

    Args:
        cors_allowed_origins: origins of pages that may connect; ``"*"`` for all.
        ping_interval, ping_timeout: Engine.IO heartbeats, in seconds.
    """

    def __init__(
        self,
        *,
        cors_allowed_origins: str | list[str] = "*",
        ping_interval: float = 25,
        ping_timeout: float = 20,
    ) -> None:
        self._handlers: SocketHandlers
        self._sio = _Server(
            self._event,
            async_mode="asgi",
            # Events of one connection one after the other.
            async_handlers=False,
            # An event sent before a refused connect would not reach the client otherwise.
            always_connect=True,
            namespaces=[NAMESPACE],
            json=_Json,
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            cors_allowed_origins=cors_allowed_origins,
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
        )
        self._outbox: deque[Callable[[], Awaitable[None]]] = deque()
        self._draining: asyncio.Task[None] | None = None

    def app(self, other: Any) -> Any:
        """The ASGI application: Socket.IO under ``/socket.io``, everything else by ``other``."""
        served = socketio.ASGIApp(self._sio, other_asgi_app=other)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await served(scope, _never_empty(receive), send)

        return app

    def serve(self, handlers: SocketHandlers) -> None:
        """Hand every connection to ``handlers``."""
        self._handlers = handlers
        self._sio.on("connect", self._connect, namespace=NAMESPACE)
        self._sio.on("disconnect", handlers.on_disconnect, namespace=NAMESPACE)

    def emit(self, event: str, payload: Any, to: Collection[str]) -> None:
        """Send an event to the connections ``to``, encoded once; unknown ones are passed over."""
        data = packet.Packet(packet.EVENT, namespace=NAMESPACE, data=[event, payload]).encode()
        self._post(partial(self._send, data, tuple(to)))

    def disconnect(self, sid: str) -> None:
        """Disconnect a client, after what was sent to it before."""
        self._post(partial(self._sio.disconnect, sid, namespace=NAMESPACE))

    async def save_session(
        self, sid: str, session: Mapping[str, Any], namespace: str | None = None
    ) -> None:
        """Keep ``session`` with the connection."""
        await self._sio.save_session(sid, dict(session), namespace=namespace)

    async def aclose(self) -> None:
        """Send what is in the outbox, and end the library's own tasks."""
        await self._drain()
        await self._sio.shutdown()

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        if not await self._handlers.on_connect(sid, auth):
            # Not by returning False: python-socketio would then send a DISCONNECT with a payload,
            # which the stock JavaScript client takes for a parse error, and connects again.
            self.disconnect(sid)
            await self._drain()

    async def _event(self, sid: str, event: str, args: list[Any], ack_id: int | None) -> None:
        ack = None if ack_id is None else partial(self._ack, sid, ack_id)
        await self._handlers.on_event(sid, event, args, ack)

    def _ack(self, sid: str, ack_id: int, reply: Any) -> None:
        data = packet.Packet(packet.ACK, namespace=NAMESPACE, id=ack_id, data=[reply]).encode()
        self._post(partial(self._send, data, (sid,)))

    async def _send(self, data: str, sids: tuple[str, ...]) -> None:
        for sid in sids:
            eio_sid = self._sio.manager.eio_sid_from_sid(sid, NAMESPACE)
            if eio_sid is not None:
                await self._sio.eio.send(eio_sid, data)

    def _post(self, send: Callable[[], Awaitable[None]]) -> None:
        self._outbox.append(send)
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._pump())

    async def _drain(self) -> None:
        while self._draining is not None and not self._draining.done():
            await asyncio.shield(self._draining)

    async def _pump(self) -> None:
        while self._outbox:
            send = self._outbox.popleft()
            try:
                await send()
            except Exception:
                # One connection's failure must not stop what goes out to the others.
                log.exception("sending failed")
