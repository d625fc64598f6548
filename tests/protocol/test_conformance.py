"""What the two protocols ask of a server, case by case, of ``examples/echo.py`` in a process.

The cases are those of the official suites in the repository of Socket.IO.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.protocol.clients import Polling, closed, engine_socket, receive, socketio_socket

ECHO = Path(__file__).parents[2] / "examples" / "echo.py"
INTERVAL, TIMEOUT = 250, 200
PATHS = ["/engine.io", "/socket.io"]

# What it serves runs on uvloop in its own process; the clients' loop is of no interest.
pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])


def _echo(*options: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(ECHO), "--host", "127.0.0.1", "--port", str(port), *options]
    with subprocess.Popen(command) as process:
        try:
            deadline = time.monotonic() + 20
            while True:
                assert process.poll() is None, "it ended"
                assert time.monotonic() < deadline, "it does not listen"
                with (
                    contextlib.suppress(ConnectionRefusedError),
                    socket.create_connection(("127.0.0.1", port), 1),
                ):
                    break
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Without heartbeats that could come in between."""
    yield from _echo()


@pytest.fixture(scope="module")
def beating() -> Iterator[str]:
    """With heartbeats that come soon."""
    yield from _echo("--ping-interval", str(INTERVAL), "--ping-timeout", str(TIMEOUT))


@pytest.fixture
async def session(http: aiohttp.ClientSession, url: str) -> Polling:
    polling = Polling(http, url)
    await polling.open()
    return polling


def _check_handshake(handshake: dict[str, Any], upgrades: list[str]) -> None:
    assert isinstance(handshake.pop("sid"), str)
    assert handshake == {
        "upgrades": upgrades,
        "pingInterval": INTERVAL,
        "pingTimeout": TIMEOUT,
        "maxPayload": 1_000_000,
    }


@pytest.mark.parametrize("path", PATHS)
class TestHandshake:
    async def test_a_poll_opens_a_session(
        self, http: aiohttp.ClientSession, beating: str, path: str
    ) -> None:
        _check_handshake(await Polling(http, beating, path).open(), ["websocket"])

    async def test_a_websocket_opens_a_session(self, beating: str, path: str) -> None:
        async with engine_socket(beating, path) as websocket:
            packet = await receive(websocket)
        assert isinstance(packet, str)
        assert packet[0] == "0"
        _check_handshake(json.loads(packet[1:]), [])

    @pytest.mark.parametrize(
        "query", ["transport=polling", "EIO=abc&transport=polling", "EIO=4", "EIO=4&transport=abc"]
    )
    async def test_a_bad_query_of_a_poll_is_refused(
        self, http: aiohttp.ClientSession, url: str, path: str, query: str
    ) -> None:
        async with http.get(f"{url}{path}/?{query}") as answer:
            assert answer.status == 400

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    async def test_no_other_method_opens_a_session(
        self, http: aiohttp.ClientSession, url: str, path: str, method: str
    ) -> None:
        async with http.request(method, f"{url}{path}/?EIO=4&transport=polling") as answer:
            assert answer.status == 400

    @pytest.mark.parametrize(
        "query",
        ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"],
    )
    async def test_a_bad_query_of_a_websocket_is_refused(
        self, url: str, path: str, query: str
    ) -> None:
        address = f"{url}{path}/?{query}".replace("http", "ws", 1)
        with pytest.raises(InvalidStatus) as raised:
            await connect(address)
        assert raised.value.response.status_code == 400


class TestMessagesOverPolling:
    @pytest.mark.parametrize(
        "payload", ["4hello", "4one\x1e4two\x1e4three", "4hello\x1ebAQIDBA==", "bAQIDBA=="]
    )
    async def test_a_payload_comes_back(self, session: Polling, payload: str) -> None:
        assert await session.push(payload) == (200, "ok")
        assert await session.poll() == (200, payload)

    async def test_an_invalid_packet_ends_the_session(self, session: Polling) -> None:
        assert (await session.push("xyz"))[0] == 400
        assert (await session.poll())[0] == 400

    async def test_two_polls_at_once_end_the_session(self, session: Polling) -> None:
        answers = await asyncio.gather(session.poll(), session.poll())
        assert sorted(status for status, _ in answers) == [200, 400]
        assert (200, "1") in answers
        assert (await session.poll())[0] == 400

    async def test_a_poll_that_its_client_gives_up_ends_the_session(
        self, session: Polling, url: str
    ) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        target = session.address.removeprefix(url)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        # Another connection's answer shows that the server has had the time to read it.
        assert (await session.push("3"))[0] == 200
        writer.close()
        await writer.wait_closed()
        assert await reader.read() == b""
        async with asyncio.timeout(5):
            while (await session.push("3"))[0] != 400:
                pass
        assert (await session.poll())[0] == 400


