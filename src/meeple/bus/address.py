"""The URL of a Redis or Valkey: one server, the master that Sentinels name, or a cluster.

======================================================  ==========================================
``redis://``, ``rediss://``, ``unix://``                one server
``redis+sentinel://host:port,host:port/service/db``     the master of ``service``; ``db`` is 0
                                                        if it is left out
``redis+cluster://host:port,host:port``                 a cluster; not every node must be named
======================================================  ==========================================

``rediss+…`` speaks TLS. User and password (``user:password@``) are the servers'; a Sentinel's own
are the options ``sentinel_username`` and ``sentinel_password``. Others are redis-py's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.sentinel import Sentinel

from meeple.errors import ConfigurationError

#: The port of a server, and that of a Sentinel, where the URL names none.
PORTS = {"cluster": 6379, "sentinel": 26379}
#: Seconds that a Sentinel may take to say where the master is.
SENTINEL_SECONDS = 0.5


class Address(NamedTuple):
    """Where a Redis is.

    Attributes:
        kind: ``single``, ``sentinel`` or ``cluster``.
        url: the URL of the one server; else what all servers have in common.
        hosts: the Sentinels, or some nodes of the cluster.
        service: the name that the Sentinels know the master by.
        sentinel: how to log in at the Sentinels: redis-py's options.
    """

    kind: str
    url: str
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    sentinel: tuple[tuple[str, str], ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """What redis-py makes of the URL (user, password, db, TLS, …), without the host."""
        options: dict[str, Any] = dict(parse_url(self.url))
        for name in ("host", "port"):
            options.pop(name, None)
        if options.pop("connection_class", None) is SSLConnection:
            options["ssl"] = True
        return options


def parse(url: str) -> Address:
    """The address that a URL names.

    Raises:
        ConfigurationError: it names none; the message says what would.
    """
    scheme = url.partition("://")[0]
    base, _, kind = scheme.partition("+")
    try:
        if scheme in ("redis", "rediss", "unix"):
            parse_url(url)
            return Address("single", url)
        if base in ("redis", "rediss") and kind in PORTS:
            return _many(url, base, kind)
    except ValueError as error:
        raise ConfigurationError(f"redis: {error}") from error
    raise ConfigurationError(
        "redis: give memory://, or the URL of a server (redis://, rediss://, unix://),"
        " of Sentinels (redis+sentinel://) or of a cluster (redis+cluster://)"
    )


def _many(url: str, base: str, kind: str) -> Address:
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    service, _, db = parts.path.strip("/").partition("/")
    if kind == "cluster":
        service, db = "", service
    elif not service:
        raise ConfigurationError("redis: a redis+sentinel:// URL ends in the name of the master")
    options = dict(parse_qsl(parts.query))
    sentinel = tuple(
        (name, options.pop(f"sentinel_{name}"))
        for name in ("username", "password")
        if f"sentinel_{name}" in options
    )
    plain = f"{base}://{login}{at}localhost/{db or 0}?{urlencode(options)}"
    parse_url(plain)
    return Address(
        kind, plain, tuple(_host(one, PORTS[kind]) for one in hosts.split(",")), service, sentinel
    )


def _host(text: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("a host is missing")
    return parts.hostname, parts.port or port


def sentinels(address: Address) -> Sentinel:
    """A client of the Sentinels."""
    limits = {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS}
    # The type stubs know no constructor.
    return Sentinel(address.hosts, sentinel_kwargs={**dict(address.sentinel), **limits})  # type: ignore[no-untyped-call]


async def close_sentinels(sentinel: Sentinel) -> None:
    """Close the connections to the Sentinels, which redis-py leaves open."""
    for one in sentinel.sentinels:
        await one.aclose()


class Master(Redis):
    """A client of the master that Sentinels name."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the connections to the Sentinels as well."""
        await super().aclose(close_connection_pool)
        await close_sentinels(self.connection_pool.sentinel_manager)  # type: ignore[attr-defined]


def client_factory(url: str) -> Callable[[], Any]:
    """Makes clients of the Redis at ``url``; raises `ConfigurationError` if it is no such URL."""
    address = parse(url)

    def single() -> Any:
        return Redis.from_url(url)

    def master() -> Any:
        return sentinels(address).master_for(address.service, redis_class=Master, **address.options)

    def cluster() -> Any:
        options = address.options
        options.pop("db", None)  # a cluster has but one
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisCluster(startup_nodes=nodes, **options)

    return {"single": single, "sentinel": master, "cluster": cluster}[address.kind]
