"""One life of the connections to all servers: from when they are open until the first one fails.

What fails here raises, and nothing is mended: the bus closes this session and opens the next.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from redis.asyncio.connection import AbstractConnection

from meeple.bus.servers import Servers

_WORDS = {
    start + word.encode(): word
    for word in ("message", "subscribe", "unsubscribe")
    for start in (b"", b"s")
}


class Session:
    """Two connections to each server: one listens, and one tells.

    Args:
        servers: where the channels live.
        patience: seconds that an answer may take.
    """

    def __init__(self, servers: Servers, patience: float) -> None:
        self._servers = servers
        self._patience = patience
        self._listening: list[AbstractConnection] = []
        self._telling: list[AbstractConnection] = []
        # Since when an answer to a ping is outstanding, for each that listens.
        self._asked: list[float | None] = []

    async def open(self) -> None:
        """Connect to all; raises `RedisError`, `OSError`, `TimeoutError`."""
        async with asyncio.timeout(self._patience):
            self._layout = await self._servers.locate()
            for connect in self._layout.connects:
                for connections in (self._listening, self._telling):
                    connections.append(connect())
            await asyncio.gather(
                *(one.connect() for one in (*self._listening, *self._telling))  # type: ignore[no-untyped-call]
            )
        self._asked = [None] * len(self._listening)

    def __len__(self) -> int:
        """How many servers there are."""
        return len(self._listening)

    async def subscribe(self, channels: Iterable[str]) -> None:
        """Ask to hear the channels; the answers come with what is heard."""
        await self._ask(self._servers.words[0], channels)

    async def unsubscribe(self, channels: Iterable[str]) -> None:
        """Ask to hear the channels no more."""
        await self._ask(self._servers.words[1], channels)

    async def _ask(self, word: str, channels: Iterable[str]) -> None:
        places: defaultdict[int, list[str]] = defaultdict(list)
        for channel in channels:
            places[self._layout.place(channel)].append(channel)
        for place, own in places.items():
            # All channels of one command must lie in one slot, so it is a command each.
            await self._send(self._listening[place], [(word, channel) for channel in own])

    async def publish(self, messages: Collection[tuple[str, bytes]]) -> None:
        """Publish on channels, and see that each server has taken what it was sent."""
        word = self._servers.words[2]
        places: defaultdict[int, list[tuple[str, str, bytes]]] = defaultdict(list)
        for channel, data in messages:
            places[self._layout.place(channel)].append((word, channel, data))
        async with asyncio.timeout(self._patience):
            for place, commands in places.items():
                await self._send(self._telling[place], commands)
            for place, commands in places.items():
                for _ in commands:
                    await self._telling[place].read_response()

    async def receive(self, place: int) -> tuple[str, str, bytes] | None:
        """What a server says next: a word, a channel and data; None if it is but a sign of life.

        The words are ``message``, ``subscribe`` and ``unsubscribe``, also on a cluster.
        """
        reply = await self._listening[place].read_response(disconnect_on_error=False)
        self._asked[place] = None
        if not isinstance(reply, list) or len(reply) != 3:
            return None
        word, channel, data = reply
        return _WORDS[word], channel.decode(), data

    async def ping(self) -> None:
        """See that every server still talks; raises `TimeoutError` if one owes an answer."""
        now = time.monotonic()
        for place, connection in enumerate(self._listening):
            asked = self._asked[place]
            if asked is None:
                self._asked[place] = now
                await self._send(connection, [("PING",)])
            elif now - asked > self._patience:
                raise TimeoutError("Redis is silent")

    async def _send(
        self, connection: AbstractConnection, commands: Sequence[tuple[str | bytes, ...]]
    ) -> None:
        async with asyncio.timeout(self._patience):
            await connection.send_packed_command(
                connection.pack_commands(commands), check_health=False
            )

    async def aclose(self) -> None:
        """Close all connections, without waiting for anybody."""
        for connection in (*self._listening, *self._telling):
            await connection.disconnect(nowait=True)
