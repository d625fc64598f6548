"""deploy/nginx.conf before two real nodes.

nginx is no part of the set-up: where it is missing, `make test` leaves this file out and says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from meeple.client import Client, Rest
from meeple.services.tokens import TokenIssuer
from tests.harness import ServerProcess
from tests.line import line
from tests.postgres import running_postgres
from tests.valkey import _free_port as free_port
from tests.valkey import running_valkey

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
SECRET = "a secret of the tests of nginx, 32 bytes"
#: Requests that one address may make at once.
BURST = 30
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def configuration(folder: Path, port: int, nodes: list[str]) -> Path:
    """The example, with this machine's ports, and files where the tests may write."""
    text = CONFIGURATION.read_text()
    places = "".join(f"{one}_temp_path {folder}/{one};\n" for one in TEMPORARY)
    changes = {
        "http {": f"http {{ access_log off;\n{places}",
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "127.0.0.1:8001": nodes[0],
        "127.0.0.1:8002": nodes[1],
    }
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    file = folder / "nginx.conf"
    file.write_text(text)
    return file


@asynccontextmanager
async def nginx(nodes: list[str]) -> AsyncIterator[str]:
    """nginx before these nodes; gives its URL."""
    with TemporaryDirectory(prefix="nginx-") as name:
        folder, port = Path(name), free_port()
        file = configuration(folder, port, nodes)
        own = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;"
        # Debian's is where only root looks.
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None
        command = (program, "-p", name, "-c", str(file), "-e", f"{folder}/errors", "-g", own)
        check = await asyncio.create_subprocess_exec(*command, "-t")
        assert await asyncio.wait_for(check.wait(), 10) == 0
        process = await asyncio.create_subprocess_exec(*command)
        try:
            # By name: clients take no cookies of a bare address.
            url = f"http://localhost:{port}"
            await until_it_answers(url)
            yield url
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 10)


async def until_it_answers(url: str) -> None:
    async with asyncio.timeout(10), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"{url}/health/live") as answer:
                    assert answer.status == 200
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)


class Site:
    """nginx and two nodes, and a game of Ann's against Ben."""

    def __init__(self, url: str, nodes: list[ServerProcess]) -> None:
        self.url = url
        self.nodes = nodes
        issuer = TokenIssuer(SECRET)
        self.tokens = [issuer.issue(uuid4(), name, 3600)[0] for name in ("Ann", "Ben")]

    async def begin(self) -> dict[str, Any]:
        async with Rest(self.url, self.tokens[0]) as rest:
            game_id = (await rest.create_game("tic-tac-toe")).game_id
        async with Rest(self.url, self.tokens[1]) as rest:
            await rest.take_seat(game_id)
        return {"game_id": game_id}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_postgres())
        valkey = stack.enter_context(running_valkey())
        database = await stack.enter_async_context(postgres.database())
        settings = {
            **{"secret": SECRET, "database": database, "redis": valkey.url, "bot_workers": "0"},
            **{"rate": "1", "burst": str(BURST), "ping_interval": "1", "ping_timeout": "2"},
        }
        folder = tmp_path_factory.mktemp("nodes")
        nodes = [ServerProcess(folder, settings=settings) for _ in range(2)]
        for node in nodes:
            stack.push_async_callback(node.stop)
        await asyncio.gather(*(node.start() for node in nodes))
        names = [node.url.removeprefix("http://") for node in nodes]
        yield Site(await stack.enter_async_context(nginx(names)), nodes)


async def test_who_polls_stays_with_a_node_by_a_cookie(site: Site) -> None:
    game = await site.begin()
    async with (
        line(site.url, site.tokens[0], transports=["polling"]) as ann,
        line(site.url, site.tokens[1], transports=["polling"]) as ben,
        # Most libraries begin with polling, and go over to a WebSocket at the same node.
        line(site.url, site.tokens[1], transports=["polling", "websocket"]) as tab,
    ):
        for one in (ann, ben, tab):
            assert (await one.ask("game:join", game))["ok"]
        for seq, (one, cell) in enumerate(((ann, 0), (ben, 4), (ann, 1), (tab, 5)), start=4):
            ack = await one.ask("game:action", {**game, "action": cell})
            assert ack == {"ok": True, "game_id": game["game_id"], "seq": seq}
            for other in (ann, ben, tab):
                await other.state(seq)


async def test_without_the_cookie_polls_reach_either_node(site: Site) -> None:
    """So it is the cookie that keeps the session of the test before together."""
    address = f"{site.url}/socket.io/?EIO=4&transport=polling"
    refused = 0
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        for _ in range(10):
            async with http.get(address) as answer:
                assert answer.cookies["meeple_node"]["httponly"]
                sid = json.loads((await answer.text())[1:])["sid"]
            async with http.post(f"{address}&sid={sid}", data="40/game,") as answer:
                refused += answer.status == 400
    assert refused > 0


async def test_an_address_is_what_nginx_says_and_not_what_a_client_says(site: Site) -> None:
    statuses = set()
    async with aiohttp.ClientSession() as http:
        for number in range(3 * BURST):
            forged = {"X-Forwarded-For": f"10.0.0.{number}"}
            address = f"{site.url}/api/v1/guests"
            async with http.post(address, json={"name": "Eve"}, headers=forged) as answer:
                statuses.add(answer.status)
    assert statuses == {201, 429}


async def test_clients_go_on_with_the_other_node_when_one_is_killed(site: Site) -> None:
    game_id = (await site.begin())["game_id"]
    async with (
        Client(site.url, site.tokens[0], transports=["websocket"]) as ann,
        Client(site.url, site.tokens[1], transports=["polling"]) as ben,
    ):
        tables = [await ann.join(game_id), await ben.join(game_id)]
        await tables[0].act(0)
        for number, node in enumerate(site.nodes):
            await node.kill()
            await tables[1].act(3 + number)
            await tables[0].act(6 + number)
            async with Rest(site.url, site.tokens[0]) as rest:
                assert (await rest.game(game_id)).seq == 6 + 2 * number
            await node.start()
        for table in tables:
            await table.wait_for(lambda one: one.seq == 8)
