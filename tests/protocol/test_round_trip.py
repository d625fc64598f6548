"""How long a packet takes to a client and back, as the server measures it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from meeple.socketio.engine import EngineServer, Session
from meeple.socketio.transport import SocketIOServer
from tests.harness import until
from tests.protocol.clients import receive, serve, socketio_socket


class Taking:
    """Handlers that take everybody."""

    def __init__(self) -> None:
        self.sids: list[str] = []

    async def on_connect(self, sid: str, auth: Any) -> bool:
        self.sids.append(sid)
        return True

    async def on_event(self, sid: str, event: str, args: Any, ack: Any) -> None:
        raise AssertionError(event)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.sids.remove(sid)


class Deaf:
    """An `Application` that hears nothing."""

    def opened(self, session: Session) -> None:
        pass

    def received(self, session: Session, message: str | bytes) -> None:
        pass

    def closed(self, session: Session, reason: str) -> None:
        pass


def measured(*seconds: float) -> float | None:
    session = Session(EngineServer(Deaf()), None)
    for one in seconds:
        session.measure(one)
    return session.round_trip


async def test_less_is_believed_at_once_and_more_little_by_little() -> None:
    assert measured() is None
    assert measured(0.4) == 0.4
    assert measured(0.4, 0.1) == 0.1
    assert measured(0.1, 0.9) == pytest.approx(0.2)
    assert measured(0.1, 0.9, 0.05) == 0.05
    assert measured(0.0, 0.8) == 0.1


async def test_the_first_packet_of_a_client_is_its_first_measure() -> None:
    server, handlers = SocketIOServer(["/"]), Taking()
    server.namespaces["/"].serve(handlers)
    async with serve(server) as url, socketio_socket(url):
        [sid] = handlers.sids
        session = server.namespaces["/"].clients[sid].session
        assert session.round_trip is not None
        assert 0 <= session.round_trip < 5
        assert server.namespaces["/"].round_trip(sid) == round(session.round_trip * 1000)


async def test_an_answer_to_a_ping_is_a_measure_and_a_pong_that_nobody_asked_for_is_none() -> None:
    server, handlers = SocketIOServer(["/"], ping_interval=0.2, ping_timeout=5), Taking()
    server.namespaces["/"].serve(handlers)
    async with serve(server) as url, socketio_socket(url) as websocket:
        session = server.namespaces["/"].clients[handlers.sids[0]].session
        session.round_trip = 4.0
        await websocket.send("3")
        assert await receive(websocket) == "2"
        assert session.round_trip == 4.0
        await websocket.send("3")
        await until(lambda: session.round_trip != 4.0)
        assert session.round_trip < 4.0


async def test_one_late_pong_is_hardly_believed() -> None:
    server, handlers = SocketIOServer(["/"], ping_interval=0.1, ping_timeout=5), Taking()
    server.namespaces["/"].serve(handlers)
    async with serve(server) as url, socketio_socket(url) as websocket:
        session = server.namespaces["/"].clients[handlers.sids[0]].session
        session.round_trip = 0.001
        assert await receive(websocket) == "2"
        asked = asyncio.get_running_loop().time()
        await until(lambda: asyncio.get_running_loop().time() - asked > 0.4)
        await websocket.send("3")
        await until(lambda: session.round_trip != 0.001)
        assert 0.03 < session.round_trip < 0.2


async def test_of_who_is_unknown_nothing_is_known() -> None:
    assert SocketIOServer(["/"]).namespaces["/"].round_trip("nobody") == 0
