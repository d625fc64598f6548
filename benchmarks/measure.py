"""One run of one server: its memory for idle connections, its cost and its speed at play."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.adapters import Adapter, Table
from benchmarks.database import Database, OnDatabase
from benchmarks.load import Load, Window
from benchmarks.servers import Cores, Server

#: Connections that are there before memory is looked at, so that one-off costs are not counted.
FIRST = 100
#: Seconds that a server gets to come to rest before its memory is read.
REST = 1.0
#: A server is idle once it uses less than this share of its core; looked at this often.
IDLE_SHARE, IDLE_LOOK = 0.03, 0.02
#: Seconds that it gets to become so.
IDLE_PATIENCE = 3.0


class Plan(NamedTuple):
    """How much is measured.

    Attributes:
        matches: how many at once, for each throughput.
        actions, seconds, patience: a throughput is measured until that many actions, or seconds of
            play, or seconds in all with the setting up between games.
        warm_up: actions before the first.
        paced: matches of the paced measurement; none: it is left out.
        rate, paced_actions: its actions a second, and how many.
        idle: idle connections; none: they are left out.
    """

    matches: tuple[int, ...] = (50, 200, 500)
    actions: int = 15_000
    seconds: float = 3.0
    patience: float = 10.0
    warm_up: int = 6_000
    paced: int = 200
    rate: float = 1_000.0
    paced_actions: int = 5_000
    idle: int = 2_000


class Throughput(NamedTuple):
    """At some number of matches at once.

    Attributes:
        busy: share of its core that the server used: near 1, or the figure is the load's.
        load_us: µs that the load needed for an action; if it is more than the server's, the load
            bounds the actions a second.
        database_us: µs of its database's processes for an action; 0 if it has none.
    """

    per_second: float
    cpu_us: float
    busy: float
    load_us: float
    database_us: float = 0.0


class Paced(NamedTuple):
    """Milliseconds from when an action was due until both players had seen it."""

    p50: float
    p99: float
    cpu_us: float


class Result(NamedTuple):
    """What a run gave; what was left out is empty or None."""

    throughput: dict[int, Throughput]
    paced: Paced | None
    idle_kib: float | None


def measure(adapter: Adapter, plan: Plan, node: str, cores: Cores | None, base: Path) -> Result:
    """One run of that server; its files are in a folder in ``base`` while it lasts."""
    idle = None
    throughput: dict[int, Throughput] = {}
    paced = None
    if plan.idle:
        with _serving(adapter, node, cores, base) as (server, _):
            idle = _idle(adapter, server, plan.idle)
    if plan.matches or plan.paced:
        with _serving(adapter, node, cores, base) as (server, database):
            for count in plan.matches:
                with _table(adapter, server, count) as (load, table):
                    warm_up = 0 if throughput else plan.warm_up
                    throughput[count] = _throughput(server, database, load, table, plan, warm_up)
            if plan.paced:
                with _table(adapter, server, plan.paced) as (load, table):
                    warm_up = 0 if throughput else plan.warm_up
                    paced = _paced(server, load, table, plan, warm_up)
    return Result(throughput, paced, idle)


@contextmanager
def _serving(
    adapter: Adapter, node: str, cores: Cores | None, base: Path
) -> Iterator[tuple[Server, Database | None]]:
    with tempfile.TemporaryDirectory(dir=base) as name, ExitStack() as stack:
        folder = Path(name)
        database = None
        if isinstance(adapter, OnDatabase):
            database = stack.enter_context(adapter.database(folder, cores))
        environment = {"NODE_ENV": "production", **adapter.environment(folder)}
        with Server(adapter.command(node), environment, folder, cores) as server:
            try:
                yield server, database
            except Exception as error:
                error.add_note(f"{adapter.title} said: {server.said()}")
                raise


@contextmanager
def _table(adapter: Adapter, server: Server, count: int) -> Iterator[tuple[Load, Table]]:
    load = Load()
    table = adapter.open(load, server.url, count)
    try:
        yield load, table
    finally:
        table.close()
        quiet(load, server)


def _idle(adapter: Adapter, server: Server, count: int) -> float:
    load = Load()
    adapter.idle(load, server.url, FIRST)
    load.pump(REST)
    before = server.memory()
    adapter.idle(load, server.url, count)
    load.pump(REST)
    after = server.memory()
    load.close()
    return (after - before) / count / 1024


def _throughput(
    server: Server, database: Database | None, load: Load, table: Table, plan: Plan, warm_up: int
) -> Throughput:
    _warm(server, load, table, warm_up)
    windows: list[Window] = []
    cpu = database_cpu = 0.0
    deadline = time.monotonic() + plan.patience
    while True:
        table.deal()
        quiet(load, server)
        before = database.cpu() if database is not None else 0.0
        window, spent = _play(server, load, table, None)
        database_cpu += database.cpu() - before if database is not None else 0.0
        windows.append(window)
        cpu += spent
        elapsed = sum(window.elapsed for window in windows)
        actions = sum(window.actions for window in windows)
        if actions >= plan.actions or elapsed >= plan.seconds or time.monotonic() >= deadline:
            break
    return Throughput(
        actions / elapsed,
        cpu / actions * 1e6,
        min(1.0, cpu / elapsed),
        sum(window.work for window in windows) / actions * 1e6,
        database_cpu / actions * 1e6,
    )


def _paced(server: Server, load: Load, table: Table, plan: Plan, warm_up: int) -> Paced:
    _warm(server, load, table, warm_up)
    latencies: list[float] = []
    cpu = 0.0
    deadline = time.monotonic() + 2 * plan.patience
    while len(latencies) < plan.paced_actions and time.monotonic() < deadline:
        window, spent = _round(server, load, table, plan.rate)
        latencies += window.latencies
        cpu += spent
    return Paced(
        statistics.median(latencies) * 1e3,
        statistics.quantiles(latencies, n=100)[98] * 1e3,
        cpu / len(latencies) * 1e6,
    )


def _warm(server: Server, load: Load, table: Table, actions: int) -> None:
    while actions > 0:
        window, _ = _round(server, load, table, None)
        actions -= window.actions


def _round(server: Server, load: Load, table: Table, rate: float | None) -> tuple[Window, float]:
    """One game of every match; the setting up is not counted, the server's afterthoughts are."""
    table.deal()
    quiet(load, server)
    return _play(server, load, table, rate)


def _play(server: Server, load: Load, table: Table, rate: float | None) -> tuple[Window, float]:
    before = server.cpu()
    window = load.play(table.matches, rate)
    return window, quiet(load, server) - before


def quiet(load: Load, server: Server) -> float:
    """Wait until the server has nothing more to do; its processor time until then."""
    deadline = time.monotonic() + IDLE_PATIENCE
    before = server.cpu()
    while True:
        load.pump(IDLE_LOOK)
        after = server.cpu()
        if after - before < IDLE_SHARE * IDLE_LOOK or time.monotonic() >= deadline:
            return after
        before = after


def medians(results: Sequence[Result]) -> Result:
    """Figure by figure."""
    throughput = {
        count: Throughput(
            *(
                statistics.median(figures)
                for figures in zip(*(result.throughput[count] for result in results), strict=True)
            )
        )
        for count in results[0].throughput
    }
    paces = [result.paced for result in results if result.paced is not None]
    idles = [result.idle_kib for result in results if result.idle_kib is not None]
    paced = Paced(*map(statistics.median, zip(*paces, strict=True))) if paces else None
    return Result(throughput, paced, statistics.median(idles) if idles else None)
