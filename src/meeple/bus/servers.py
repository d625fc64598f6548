"""Which server a channel lives on, and connections to it.

redis-py's clients mend a lost connection without a word, and the bus must know: what was said
meanwhile is lost. So the bus uses redis-py's connections, and none of its clients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from redis.asyncio.connection import AbstractConnection, Connection, ConnectionPool, SSLConnection
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.crc import key_slot
from redis.exceptions import RedisError

from meeple.bus.address import Address, close_sentinels, sentinels

SLOTS = 16384
#: How every connection of the bus is made. Who waits for an answer limits the wait himself.
OPTIONS: dict[str, Any] = {"protocol": 2, "socket_timeout": None, "decode_responses": False}

Connect = Callable[[], AbstractConnection]


class Layout:
    """The servers as they are now: how to connect to each, and which channel is whose.

    Args:
        connects: makes a connection to each server, not yet connected.
        slots: for each slot of a cluster the index of its server, or None if it has none; None if
            there is one server.
    """

    def __init__(self, connects: Sequence[Connect], slots: Sequence[int | None] | None) -> None:
        self.connects = connects
        self._slots = slots

    def place(self, channel: str) -> int:
        """The index of the channel's server; raises `ConnectionError` if it has none now."""
        if self._slots is None:
            return 0
        place = self._slots[key_slot(channel.encode())]
        if place is None:
            raise ConnectionError("a slot of the cluster is served by no node")
        return place


class Servers(Protocol):
    """One server, or several that share the channels."""

    #: The words for subscribing, for unsubscribing and for publishing.
    words: tuple[str, str, str]

    async def locate(self) -> Layout:
        """Find out which servers there are now; raises `RedisError`, `OSError`."""
        ...

    async def aclose(self) -> None:
        """Let go of what was opened to find out."""
        ...


class OneServer:
    """One server, or the master that Sentinels name; a `Servers`."""

    words = ("SUBSCRIBE", "UNSUBSCRIBE", "PUBLISH")

    def __init__(self, address: Address) -> None:
        pool: ConnectionPool
        self._sentinels: Sentinel | None = None
        if address.kind == "sentinel":
            options = {**address.options, **OPTIONS}
            self._sentinels = sentinels(address)
            pool = SentinelConnectionPool(address.service, self._sentinels, **options)  # type: ignore[no-untyped-call]
        else:
            pool = ConnectionPool.from_url(address.url, **OPTIONS)
        self._layout = Layout([pool.make_connection], None)

    async def locate(self) -> Layout:
        """The same for ever: Sentinels are asked on connecting."""
        return self._layout

    async def aclose(self) -> None:
        """Close the connections to the Sentinels."""
        if self._sentinels is not None:
            await close_sentinels(self._sentinels)


class Cluster:
    """The masters of a cluster, with sharded pub/sub; a `Servers`."""

    words = ("SSUBSCRIBE", "SUNSUBSCRIBE", "SPUBLISH")

    def __init__(self, address: Address) -> None:
        options = address.options
        options.pop("db", None)
        self._class = SSLConnection if options.pop("ssl", False) else Connection
        self._options = {**options, **OPTIONS}
        self._hosts = list(address.hosts)

    async def locate(self) -> Layout:
        """Ask the first node that answers who serves which slot."""
        failure: Exception = ConnectionError("no node of the cluster answers")
        for host, port in list(self._hosts):
            # A node that hangs takes the whole time there is: another is first next time.
            self._hosts.append(self._hosts.pop(0))
            try:
                return self._layout(await self._ask(host, port), host)
            except (RedisError, OSError) as error:
                failure = error
        raise failure

    async def aclose(self) -> None:
        """Nothing stays open."""

    async def _ask(self, host: str, port: int) -> list[Any]:
        connection = self._connect(host, port)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
            await connection.send_command("CLUSTER", "SLOTS")
            answer: list[Any] = await connection.read_response()
            return answer
        finally:
            await connection.disconnect(nowait=True)

    def _layout(self, ranges: list[Any], asked: str) -> Layout:
        places: dict[tuple[str, int], int] = {}
        slots: list[int | None] = [None] * SLOTS
        for first, last, master, *_ in ranges:
            # A node that does not know its own name is where we asked.
            where = (master[0].decode() if master[0] else asked, int(master[1]))
            place = places.setdefault(where, len(places))
            slots[first : last + 1] = [place] * (last + 1 - first)
        # Those that were named may all be gone one day.
        self._hosts += [where for where in places if where not in self._hosts]
        return Layout([self._connector(*where) for where in places], slots)

    def _connector(self, host: str, port: int) -> Connect:
        return lambda: self._connect(host, port)

    def _connect(self, host: str, port: int) -> AbstractConnection:
        return self._class(host=host, port=port, **self._options)


def servers(address: Address) -> Servers:
    """The servers at an address."""
    return Cluster(address) if address.kind == "cluster" else OneServer(address)
