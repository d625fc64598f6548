"""The life of a session on a real socket: limits, heartbeats, slow readers, and its end."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.frames import Opcode

from meeple.socketio.engine import MAX_BUFFERED, MAX_PACKETS, EngineServer, Session
from meeple.socketio.protocol import engineio
from meeple.socketio.transport import SocketIOServer
from tests.harness import until
from tests.protocol.clients import (
    Polling,
    Recorder,
    closed,
    engine_socket,
    masked,
    raw_socket,
    receive,
    serve,
)

MAX_PAYLOAD = 100_000


class Served:
    def __init__(self, url: str, recorder: Recorder, engine: EngineServer) -> None:
        self.url = url
        self.recorder = recorder
        self.engine = engine

    async def ended(self, reason: str) -> None:
        """Return once the only session has ended, for that reason."""
        await until(lambda: self.recorder.ended)
        assert self.recorder.ended == [reason]
        assert len(self.engine) == 0


@asynccontextmanager
async def serving(
    recorder: Recorder, *, ping_interval: float = 25, ping_timeout: float = 20, patience: float = 10
) -> AsyncIterator[Served]:
    server = SocketIOServer(
        [],
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        max_payload=MAX_PAYLOAD,
        patience=patience,
    )
    engine = server.mount("/engine.io", recorder)
    async with serve(server) as url:
        yield Served(url, recorder, engine)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(Recorder()) as served:
        yield served


class TestFrames:
    @pytest.mark.parametrize(
        ("stream", "code"),
        [
            pytest.param(b"\x81\x02hi", 1002, id="unmasked"),
            pytest.param(b"\xc1\x82" + bytes(6), 1002, id="reserved bit"),
            pytest.param(b"\x83\x80" + bytes(4), 1002, id="unknown opcode"),
            pytest.param(b"\x09\x80" + bytes(4), 1002, id="fragmented ping"),
            pytest.param(masked(Opcode.CONT, b"x"), 1002, id="nothing to continue"),
            pytest.param(masked(Opcode.TEXT, b"4\xff"), 1007, id="no text"),
            pytest.param(
                masked(Opcode.TEXT, b"4\xe2\x82", fin=False) + masked(Opcode.CONT, b"x"),
                1007,
                id="no text in fragments",
            ),
            pytest.param(masked(Opcode.TEXT, bytes(MAX_PAYLOAD + 1)), 1009, id="too long"),
            pytest.param(
                masked(Opcode.BINARY, bytes(MAX_PAYLOAD + 1))[:20], 1009, id="said to be too long"
            ),
            pytest.param(masked(Opcode.CLOSE, b"\x03"), 1002, id="half a close code"),
            pytest.param(masked(Opcode.CLOSE, b"\x03\xed"), 1002, id="reserved close code"),
            pytest.param(masked(Opcode.CLOSE, b"\x03\xe8\xff"), 1007, id="reason of no text"),
            pytest.param(masked(Opcode.TEXT, b""), 1002, id="no packet"),
            pytest.param(masked(Opcode.TEXT, b"0{}"), 1002, id="packet of a server"),
        ],
    )
    async def test_a_client_that_breaks_the_rules_is_closed_with_a_code_for_it(
        self, served: Served, stream: bytes, code: int
    ) -> None:
        async with raw_socket(served.url) as raw:
            await raw.upgrade()
            # What follows is not heard.
            raw.writer.write(stream + masked(Opcode.TEXT, b"4after") * 3)
            assert await raw.close_code() == code
            await served.ended("parse error")
        assert served.recorder.messages == []

    async def test_a_character_may_be_cut_in_two_by_fragments(self, served: Served) -> None:
        async with raw_socket(served.url) as raw:
            await raw.upgrade()
            raw.writer.write(masked(Opcode.TEXT, b"4\xe2", fin=False))
            raw.writer.write(masked(Opcode.PING, b"in between"))
            raw.writer.write(masked(Opcode.CONT, b"\x82\xac"))
            frame = await raw.frame()
            assert (frame.opcode, frame.data) == (Opcode.PONG, b"in between")
            await until(lambda: served.recorder.messages == ["€"])

    @pytest.mark.parametrize(
        ("sent", "answered", "reason"),
        [
            (b"", 1000, "client disconnect"),
            (b"\x03\xe8", 1000, "client disconnect"),
            (b"\x03\xe9", 1001, "client disconnect"),
            (b"\x0f\xa0bye", 4000, "transport close"),
        ],
    )
    async def test_a_close_frame_is_answered_and_ends_the_connection(
        self, served: Served, sent: bytes, answered: int, reason: str
    ) -> None:
        async with raw_socket(served.url) as raw:
            await raw.upgrade()
            raw.writer.write(masked(Opcode.CLOSE, sent))
            frame = await raw.frame()
            assert (frame.opcode, frame.data) == (Opcode.CLOSE, answered.to_bytes(2, "big"))
            assert await asyncio.wait_for(raw.reader.read(), 5) == b""
            await served.ended(reason)

    async def test_a_client_that_does_not_answer_a_close_frame_is_cut_off(self) -> None:
        async with (
            serving(Recorder(), patience=0.2) as served,
            raw_socket(served.url) as raw,
        ):
            await raw.upgrade()
            served.recorder.sessions[0].close("enough", code=1008)
            assert (await raw.frame()).opcode is Opcode.CLOSE
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await raw.frame()

    async def test_many_messages_in_one_packet_of_the_network_all_come_in_order(
        self, served: Served
    ) -> None:
        async with raw_socket(served.url) as raw:
            await raw.upgrade()
            frames = [masked(Opcode.TEXT, f"4{number}".encode()) for number in range(5_000)]
            raw.writer.write(b"".join(frames) + masked(Opcode.CLOSE, b""))
            await served.ended("client disconnect")
        assert served.recorder.messages == [str(number) for number in range(5_000)]


class TestPayloads:
    async def test_a_payload_may_be_just_as_long_as_is_said(
        self, served: Served, http: aiohttp.ClientSession
    ) -> None:
        polling = Polling(http, served.url)
        assert (await polling.open())["maxPayload"] == MAX_PAYLOAD
        assert await polling.push("4" + "x" * (MAX_PAYLOAD - 1)) == (200, "ok")
        assert (await polling.push("4" + "x" * MAX_PAYLOAD))[0] == 400
        await served.ended("transport error")
        assert len(served.recorder.messages) == 1

    async def test_so_may_a_message_on_a_websocket(self, served: Served) -> None:
        async with engine_socket(served.url) as websocket:
            await websocket.send("4" + "x" * (MAX_PAYLOAD - 1))
            await websocket.send(bytes(MAX_PAYLOAD))
            await until(lambda: len(served.recorder.messages) == 2)
            await websocket.send(bytes(MAX_PAYLOAD + 1))
            assert await closed(websocket) == 1009

    async def test_a_payload_of_too_many_packets_is_refused_whole(
        self, served: Served, http: aiohttp.ClientSession
    ) -> None:
        polling = Polling(http, served.url)
        await polling.open()
        assert (await polling.push("\x1e".join(["4x"] * MAX_PACKETS)))[0] == 200
        assert (await polling.push("\x1e".join(["4x"] * (MAX_PACKETS + 1))))[0] == 400
        await served.ended("parse error")
        assert len(served.recorder.messages) == MAX_PACKETS

    async def test_a_payload_that_never_ends_is_not_waited_for(self) -> None:
        async with (
            serving(Recorder(), ping_interval=0.2, ping_timeout=0.2) as served,
            aiohttp.ClientSession() as http,
            raw_socket(served.url) as raw,
        ):
            polling = Polling(http, served.url)
            await polling.open()
            target = polling.address.removeprefix(served.url)
            head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
            raw.writer.write(head.encode() + b"4unfinished")
            answer = await asyncio.wait_for(raw.reader.readuntil(b"\r\n\r\n"), 5)
            assert answer.startswith(b"HTTP/1.1 400 ")
            await until(lambda: len(served.engine) == 0)
            assert served.recorder.messages == []

    async def test_a_payload_that_is_broken_off_ends_the_session(
        self, served: Served, http: aiohttp.ClientSession
    ) -> None:
        polling = Polling(http, served.url)
        await polling.open()
        async with raw_socket(served.url) as raw:
            target = polling.address.removeprefix(served.url)
            head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
            raw.writer.write(head.encode() + b"4unfinished")
            await raw.writer.drain()
        await served.ended("transport error")


class TestHeartbeats:
    async def test_who_answers_stays_and_who_does_not_goes(
        self, http: aiohttp.ClientSession
    ) -> None:
        async with (
            serving(Recorder(), ping_interval=0.2, ping_timeout=0.2) as served,
            engine_socket(served.url) as lively,
            engine_socket(served.url) as silent,
        ):
            polling = Polling(http, served.url)
            await polling.open()

            async def answer() -> None:
                async for packet in lively:
                    if packet == "2":
                        await lively.send("3")

            answering = asyncio.create_task(answer())
            assert await closed(silent) == 1000
            await until(lambda: len(served.recorder.ended) == 2)
            assert served.recorder.ended == ["ping timeout"] * 2
            await lively.send("4still here")
            await until(lambda: served.recorder.messages == ["still here"])
            assert len(served.engine) == 1
            answering.cancel()

    async def test_answers_that_were_not_asked_for_change_nothing(self) -> None:
        interval = 0.1
        async with (
            serving(Recorder(), ping_interval=interval, ping_timeout=5) as served,
            engine_socket(served.url) as websocket,
        ):

            async def answer() -> None:
                while True:
                    await websocket.send("3")
                    await asyncio.sleep(interval / 10)

            start = time.monotonic()
            answering = asyncio.create_task(answer())
            await receive(websocket)
            for _ in range(8):
                assert await receive(websocket) == "2"
            # Neither none nor too many; the sweep may ping early, by a tenth.
            assert time.monotonic() - start > 8 * interval * 0.85
            answering.cancel()

    async def test_pongs_alone_do_not_keep_a_session(self) -> None:
        """Only those that answer a ping count; the one before is no answer to the next."""
        async with (
            serving(Recorder(), ping_interval=0.1, ping_timeout=0.3) as served,
            engine_socket(served.url) as websocket,
        ):
            await websocket.send("3")
            assert await closed(websocket) == 1000
            assert served.recorder.ended == ["ping timeout"]


class TestSlowReaders:
    @pytest.mark.parametrize("size", [1, 50_000])
    async def test_a_client_that_does_not_poll_is_dropped(
        self, served: Served, http: aiohttp.ClientSession, size: int
    ) -> None:
        polling = Polling(http, served.url)
        await polling.open()
        sent = 0
        while not served.recorder.ended:
            served.recorder.sessions[0].send("4" + "x" * size)
            sent += 1
        assert served.recorder.ended == ["slow reader"]
        assert sent <= MAX_PACKETS + 1
        assert sent * size <= MAX_BUFFERED + size
        assert (await polling.poll())[0] == 400

    async def test_a_client_that_polls_in_time_may_be_sent_any_amount(
        self, served: Served, http: aiohttp.ClientSession
    ) -> None:
        polling = Polling(http, served.url)
        await polling.open()
        for _ in range(5):
            for _ in range(10):
                served.recorder.sessions[0].send("4" + "x" * 50_000)
            assert len(await polling.packets()) == 10
        assert served.recorder.ended == []

    async def test_a_client_that_does_not_read_its_websocket_is_dropped(
        self, served: Served
    ) -> None:
        buffer = socket.socket()
        buffer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        buffer.setblocking(False)
        port = int(served.url.rpartition(":")[2])
        await asyncio.get_running_loop().sock_connect(buffer, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=buffer, limit=1024)
        request = (
            "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        writer.write(request.encode())
        await reader.readuntil(b"\r\n\r\n")
        sent, packet = 0, "4" + "x" * 50_000
        async with engine_socket(served.url) as other:
            await receive(other)
            first, second = served.recorder.sessions
            with capture_logs() as logs:
                while not served.recorder.ended:
                    assert sent < 50_000_000, "it is never dropped"
                    first.send(packet)
                    second.send("4" + str(sent))
                    assert await receive(other) == f"4{sent}"
                    sent += len(packet)
            assert served.recorder.ended == ["slow reader"]
            assert [entry["event"] for entry in logs] == ["slow reader dropped"]
            assert logs[0]["buffered"] <= MAX_BUFFERED + 2 * len(packet)
            assert len(served.engine) == 1
        writer.close()


class Thing:
    """What an application keeps with a session, and which knows that session."""

    def __init__(self, session: Session) -> None:
        self.session = session


class Keeper(Recorder):
    def __init__(self) -> None:
        super().__init__()
        self.things: list[weakref.ref[Thing]] = []

    def opened(self, session: Session) -> None:
        session.data = Thing(session)
        self.things.append(weakref.ref(session.data))


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is freed now is freed because nothing refers to it."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
class TestEnd:
    async def test_the_end_of_a_websocket_frees_all_at_once(self) -> None:
        async with serving(Keeper()) as served:
            for number in range(3):
                async with raw_socket(served.url) as raw:
                    await raw.upgrade()
                    if number == 1:
                        raw.writer.write(masked(Opcode.CLOSE, b""))
                    elif number == 2:
                        raw.writer.write(masked(Opcode.TEXT, b"1"))
                        assert await raw.close_code() == 1000
                await until(lambda: len(served.engine) == 0)
            assert isinstance(served.recorder, Keeper)
            assert [thing() for thing in served.recorder.things] == [None] * 3

    async def test_the_end_of_a_session_of_polls_frees_all_at_once(
        self, http: aiohttp.ClientSession
    ) -> None:
        async with serving(Keeper()) as served:
            polling = Polling(http, served.url)
            await polling.open()
            await asyncio.gather(polling.poll(), polling.push("1"))
            assert len(served.engine) == 0
            assert isinstance(served.recorder, Keeper)
            assert [thing() for thing in served.recorder.things] == [None]

    async def test_an_application_that_fails_on_a_message_ends_that_session_alone(
        self, http: aiohttp.ClientSession
    ) -> None:
        class Failing(Recorder):
            def received(self, session: Session, message: str | bytes) -> None:
                if message == "fail":
                    raise ValueError("out of order")
                super().received(session, message)

        async with (
            serving(Failing()) as served,
            engine_socket(served.url) as failing,
            engine_socket(served.url) as other,
        ):
            polling = Polling(http, served.url)
            await polling.open()
            with capture_logs() as logs:
                await failing.send("4fail")
                assert await closed(failing) == 1011
            assert [entry["event"] for entry in logs] == ["a WebSocket failed"]
            assert (await polling.push("4fail"))[0] == 500
            await until(lambda: len(served.recorder.ended) == 2)
            await other.send("4fine")
            await until(lambda: served.recorder.messages == ["fine"])

    async def test_an_application_that_fails_on_an_end_does_not_keep_the_others_open(
        self,
    ) -> None:
        class Failing(Recorder):
            def closed(self, session: Session, reason: str) -> None:
                super().closed(session, reason)
                raise ValueError("out of order")

        async with (
            serving(Failing()) as served,
            engine_socket(served.url) as first,
            engine_socket(served.url) as second,
        ):
            with capture_logs():
                served.engine.close()
            assert [await closed(first), await closed(second)] == [1012, 1012]
            assert served.recorder.ended == ["server shutting down"] * 2


async def test_a_shutdown_tells_every_client_and_waits_for_no_poll(
    http: aiohttp.ClientSession,
) -> None:
    recorder = Recorder()
    async with AsyncExitStack() as clients:
        stack = AsyncExitStack()
        served = await stack.enter_async_context(serving(recorder))
        sockets = [await clients.enter_async_context(engine_socket(served.url)) for _ in range(3)]
        probing, hanging, idle = (Polling(http, served.url) for _ in range(3))
        for polling in (probing, hanging, idle):
            await polling.open()
        probe = await clients.enter_async_context(connect(probing.upgrade_address))
        await probe.send("2probe")
        assert await receive(probe) == "3probe"
        poll = asyncio.create_task(hanging.poll())
        await until(lambda: any(session._poll for session in recorder.sessions))

        async with asyncio.timeout(4):
            await stack.aclose()
        assert [await closed(each) for each in (*sockets, probe)] == [1012] * 4
        assert await poll == (200, engineio.CLOSE)
        assert recorder.ended == ["server shutting down"] * 6
        assert len(served.engine) == 0


async def test_no_session_is_opened_during_a_shutdown(
    served: Served, http: aiohttp.ClientSession
) -> None:
    served.engine.close()
    assert (await Polling(http, served.url).poll())[0] == 400
    async with engine_socket(served.url) as websocket:
        assert await closed(websocket) == 1012
    assert served.recorder.sessions == []