class TestMessagesOverWebSocket:
    @pytest.mark.parametrize(("sent", "back"), [("4hello", "4hello"), (b"\1\2\3\4", b"\1\2\3\4")])
    async def test_a_packet_comes_back(
        self, url: str, sent: str | bytes, back: str | bytes
    ) -> None:
        async with engine_socket(url) as websocket:
            await receive(websocket)
            await websocket.send(sent)
            assert await receive(websocket) == back

    async def test_an_invalid_packet_ends_the_session(self, url: str) -> None:
        async with engine_socket(url) as websocket:
            await websocket.send("xyz")
            assert await closed(websocket) == 1002


@pytest.mark.parametrize("path", PATHS)
class TestHeartbeat:
    async def test_a_client_that_polls_is_pinged_again_and_again(
        self, http: aiohttp.ClientSession, beating: str, path: str
    ) -> None:
        polling = Polling(http, beating, path)
        await polling.open()
        for _ in range(3):
            assert await polling.poll() == (200, "2")
            assert await polling.push("3") == (200, "ok")

    async def test_a_client_on_a_websocket_is_pinged_again_and_again(
        self, beating: str, path: str
    ) -> None:
        async with engine_socket(beating, path) as websocket:
            await receive(websocket)
            for _ in range(3):
                assert await receive(websocket) == "2"
                await websocket.send("3")

    async def test_a_silent_client_that_polls_loses_its_session_in_time(
        self, http: aiohttp.ClientSession, beating: str, path: str
    ) -> None:
        polling = Polling(http, beating, path)
        await polling.open()
        # It is the time itself that is tested.
        await asyncio.sleep((INTERVAL + TIMEOUT) / 1000)
        assert (await polling.poll())[0] == 400

    async def test_a_silent_client_on_a_websocket_is_closed_in_time(
        self, beating: str, path: str
    ) -> None:
        async with engine_socket(beating, path) as websocket:
            await receive(websocket)
            start = time.monotonic()
            assert await closed(websocket) == 1000
            # A busy machine is late; with the usual times it would be 45 seconds.
            assert time.monotonic() - start < 10 * (INTERVAL + TIMEOUT) / 1000


@pytest.mark.parametrize("path", PATHS)
class TestClose:
    async def test_a_close_packet_ends_the_session_and_its_poll(
        self, http: aiohttp.ClientSession, url: str, path: str
    ) -> None:
        polling = Polling(http, url, path)
        await polling.open()
        poll, push = await asyncio.gather(polling.poll(), polling.push("1"))
        assert push == (200, "ok")
        # The close may have come before the poll.
        assert poll in [(200, "6"), (400, "there is no such session\n")]
        assert (await polling.poll())[0] == 400

    async def test_a_close_packet_closes_the_websocket(self, url: str, path: str) -> None:
        async with engine_socket(url, path) as websocket:
            await websocket.send("1")
            assert await closed(websocket) == 1000


@pytest.mark.parametrize("path", PATHS)
class TestUpgrade:
    @pytest.fixture
    async def polling(self, http: aiohttp.ClientSession, url: str, path: str) -> Polling:
        polling = Polling(http, url, path)
        await polling.open()
        return polling

    async def _upgrade(self, websocket: ClientConnection) -> None:
        await websocket.send("2probe")
        assert await receive(websocket) == "3probe"
        await websocket.send("5")

    async def test_a_session_moves_from_polling_to_a_websocket(
        self, polling: Polling, path: str
    ) -> None:
        async with connect(polling.upgrade_address) as websocket:
            await websocket.send("2probe")
            assert await receive(websocket) == "3probe"
            assert await polling.poll() == (200, "6")
            await websocket.send("5")
            await _check_alive(websocket, path)

    async def test_polls_are_refused_after_the_upgrade(self, polling: Polling, path: str) -> None:
        async with connect(polling.upgrade_address) as websocket:
            await self._upgrade(websocket)
            await _check_alive(websocket, path)
            assert (await polling.poll())[0] == 400
            assert (await polling.push("4x"))[0] == 400
            await _check_alive(websocket, path)

    async def test_another_websocket_is_closed_after_the_upgrade(
        self, polling: Polling, path: str
    ) -> None:
        async with connect(polling.upgrade_address) as websocket:
            await self._upgrade(websocket)
            await _check_alive(websocket, path)
            async with connect(polling.upgrade_address) as other:
                assert await closed(other) == 1002
            await _check_alive(websocket, path)


