"""Clients that are close to the wire, and servers for them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from examples.echo import WebServer
from meeple.protocols import Ack
from meeple.socketio.engine import Session
from meeple.socketio.protocol import engineio
from meeple.socketio.transport import SocketIOServer
from tests.harness import until

SEPARATOR = "\x1e"


@contextlib.asynccontextmanager
async def serve(server: SocketIOServer, **uvicorn_options: Any) -> AsyncIterator[str]:
    """Serve on a free port of this machine; gives the URL."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    web = WebServer(server, log_config=None, timeout_graceful_shutdown=5, **uvicorn_options)
    serving = asyncio.create_task(web.serve(sockets=[listener]))
    try:
        await until(lambda: web.started)
        scheme = "https" if "ssl_keyfile" in uvicorn_options else "http"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        web.should_exit = True
        await serving
        listener.close()


class Polling:
    """An Engine.IO session over long-polling."""

    def __init__(self, http: aiohttp.ClientSession, url: str, path: str = "/engine.io") -> None:
        self.http = http
        self.address = f"{url}{path}/?EIO=4&transport=polling"
        self.upgrade_address = f"{url}{path}/?EIO=4&transport=websocket".replace("http", "ws", 1)

    async def open(self) -> dict[str, Any]:
        status, body = await self.poll()
        assert status == 200
        assert body[0] == "0"
        handshake: dict[str, Any] = json.loads(body[1:])
        self.address += f"&sid={handshake['sid']}"
        self.upgrade_address += f"&sid={handshake['sid']}"
        return handshake

    async def poll(self) -> tuple[int, str]:
        async with self.http.get(self.address) as answer:
            return answer.status, await answer.text()

    async def push(self, body: str | bytes) -> tuple[int, str]:
        async with self.http.post(self.address, data=body) as answer:
            return answer.status, await answer.text()

    async def packets(self) -> list[str]:
        """The packets of one poll."""
        status, body = await self.poll()
        assert status == 200, body
        return body.split(SEPARATOR)


@contextlib.asynccontextmanager
async def engine_socket(url: str, path: str = "/engine.io") -> AsyncIterator[ClientConnection]:
    """An Engine.IO session over WebSocket; its open packet is still to be read."""
    address = f"{url}{path}/?EIO=4&transport=websocket".replace("http", "ws", 1)
    async with connect(address, max_size=None) as websocket:
        yield websocket


@contextlib.asynccontextmanager
async def socketio_socket(
    url: str, namespace: str = "/", *, ready: bool = True
) -> AsyncIterator[ClientConnection]:
    """A WebSocket on which the client is in the namespace (if ``ready``)."""
    async with engine_socket(url, "/socket.io") as websocket:
        assert str(await receive(websocket)).startswith("0{")
        if ready:
            head = "40" if namespace == "/" else f"40{namespace},"
            await websocket.send(head)
            assert str(await receive(websocket)).startswith(head + '{"sid"')
        yield websocket


async def receive(websocket: ClientConnection, seconds: float = 10) -> str | bytes:
    """The next message."""
    return await asyncio.wait_for(websocket.recv(), seconds)


async def closed(websocket: ClientConnection, seconds: float = 10) -> int:
    """The code that the server closes with; what comes before is passed over."""
    async with asyncio.timeout(seconds):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await websocket.recv()
    assert websocket.close_code is not None
    return websocket.close_code


class RawSocket:
    """A TCP connection on which any bytes can be sent as frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, url: str, **options: Any) -> RawSocket:
        port = int(url.rpartition(":")[2])
        return cls(*await asyncio.open_connection("127.0.0.1", port, **options))

    async def request(self, target: str, headers: dict[str, str] | None = None) -> str:
        """Ask for an upgrade; gives the head of the answer."""
        default = {
            "Host": "localhost",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        }
        lines = {**default, **(headers or {})}.items()
        head = "".join(f"{name}: {value}\r\n" for name, value in lines if value)
        self.writer.write(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode())
        async with asyncio.timeout(10):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def upgrade(self, path: str = "/engine.io") -> None:
        """Open a session; its open packet is read."""
        answer = await self.request(f"{path}/?EIO=4&transport=websocket")
        assert answer.startswith("HTTP/1.1 101 ")
        assert bytes((await self.frame()).data).startswith(b"0{")

    async def frame(self) -> Frame:
        """The next frame that the server sends."""
        async with asyncio.timeout(10):
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            return Frame(Opcode(first & 0x0F), await self.reader.readexactly(size))

    async def close_code(self) -> int:
        """The code that the server closes with, once it has closed the connection too."""
        while (frame := await self.frame()).opcode is not Opcode.CLOSE:
            pass
        self.writer.write(masked(Opcode.CLOSE, bytes(frame.data)[:2]))
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                await self.reader.read()
        return int.from_bytes(frame.data[:2], "big")

    async def aclose(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def raw_socket(url: str, **options: Any) -> AsyncIterator[RawSocket]:
    raw = await RawSocket.connect(url, **options)
    try:
        yield raw
    finally:
        await raw.aclose()


def masked(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A frame as clients send it."""
    return Frame(Opcode(opcode), payload, fin=fin).serialize(mask=True)


class Recorder:
    """An application on plain Engine.IO that keeps what happens, and can send."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self.messages: list[str | bytes] = []
        self.ended: list[str] = []

    def opened(self, session: Session) -> None:
        self.sessions.append(session)

    def received(self, session: Session, message: str | bytes) -> None:
        self.messages.append(message)

    def closed(self, session: Session, reason: str) -> None:
        self.ended.append(reason)

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.sessions[-1].send(f"{engineio.MESSAGE}{number}")


class Handlers:
    """A namespace's handlers, with what happened, and an answer for each event."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.accept = True
        self.answers: dict[str, Callable[..., Any]] = {}

    async def on_connect(self, sid: str, auth: Any) -> bool:
        self.log.append(("connect", auth))
        if "connect" in self.answers:
            await self.answers["connect"](sid)
        return self.accept

    async def on_event(self, sid: str, event: str, args: Sequence[Any], ack: Ack | None) -> None:
        self.log.append((event, *args))
        if event in self.answers:
            await self.answers[event](sid, *args)
        self.log.append(("done", event, *args))
        if ack is not None:
            ack(*args)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.log.append(("disconnect", reason))
