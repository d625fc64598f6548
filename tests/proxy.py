"""A proxy that loses what a network loses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class Proxy:
    """Stands between clients and a server on a Unix socket; made by `proxy`.

    Attributes:
        requests: cleared, nothing of what clients send arrives; it waits, as in a router's queue.
        answers: cleared, nothing of what the server sends arrives.
        received: what clients have sent, connection by connection.
    """

    def __init__(self, server: Path) -> None:
        self.requests, self.answers = asyncio.Event(), asyncio.Event()
        self.heal()
        self.received: list[bytearray] = []
        self.port = 0
        self._server = server
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def heal(self) -> None:
        """Let everything through."""
        self.requests.set()
        self.answers.set()

    def black_hole(self) -> None:
        """Let nothing through, and say nothing."""
        self.requests.clear()
        self.answers.clear()

    def cut(self) -> None:
        """Reset every connection; what was held back is lost."""
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_unix_connection(str(self._server))
            self.received.append(bytearray())
            await asyncio.gather(
                self._pump(reader, back, self.requests, self.received[-1]),
                self._pump(there, writer, self.answers, bytearray()),
            )

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        through: asyncio.Event,
        seen: bytearray,
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._writers.add(writer)
        try:
            while data := await reader.read(1 << 16):
                seen += data
                await through.wait()
                writer.write(data)
                await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def proxy(server: Path) -> AsyncIterator[Proxy]:
    """A proxy on a free port of this machine, before the server on that Unix socket."""
    between = Proxy(server)
    tasks: set[asyncio.Task[None]] = between._tasks

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(between.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    between.port = listener.sockets[0].getsockname()[1]
    try:
        yield between
    finally:
        listener.close()
        between.cut()
        await asyncio.gather(*tasks, return_exceptions=True)