async def _check_alive(websocket: ClientConnection, path: str) -> None:
    """A packet comes back, or Socket.IO refuses a namespace that there is not."""
    await websocket.send("40/x,")
    back = await receive(websocket)
    assert back == ("40/x," if path == "/engine.io" else '44/x,{"message":"Invalid namespace"}')


class TestConnect:
    @pytest.mark.parametrize(
        ("connect", "head", "auth"),
        [
            ("40", "40", '42["auth",{}]'),
            ('40{"token":"123"}', "40", '42["auth",{"token":"123"}]'),
            ("40/custom,", "40/custom,", '42/custom,["auth",{}]'),
            ("40/custom", "40/custom,", '42/custom,["auth",{}]'),
            ('40/custom,{"a":1}', "40/custom,", '42/custom,["auth",{"a":1}]'),
        ],
    )
    async def test_a_client_connects_to_a_namespace(
        self, url: str, connect: str, head: str, auth: str
    ) -> None:
        async with socketio_socket(url, ready=False) as websocket:
            await websocket.send(connect)
            answer = await receive(websocket)
            assert isinstance(answer, str)
            assert answer.startswith(head)
            body = json.loads(answer.removeprefix(head))
            assert list(body) == ["sid"]
            assert isinstance(body["sid"], str)
            assert await receive(websocket) == auth

    async def test_an_unknown_namespace_is_refused(self, url: str) -> None:
        async with socketio_socket(url, ready=False) as websocket:
            await websocket.send("40/unknown")
            assert await receive(websocket) == '44/unknown,{"message":"Invalid namespace"}'

    async def test_an_invalid_connect_closes_the_connection(self, url: str) -> None:
        async with socketio_socket(url, ready=False) as websocket:
            await websocket.send("4abc")
            assert await closed(websocket) == 1002

    async def test_a_client_that_never_connects_is_closed(self, beating: str) -> None:
        async with socketio_socket(beating, ready=False) as websocket:
            assert await closed(websocket) == 1000


class TestDisconnect:
    async def test_after_the_main_namespace_the_heartbeats_go_on(self, beating: str) -> None:
        async with socketio_socket(beating) as websocket:
            assert await receive(websocket) == '42["auth",{}]'
            await websocket.send("41")
            assert await receive(websocket) == "2"

    async def test_the_main_namespace_outlives_another(self, url: str) -> None:
        async with socketio_socket(url) as websocket:
            assert await receive(websocket) == '42["auth",{}]'
            await websocket.send("40/custom")
            await receive(websocket)
            assert await receive(websocket) == '42/custom,["auth",{}]'
            await websocket.send("41/custom")
            await websocket.send('42["message","still here"]')
            assert await receive(websocket) == '42["message-back","still here"]'


class TestEvents:
    PLACEHOLDERS = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'

    @pytest.mark.parametrize(
        ("sent", "back"),
        [
            ('42["message",1,"2",{"3":[true]}]', '42["message-back",1,"2",{"3":[true]}]'),
            ('42456["message-with-ack",1,"2",{"3":[0]}]', '43456[1,"2",{"3":[0]}]'),
        ],
    )
    async def test_text_comes_back(self, url: str, sent: str, back: str) -> None:
        async with socketio_socket(url) as websocket:
            await receive(websocket)
            await websocket.send(sent)
            assert await receive(websocket) == back

    @pytest.mark.parametrize(
        ("sent", "back"),
        [
            (f'452-["message",{PLACEHOLDERS}]', f'452-["message-back",{PLACEHOLDERS}]'),
            (f'452-789["message-with-ack",{PLACEHOLDERS}]', f"462-789[{PLACEHOLDERS}]"),
        ],
    )
    async def test_bytes_come_back(self, url: str, sent: str, back: str) -> None:
        async with socketio_socket(url) as websocket:
            await receive(websocket)
            for part in (sent, b"\1\2\3", b"\4\5\6"):
                await websocket.send(part)
            assert [await receive(websocket) for _ in range(3)] == [back, b"\1\2\3", b"\4\5\6"]

    @pytest.mark.parametrize("packet", ["4abc", "42{}", '42abc["message-with-ack",1]'])
    async def test_an_invalid_packet_closes_the_connection(self, url: str, packet: str) -> None:
        async with socketio_socket(url) as websocket:
            await websocket.send(packet)
            assert await closed(websocket) == (1007 if "abc[" in packet else 1002)
