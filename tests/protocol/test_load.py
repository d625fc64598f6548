"""Many clients that come and go, and one that floods."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from typing import Any

import psutil
import pytest
from websockets.frames import Opcode

from examples.echo import echo_server
from meeple.protocols import Ack
from meeple.socketio.transport import SocketIOServer
from tests.harness import until
from tests.protocol.clients import RawSocket, masked, raw_socket, receive, serve, socketio_socket

# Once is enough, on the loop that serves.
pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

CONNECT = masked(Opcode.TEXT, b"40")
CLOSE = masked(Opcode.CLOSE, b"\x03\xe8")


async def _come_and_go(url: str, number: int) -> None:
    """Connect, and leave in one of the ways in which clients leave."""
    raw = await RawSocket.connect(url)
    request = raw.request("/socket.io/?EIO=4&transport=websocket")
    way = number % 5
    if way == 0:
        # Gone before the answer is read.
        await request
        raw.writer.transport.abort()
        return
    await request
    await raw.frame()
    raw.writer.write(CONNECT)
    assert bytes((await raw.frame()).data).startswith(b"40{")
    if way == 1:
        raw.writer.write(CLOSE)
        assert await raw.reader.read()
        raw.writer.close()
    elif way == 2:
        # In the middle of a frame.
        raw.writer.write(masked(Opcode.BINARY, bytes(5_000))[:100])
        raw.writer.close()
    elif way == 3:
        # In the middle of a packet.
        raw.writer.write(masked(Opcode.TEXT, b'451-["a",{"_placeholder":true,"num":0}]'))
        raw.writer.close()
    else:
        raw.writer.transport.abort()


async def _wave(url: str, clients: int) -> None:
    for first in range(0, clients, 100):
        await asyncio.gather(*(_come_and_go(url, first + number) for number in range(100)))


async def test_ten_thousand_clients_that_come_and_go_leave_nothing_behind() -> None:
    server = echo_server(25, 20)
    process = psutil.Process()
    async with serve(server) as url:
        engine = server._engines["/socket.io"]
        await _wave(url, 2_000)
        await until(lambda: len(engine) == 0)
        gc.collect()
        before = process.memory_info().rss
        await _wave(url, 10_000)
        await until(lambda: len(engine) == 0)
        gc.collect()
        assert process.memory_info().rss - before < 8_000_000
        assert len(engine._to_ping) == len(engine._to_hear) == 0
        assert server.namespaces["/"].clients == {}


class Busy:
    """Handlers that take their time, without waiting."""

    def __init__(self) -> None:
        self.flooded = 0

    async def on_connect(self, sid: str, auth: Any) -> bool:
        return True

    async def on_event(self, sid: str, event: str, args: Sequence[Any], ack: Ack | None) -> None:
        end = time.perf_counter() + 0.0002
        while time.perf_counter() < end:
            pass
        if ack is None:
            self.flooded += 1
        else:
            ack()

    async def on_disconnect(self, sid: str, reason: str) -> None:
        pass


async def test_a_flood_of_events_of_one_client_is_hardly_felt_by_another() -> None:
    server = SocketIOServer(["/"])
    busy = Busy()
    server.namespaces["/"].serve(busy)
    flood = masked(Opcode.TEXT, b'42["flood"]') * 10_000
    async with serve(server) as url, socketio_socket(url) as other, raw_socket(url) as raw:
        await raw.upgrade("/socket.io")
        raw.writer.write(CONNECT)
        await raw.frame()
        raw.writer.write(flood)
        await until(lambda: busy.flooded)
        felt = 0
        while busy.flooded < 5_000:
            before = busy.flooded
            await other.send('421["ask"]')
            assert await receive(other) == "431[]"
            felt = max(felt, busy.flooded - before)
    # Events of the flood, not seconds: however busy the machine is, few go before an answer.
    assert felt < 1_500
