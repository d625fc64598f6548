"""Several workers on one port: a client's session is served whichever worker its requests reach."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest
import socketio
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from examples.echo import WebServer
from meeple.socketio.peers import Peers
from meeple.socketio.transport import SocketIOServer
from tests.harness import until
from tests.protocol.clients import Handlers, Polling, closed, receive


class Worker:
    def __init__(self, folder: Path, name: str) -> None:
        self.peers = Peers(folder, name)
        self.server = SocketIOServer(["/"], peers=self.peers, patience=2, ping_interval=1)
        self.handlers = Handlers()
        self.server.namespaces["/"].serve(self.handlers)
        self.url = ""

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        web = WebServer(self.server, log_config=None, timeout_graceful_shutdown=5)
        self.peers.serve(self.server.websocket_for(web.server_state))
        serving = asyncio.create_task(web.serve(sockets=[listener, self.peers.listen()]))
        try:
            await until(lambda: web.started)
            yield
        finally:
            web.should_exit = True
            await serving
            self.peers.close()


@pytest.fixture
async def workers() -> AsyncIterator[tuple[Worker, Worker]]:
    with TemporaryDirectory(prefix="peers-") as folder:
        first, second = (Worker(Path(folder), name) for name in ("w1", "w2"))
        async with first.serving(), second.serving():
            yield first, second


async def opened_at(http: aiohttp.ClientSession, first: Worker, second: Worker) -> Polling:
    """A session of the first worker's whose every further request goes to the second."""
    polling = Polling(http, first.url, "/socket.io")
    handshake = await polling.open()
    assert handshake["sid"].startswith("w1-")
    polling.address = polling.address.replace(first.url, second.url)
    polling.upgrade_address = polling.upgrade_address.replace(
        first.url.replace("http", "ws"), second.url.replace("http", "ws")
    )
    return polling


async def test_polls_reach_the_worker_of_the_session(
    workers: tuple[Worker, Worker], http: aiohttp.ClientSession
) -> None:
    polling = await opened_at(http, *workers)
    assert await polling.push("40") == (200, "ok")
    [packet] = await polling.packets()
    assert packet.startswith('40{"sid"')
    poll = asyncio.create_task(polling.packets())
    assert await polling.push('421["fine",7]') == (200, "ok")
    assert await poll == ["431[7]"]
    assert workers[0].handlers.log[0] == ("connect", None)
    assert workers[1].handlers.log == []


async def test_a_websocket_is_passed_on_to_the_worker_of_the_session(
    workers: tuple[Worker, Worker], http: aiohttp.ClientSession
) -> None:
    polling = await opened_at(http, *workers)
    await polling.push("40")
    await polling.packets()
    async with connect(polling.upgrade_address) as websocket:
        await websocket.send("2probe")
        assert await receive(websocket) == "3probe"
        await websocket.send("5")
        for number in range(50):
            await websocket.send(f'42{number}["fine",{number}]')
            assert await receive(websocket) == f"43{number}[{number}]"
        assert len(workers[1].server._engines["/socket.io"]) == 0
    await until(lambda: workers[0].handlers.log[-1][0] == "disconnect")


async def test_a_stock_client_upgrades_wherever_its_requests_go(
    workers: tuple[Worker, Worker],
) -> None:
    first, second = workers
    async with between(first.url, second.url) as url:
        client = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        await client.connect(url)
        assert client.transport() == "websocket"
        assert await client.call("fine", 5) == 5
        await client.disconnect()
    logs = (first.handlers.log, second.handlers.log)
    assert sorted(len(log) for log in logs) == [0, 4]


@contextlib.asynccontextmanager
async def between(*urls: str) -> AsyncIterator[str]:
    """A port whose connections go to each of these in turn, as the kernel might deal them."""
    ports = [int(url.rpartition(":")[2]) for url in urls]
    taken = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        port = ports[taken % len(ports)]
        taken += 1
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, back), _copy(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def test_who_gives_up_a_forwarded_poll_loses_the_session(
    workers: tuple[Worker, Worker], http: aiohttp.ClientSession
) -> None:
    polling = await opened_at(http, *workers)
    await polling.push("40")
    await polling.packets()
    poll = asyncio.create_task(polling.poll())
    [session] = workers[0].server._engines["/socket.io"].sessions
    await until(lambda: session._poll is not None)
    poll.cancel()
    await until(lambda: ("disconnect", "transport close") in workers[0].handlers.log)


async def test_a_session_of_a_worker_that_died_is_none(
    workers: tuple[Worker, Worker], http: aiohttp.ClientSession
) -> None:
    polling = await opened_at(http, *workers)
    for kind in ("requests", "connections"):
        path = workers[0].peers._folder / f"w1.{kind}"
        path.unlink()
        # As a killed process leaves it: there, and nobody listens.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
            left.bind(str(path))
    with capture_logs():
        assert (await polling.poll())[0] == 400
        assert (await polling.push("40"))[0] == 400
        with pytest.raises(InvalidStatus):
            await connect(polling.upgrade_address)


async def test_a_made_up_owner_is_none(
    workers: tuple[Worker, Worker], http: aiohttp.ClientSession
) -> None:
    for sid in ("w9-abc", "../w1-abc", "-abc", "w2-abc", "w1-abc", "", "w1.requests-x"):
        address = f"{workers[1].url}/socket.io/?EIO=4&transport=polling"
        async with http.get(address, params={"sid": sid}) as answer:
            assert answer.status in (200, 400)
            assert (answer.status == 200) == (sid == "")


async def test_a_new_websocket_stays_where_it_came(workers: tuple[Worker, Worker]) -> None:
    for worker in workers:
        address = f"{worker.url}/socket.io/?EIO=4&transport=websocket".replace("http", "ws")
        async with connect(address) as websocket:
            assert str(await receive(websocket)).startswith('0{"sid":"' + worker.peers.prefix)
            await websocket.close()
            assert await closed(websocket) == 1000
