"""From polling to a WebSocket: whatever happens meanwhile, nothing is lost or comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect

from meeple.socketio.engine import EngineServer, Session
from meeple.socketio.transport import SocketIOServer
from tests.harness import until
from tests.protocol.clients import Polling, Recorder, closed, receive, serve


class Upgrading:
    def __init__(self, recorder: Recorder, engine: EngineServer, polling: Polling) -> None:
        self.recorder = recorder
        self.engine = engine
        self.polling = polling

    @property
    def session(self) -> Session:
        return self.recorder.sessions[-1]

    def connect(self) -> connect:
        return connect(self.polling.upgrade_address)

    async def hang(self) -> asyncio.Task[list[str]]:
        """A poll that hangs."""
        poll = asyncio.create_task(self.polling.packets())
        await until(lambda: self.session._poll is not None)
        return poll


@pytest.fixture
async def upgrading(http: aiohttp.ClientSession) -> AsyncIterator[Upgrading]:
    server = SocketIOServer([], patience=2)
    recorder = Recorder()
    engine = server.mount("/engine.io", recorder)
    async with serve(server) as url:
        polling = Polling(http, url)
        await polling.open()
        yield Upgrading(recorder, engine, polling)


async def probe(websocket: ClientConnection) -> None:
    await websocket.send("2probe")
    assert await receive(websocket) == "3probe"


async def test_a_poll_that_hangs_is_ended_by_the_probe(upgrading: Upgrading) -> None:
    poll = await upgrading.hang()
    async with upgrading.connect() as websocket:
        await probe(websocket)
        assert await asyncio.wait_for(poll, 5) == ["6"]
        # Nor does one that comes later hang.
        assert await upgrading.polling.packets() == ["6"]


async def test_packets_sent_during_the_upgrade_come_once_and_in_order(
    upgrading: Upgrading,
) -> None:
    send = upgrading.recorder.send
    got: list[str | bytes] = []
    send(1)
    got += await upgrading.polling.packets()
    poll = await upgrading.hang()
    async with upgrading.connect() as websocket:
        send(2)
        got += await poll
        poll = await upgrading.hang()
        await probe(websocket)
        send(3)
        assert await poll == ["6"]
        got += await upgrading.polling.packets()
        send(4, 5)
        await websocket.send("5")
        await until(lambda: upgrading.session.websocket is not None)
        send(6)
        got += [await receive(websocket) for _ in range(3)]
    assert got == ["41", "42", "43", "44", "45", "46"]


async def test_what_the_client_sends_on_either_side_of_the_upgrade_comes_in_order(
    upgrading: Upgrading,
) -> None:
    await upgrading.polling.push("4one\x1e4two")
    async with upgrading.connect() as websocket:
        await probe(websocket)
        await upgrading.polling.push("4three")
        for packet in ("5", "4four", "4five"):
            await websocket.send(packet)
        await until(lambda: len(upgrading.recorder.messages) == 5)
    assert upgrading.recorder.messages == ["one", "two", "three", "four", "five"]


@pytest.mark.parametrize("probed", [False, True])
async def test_a_websocket_that_is_lost_before_the_upgrade_leaves_polling_working(
    upgrading: Upgrading, probed: bool
) -> None:
    async with upgrading.connect() as websocket:
        if probed:
            await probe(websocket)
    await until(lambda: upgrading.session.probing is None)
    poll = await upgrading.hang()
    upgrading.recorder.send(1)
    assert await poll == ["41"]
    # And it may be tried again.
    async with upgrading.connect() as websocket:
        await probe(websocket)
        await websocket.send("5")
        await until(lambda: upgrading.session.websocket is not None)
        upgrading.recorder.send(2)
        assert await receive(websocket) == "42"
    await until(lambda: len(upgrading.engine) == 0)
    assert upgrading.recorder.ended == ["client disconnect"]


@pytest.mark.parametrize("packet", ["4x", "2", "2prob", "5", "1", b"binary", "\x00"])
async def test_what_is_no_probe_closes_the_websocket_and_leaves_polling_working(
    upgrading: Upgrading, packet: str | bytes
) -> None:
    poll = await upgrading.hang()
    async with upgrading.connect() as websocket:
        await websocket.send(packet)
        assert await closed(websocket) == 1002
    upgrading.recorder.send(1)
    assert await poll == ["41"]
    assert upgrading.recorder.messages == []


async def test_after_a_probe_only_the_upgrade_may_follow(upgrading: Upgrading) -> None:
    async with upgrading.connect() as websocket:
        await probe(websocket)
        await websocket.send("4too early")
        assert await closed(websocket) == 1002
        poll = await upgrading.hang()
    upgrading.recorder.send(1)
    assert await poll == ["41"]
    assert upgrading.recorder.messages == []


async def test_of_two_probes_at_once_the_first_is_upgraded(upgrading: Upgrading) -> None:
    async with upgrading.connect() as first, upgrading.connect() as second:
        await probe(first)
        await second.send("2probe")
        assert await closed(second) == 1002
        await first.send("5")
        await until(lambda: upgrading.session.websocket is not None)
        upgrading.recorder.send(1)
        assert await receive(first) == "41"
    assert len(upgrading.recorder.sessions) == 1


async def test_a_second_websocket_cannot_take_a_session_over(upgrading: Upgrading) -> None:
    async with upgrading.connect() as first, upgrading.connect() as second:
        await probe(first)
        await first.send("5")
        await until(lambda: upgrading.session.websocket is not None)
        for packet in ("2probe", "5"):
            await second.send(packet)
        assert await closed(second) == 1002
        upgrading.recorder.send(1)
        assert await receive(first) == "41"


async def test_a_session_that_ends_while_it_is_probed_is_not_upgraded(
    upgrading: Upgrading,
) -> None:
    async with upgrading.connect() as websocket:
        await probe(websocket)
        assert await upgrading.polling.push("1") == (200, "ok")
        await websocket.send("5")
        assert await closed(websocket) == 1002
    assert upgrading.recorder.ended == ["client disconnect"]
    assert len(upgrading.engine) == 0


async def test_a_probe_that_goes_no_further_leaves_polling_working(upgrading: Upgrading) -> None:
    async with upgrading.connect() as websocket:
        await probe(websocket)
        upgrading.recorder.send(1)
        assert await upgrading.polling.packets() == ["41"]
        # It is given up in the end; then polls hang as before.
        assert await closed(websocket) == 1006
    await until(lambda: upgrading.session.probing is None)
    poll = await upgrading.hang()
    upgrading.recorder.send(2)
    assert await poll == ["42"]
