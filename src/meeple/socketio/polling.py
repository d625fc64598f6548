"""Engine.IO over HTTP long-polling: an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from meeple.socketio.engine import MAX_PACKETS, EngineServer, Session
from meeple.socketio.peers import FORWARDING_FAILURES, Peers
from meeple.socketio.protocol import engineio
from meeple.socketio.protocol.errors import ProtocolError


class PollingApp:
    """Serves the sessions of an Engine.IO server to clients that poll.

    Args:
        server: the sessions.
        origins: origins of pages that may connect; ``"*"`` for all.
        peers: the other workers on the same port; None if there are none.
    """

    def __init__(
        self, server: EngineServer, origins: Sequence[str], peers: Peers | None = None
    ) -> None:
        self._server = server
        self._origins = origins
        self._peers = peers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        headers = self._cors(dict(scope["headers"]).get(b"origin"))
        if scope["method"] == "OPTIONS":
            await _respond(send, 204, b"", headers)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"))
        try:
            owner = self._peers and self._peers.owner(query.get("sid", [""])[0])
            if self._peers and owner:
                await self._forward(self._peers, owner, scope, receive, send, headers)
                return
            answer = await self._answer(scope, query, receive)
        except ProtocolError as error:
            await _respond(send, 400, f"{error}\n".encode(), headers)
        else:
            await _respond(send, 200, answer.encode(), headers)

    async def _forward(
        self,
        peers: Peers,
        owner: str,
        scope: Any,
        receive: Any,
        send: Any,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        """Let the worker answer whose session it is; raises `ProtocolError` if it does not."""
        body = await self._body(receive)
        answer = asyncio.ensure_future(peers.forward(owner, scope, body))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                status, content = answer.result()
                await _respond(send, status, content, headers)
        except FORWARDING_FAILURES as error:
            raise ProtocolError("there is no such session") from error
        finally:
            gone.cancel()
            answer.cancel()

    async def _answer(self, scope: Any, query: Mapping[str, list[str]], receive: Any) -> str:
        """The body of the answer; raises `ProtocolError` to refuse."""
        if query.get("EIO") != ["4"] or query.get("transport") != ["polling"]:
            raise ProtocolError("this is Engine.IO protocol 4 over polling")
        method = scope["method"]
        if method not in ("GET", "POST") or (method == "POST" and "sid" not in query):
            raise ProtocolError("bad request method")
        if "sid" not in query:
            return engineio.encode_payload(await self._server.open(None).poll())
        session = self._server.find(query["sid"][0])
        if session is None or session.websocket is not None:
            raise ProtocolError("there is no such session")
        if method == "GET":
            return await self._poll(session, receive)
        await self._push(session, receive)
        return "ok"

    async def _poll(self, session: Session, receive: Any) -> str:
        packets = session.poll()
        if not packets.done():
            gone = asyncio.ensure_future(_gone(receive))
            try:
                # The session's own heartbeats bound the wait.
                await asyncio.wait((packets, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
            if not packets.done():
                packets.cancel()
                session.close("transport close")
                raise ProtocolError("the poll was cancelled")
        return engineio.encode_payload(packets.result())

    async def _push(self, session: Session, receive: Any) -> None:
        try:
            # A session is heard of in this time, so a request that takes longer has lost it.
            async with asyncio.timeout(self._server.ping_interval + self._server.ping_timeout):
                body = await self._body(receive)
        except (ProtocolError, TimeoutError) as error:
            session.close("transport error")
            raise ProtocolError(str(error) or "the request took too long") from error
        try:
            for packet in engineio.decode_payload(body, max_packets=MAX_PACKETS):
                session.receive(packet)
        except ProtocolError:
            session.close("parse error")
            raise
        except Exception:
            session.close("internal error")
            raise

    async def _body(self, receive: Any) -> bytes:
        body = bytearray()
        more = True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise ProtocolError("the request was cancelled")
            body += event.get("body", b"")
            more = event.get("more_body", False)
            if len(body) > self._server.max_payload:
                raise ProtocolError(f"a payload may have {self._server.max_payload} bytes")
        return bytes(body)

    def _cors(self, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        if origin is None or not {"*", origin.decode("latin-1")}.intersection(self._origins):
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
            (b"access-control-allow-headers", b"content-type, authorization"),
            (b"vary", b"origin"),
        ]


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond(send: Any, status: int, data: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    own = [
        (b"content-type", b"text/plain; charset=UTF-8"),
        (b"content-length", str(len(data)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": own + headers})
    await send({"type": "http.response.body", "body": data})
