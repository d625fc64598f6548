"""Several real nodes on one PostgreSQL and one Valkey, with a proxy on every line between them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.chaos.balancer import Balancer, balancer
from tests.harness import ServerProcess
from tests.postgres import Postgres, running_postgres
from tests.proxy import Proxy, proxy
from tests.valkey import Valkey, running_valkey

SECRET = "a secret of the chaos tests, 32 bytes and more"
#: Heartbeats that notice within seconds, so that a test need not wait for minutes.
SETTINGS = {
    "secret": SECRET,
    "ping_interval": "1",
    "ping_timeout": "2",
    "presence_ttl": "5",
    "bot_workers": "0",
    "rate": "1000",
    "burst": "1000",
}


class Node:
    """One node and its lines."""

    def __init__(self, server: ServerProcess, to_postgres: Proxy, to_valkey: Proxy) -> None:
        self.server = server
        self.to_postgres = to_postgres
        self.to_valkey = to_valkey
        #: Whether the balancer may know of it.
        self.up = True

    async def kill(self) -> None:
        """SIGKILL, and nobody told the balancer."""
        await self.server.kill()

    async def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        return await self.server.stop()

    async def start(self) -> None:
        await self.server.start()

    def freeze(self) -> None:
        os.kill(self.server.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.server.pid, signal.SIGCONT)


class Cluster:
    """The whole of it."""

    def __init__(self, postgres: Postgres, valkey: Valkey, database: str) -> None:
        self.postgres = postgres
        self.valkey = valkey
        #: The URL of the games, past all proxies.
        self.database = database
        self.nodes: list[Node] = []
        self.clients: Balancer

    @property
    def urls(self) -> list[str]:
        return [node.server.url for node in self.nodes if node.up]

    async def restart_postgres(self, *, kill: bool) -> None:
        await asyncio.to_thread(self.postgres.kill if kill else self.postgres.stop)
        await asyncio.to_thread(self.postgres.start)

    @property
    def output(self) -> str:
        return "\n".join(f"--- {n}\n{node.server.output}" for n, node in enumerate(self.nodes))


@asynccontextmanager
async def cluster(folder: Path, nodes: int, rng: random.Random) -> AsyncIterator[Cluster]:
    """So many nodes behind a balancer; all of it is gone afterwards."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_postgres())
        valkey = stack.enter_context(running_valkey())
        database = await stack.enter_async_context(postgres.database())
        whole = Cluster(postgres, valkey, database)
        for number in range(nodes):
            node = await _node(stack, whole, folder / f"node{number}")
            whole.nodes.append(node)
        whole.clients = await stack.enter_async_context(balancer(lambda: whole.urls, rng))
        yield whole
        for node in whole.nodes:
            node.to_postgres.heal()
            node.to_valkey.heal()


async def _node(stack: AsyncExitStack, whole: Cluster, folder: Path) -> Node:
    to_postgres = await stack.enter_async_context(proxy(whole.postgres.socket))
    to_valkey = await stack.enter_async_context(proxy(Path(whole.valkey.url[len("unix://") :])))
    place = whole.database.partition("search_path=")[2]
    server = ServerProcess(
        folder,
        "--database",
        f"postgresql://postgres@127.0.0.1:{to_postgres.port}/postgres?search_path={place}",
        "--redis",
        f"redis://127.0.0.1:{to_valkey.port}",
        settings=SETTINGS,
    )
    await server.start()
    stack.push_async_callback(_end, server)
    return Node(server, to_postgres, to_valkey)


async def _end(server: ServerProcess) -> None:
    # One that is frozen does not hear of anything else.
    try:
        os.kill(server.pid, signal.SIGCONT)
    except ProcessLookupError:
        return
    await server.kill()
