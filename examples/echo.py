"""Says back what it hears: on plain Engine.IO under /engine.io, on Socket.IO under /socket.io.

    python examples/echo.py --port 3000 --ping-interval 300 --ping-timeout 200

It is what the official conformance suites of both protocols are run against.
"""

from __future__ import annotations

import argparse
import socket
from collections.abc import Sequence
from typing import Any

import uvicorn

from meeple.protocols import Ack
from meeple.socketio.engine import Session
from meeple.socketio.protocol import engineio
from meeple.socketio.transport import Namespace, SocketIOServer


class EngineEcho:
    """Plain Engine.IO: every message comes back."""

    def opened(self, session: Session) -> None:
        pass

    def received(self, session: Session, message: str | bytes) -> None:
        session.send(message if isinstance(message, bytes) else engineio.MESSAGE + message)

    def closed(self, session: Session, reason: str) -> None:
        pass


class Echo:
    """One namespace of Socket.IO: ``message`` comes back, ``message-with-ack`` in its ack."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    async def on_connect(self, sid: str, auth: Any) -> bool:
        self._namespace.send(sid, "auth", auth or {})
        return True

    async def on_event(self, sid: str, event: str, args: Sequence[Any], ack: Ack | None) -> None:
        if event == "message":
            self._namespace.send(sid, "message-back", *args)
        elif event == "message-with-ack" and ack is not None:
            ack(*args)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        pass


def echo_server(ping_interval: float, ping_timeout: float, **options: Any) -> SocketIOServer:
    """The two endpoints; times in seconds."""
    server = SocketIOServer(
        ["/", "/custom"],
        origins="*",
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        max_payload=1_000_000,
        **options,
    )
    for namespace in server.namespaces.values():
        namespace.serve(Echo(namespace))
    server.mount("/engine.io", EngineEcho())
    return server


async def not_found(scope: Any, receive: Any, send: Any) -> None:
    """What answers at every other address."""
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"there is nothing here\n"})


class WebServer(uvicorn.Server):
    """Serves HTTP and WebSockets on one port."""

    def __init__(self, server: SocketIOServer, **options: Any) -> None:
        app, ws = server.app(not_found), server.websocket_factory
        super().__init__(uvicorn.Config(app, ws=ws, lifespan="off", **options))
        self._sessions = server

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First, or it would wait for polls that hang.
        self._sessions.close()
        await super().shutdown(sockets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--ping-interval", type=int, default=25_000, help="milliseconds")
    parser.add_argument("--ping-timeout", type=int, default=20_000, help="milliseconds")
    options = parser.parse_args()
    server = echo_server(options.ping_interval / 1000, options.ping_timeout / 1000)
    WebServer(server, host=options.host, port=options.port, log_level="warning").run()


if __name__ == "__main__":
    main()
