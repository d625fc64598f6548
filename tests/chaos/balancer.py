"""What stands between clients and nodes: it deals connections out, and breaks them at will."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

#: Seconds that a node has to accept a connection.
CONNECT = 1.0


class Balancer:
    """A TCP load balancer on a port of its own; made by `balancer`.

    Attributes:
        url: where clients connect.
        delay: seconds that everything is late by, at most.
        through: cleared, nothing gets through and nobody is told.
    """

    def __init__(self, nodes: Callable[[], Sequence[str]], rng: random.Random) -> None:
        self.url = ""
        self.delay = 0.0
        self.through = asyncio.Event()
        self.through.set()
        self._nodes = nodes
        self._rng = rng
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self, share: float = 1.0) -> None:
        """Reset about that share of the connections."""
        for writer in list(self._writers):
            if self._rng.random() < share:
                writer.transport.abort()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nodes = list(self._nodes())
        self._rng.shuffle(nodes)
        for node in nodes:
            host, port = node.removeprefix("http://").split(":")
            try:
                async with asyncio.timeout(CONNECT):
                    there, back = await asyncio.open_connection(host, int(port))
            except (OSError, TimeoutError):
                continue
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
            return
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(OSError):
                while data := await reader.read(1 << 16):
                    await self.through.wait()
                    if self.delay:
                        await asyncio.sleep(self._rng.random() * self.delay)
                    writer.write(data)
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def balancer(
    nodes: Callable[[], Sequence[str]], rng: random.Random
) -> AsyncIterator[Balancer]:
    """A balancer before the nodes of these URLs, those that answer."""
    between = Balancer(nodes, rng)
    listener = await asyncio.start_server(between.accept, "127.0.0.1", 0, backlog=1024)
    between.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield between
    finally:
        listener.close()
        await between.close()
