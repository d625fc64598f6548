"""A WebSocket under an Engine.IO session: an asyncio protocol that uvicorn hands a connection to.

uvicorn parses the HTTP request; on an upgrade it makes one of these (its ``ws`` setting), gives it
the transport and the request again, and is out of the way from then on: a frame is taken apart and
handled in the read callback, and answers are written straight to the transport.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qs

import structlog
from websockets.http11 import Request
from websockets.server import ServerProtocol

from meeple.protocols import LEFT
from meeple.socketio.engine import MAX_BUFFERED, EngineServer, Session
from meeple.socketio.peers import Peers
from meeple.socketio.protocol import engineio, websocket
from meeple.socketio.protocol.errors import ProtocolError

log = structlog.get_logger(__name__)

#: Messages of one client that are handled before others get their turn.
MAX_AT_ONCE = 64
#: Close codes of a client that closed on purpose: it has done, it goes away (as from a page that is
#: closed), or it gave no code.
GOODBYES = (1000, 1001, 1005)

#: The answer to a handshake that cannot be read.
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class WebSocketProtocol(asyncio.Protocol):
    """One WebSocket.

    Args:
        endpoints: the Engine.IO server of each path.
        peers: the other workers on the same port; None if there are none.
        server_state: uvicorn's, where open connections are noted for its shutdown.
    """

    def __init__(
        self,
        endpoints: dict[str, EngineServer],
        peers: Peers | None,
        server_state: Any,
        **uvicorn_options: Any,
    ) -> None:
        self._endpoints = endpoints
        self._peers = peers
        self._connections: set[Any] = server_state.connections
        self._handshake: ServerProtocol | None = ServerProtocol()
        self._server: EngineServer
        self._reader: websocket.FrameReader
        self._session: Session | None = None
        self._probing: Session | None = None
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._failed = False
        self._full = False
        self._unsent: list[bytes] = []

    # --- asyncio ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is ours."""
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Handle what has come, at once."""
        if self._failed:
            return
        try:
            if self._handshake is not None:
                self._shake_hands(self._handshake, data)
                return
            for opcode, payload in self._reader.feed(data, MAX_AT_ONCE):
                if opcode == websocket.TEXT and self._session is not None and not self._closing:
                    self._session.receive(payload.decode())
                else:
                    self._on_message(opcode, payload)
            if self._reader.more and not self._transport.is_closing():
                self._transport.pause_reading()
                asyncio.get_running_loop().call_soon(self._read_on)
        except ProtocolError as error:
            self._fail(error.close_code, str(error))
        except UnicodeDecodeError:
            self._fail(1007, "a text is not UTF-8")
        except Exception:
            log.exception("a WebSocket failed")
            self._fail(1011, "internal error")

    def _read_on(self) -> None:
        """Others had their turn: on with what has come already."""
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self.data_received(b"")

    def pause_writing(self) -> None:
        """The client reads more slowly than it is sent to."""
        self._full = True

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._full = False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._connections.discard(self)
        self._stop_timer()
        self._closing = self._failed = True
        self._end("transport close")

    def shutdown(self) -> None:
        """The web server is stopping."""
        self.close(1012, "server shutting down")
        self._end("server shutting down")

    # --- what a session writes ----------------------------------------------------------------

    def send(self, packet: engineio.Packet) -> None:
        """Write one packet."""
        if isinstance(packet, str):
            self.send_frame(websocket.frame(websocket.TEXT, packet.encode()))
        else:
            self.send_frame(websocket.frame(websocket.BINARY, packet))

    def send_frame(self, frame: bytes) -> None:
        """Write a frame, with all others of this turn of the loop."""
        if self._closing:
            return
        if not self._unsent:
            self._server.flush_later(self)
        self._unsent.append(frame)

    def flush(self) -> None:
        """Write what was sent in this turn of the loop, in one call to the kernel.

        A client that has not read for too long is dropped.
        """
        frames, self._unsent = self._unsent, []
        if self._full and self._transport.get_write_buffer_size() > MAX_BUFFERED:
            log.warning("slow reader dropped", buffered=self._transport.get_write_buffer_size())
            self._closing = True
            self._end("slow reader")
            self._transport.abort()
        elif frames and not self._transport.is_closing():
            self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; end the connection when it is answered, or soon."""
        if self._closing:
            return
        self._transport.write(b"".join((*self._unsent, websocket.close_frame(code, reason))))
        self._unsent = []
        self._closing = True
        self._abort_later()

    # --- the way in ---------------------------------------------------------------------------

    def _shake_hands(self, handshake: ServerProtocol, data: bytes) -> None:
        handshake.receive_data(data)
        requests = [event for event in handshake.events_received() if isinstance(event, Request)]
        if not requests:
            # The web server hands over a whole request: one that is none now never will be.
            log.debug("handshake refused", cause=repr(handshake.handshake_exc))
            self._closing = self._failed = True
            self._transport.write(BAD_REQUEST)
            self._transport.close()
            return
        self._handshake = None
        if self._hand_over(requests[0], data):
            return
        session, refusal = self._admit(requests[0])
        response = handshake.accept(requests[0])
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS and refusal:
            response = handshake.reject(HTTPStatus.BAD_REQUEST, refusal)
        handshake.send_response(response)
        self._transport.write(b"".join(handshake.data_to_send()))
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._closing = self._failed = True
            self._transport.close()
            return
        self._reader = websocket.FrameReader(self._server.max_payload)
        if session is None:
            self._session = self._server.open(self)
        elif session.websocket is not None:
            # Said so on a WebSocket: an HTTP status means to clients that none work here.
            raise ProtocolError("there is no session to upgrade")
        else:
            self._probing = session
            self._abort_later()

    def _hand_over(self, request: Request, head: bytes) -> bool:
        """Pass the connection on if it belongs to another worker's session."""
        if self._peers is None:
            return False
        owner = self._peers.owner(parse_qs(request.path.partition("?")[2]).get("sid", [""])[0])
        if owner is None or not self._peers.hand_over(owner, self._transport, head):
            return False
        self._closing = self._failed = True
        self._transport.abort()
        return True

    def _admit(self, request: Request) -> tuple[Session | None, str]:
        """The session that asks for an upgrade, if any, and why the request is refused, if so."""
        path, _, search = request.path.partition("?")
        query = parse_qs(search)
        server = self._endpoints.get(path.rstrip("/"))
        if server is None:
            return None, "there is no WebSocket at this address\n"
        self._server = server
        if query.get("EIO") != ["4"] or query.get("transport") != ["websocket"]:
            return None, "this is Engine.IO protocol 4 over WebSocket\n"
        if "sid" not in query:
            return None, ""
        session = server.find(query["sid"][0])
        if session is None:
            return None, "there is no session to upgrade\n"
        return session, ""

    def _on_message(self, opcode: int, payload: bytes) -> None:
        if opcode == websocket.CLOSE:
            self._on_close(payload)
        elif self._closing:
            return
        elif opcode == websocket.TEXT:
            self._on_probe(payload.decode())
        elif opcode == websocket.BINARY:
            if self._session is None:
                raise ProtocolError("a probe has to come first")
            self._session.receive(payload)
        elif opcode == websocket.PING:
            self.send_frame(websocket.frame(websocket.PONG, payload))

    def _on_probe(self, packet: str) -> None:
        session = self._probing
        if session is None or session.closed or session.websocket is not None:
            raise ProtocolError("there is no session to upgrade")
        if packet == engineio.PROBE_PING and session.probing is None:
            self.send(engineio.PROBE_PONG)
            session.probing = self
            session.release_poll()
        elif packet == engineio.UPGRADE and session.probing is self:
            self._stop_timer()
            self._probing = None
            self._session = session
            session.upgrade(self)
        else:
            raise ProtocolError("this is no probe")

    def _on_close(self, payload: bytes) -> None:
        code = websocket.close_code(payload)
        self.close(1000 if code == 1005 else code, "")
        self._end(LEFT if code in GOODBYES else "transport close")
        self._transport.close()

    def _fail(self, code: int, reason: str) -> None:
        """The client broke the protocol: it is told why and not heard any more."""
        self._failed = True
        self.close(code, reason)
        self._end("parse error")
        if self._transport.can_write_eof():
            # Closing at once could cost it the close frame, by what it has sent meanwhile.
            self._transport.write_eof()
        else:
            self._transport.close()

    def _end(self, reason: str) -> None:
        """End the session, or the attempt to upgrade it."""
        session, self._session = self._session, None
        probed, self._probing = self._probing, None
        if probed is not None and probed.probing is self:
            probed.probing = None
        if session is not None:
            session.close(reason)

    def _abort_later(self) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(
            self._server.patience, self._transport.abort
        )

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
