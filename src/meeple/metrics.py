"""What a node counts, in the text format of Prometheus.

Nothing is measured here: each part counts for itself, and is asked when somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar, runtime_checkable

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from meeple.bus.redis_bus import RedisBus
from meeple.protocols import GameLog
from meeple.services.connection_manager import ConnectionManager
from meeple.services.deadlines import Deadlines
from meeple.services.game_service import GameService
from meeple.services.house_bots import HouseBots
from meeple.services.loop_lag import LoopLag
from meeple.services.sync import Sync
from meeple.socketio.server import GameHandlers
from meeple.socketio.transport import SocketIOServer
from meeple.stats import Histogram
from meeple.store.group_commit import CommitStats

Labels = TypeVar("Labels", bound=tuple[str, ...])


@runtime_checkable
class CommitsInGroups(Protocol):
    """A log that commits in groups, and counts."""

    @property
    def stats(self) -> CommitStats:
        """What was committed so far."""
        ...

    @property
    def pending(self) -> int:
        """How many appends wait for their transaction."""
        ...


class Metrics(Collector):
    """The metrics of one node.

    Args:
        sockets, handlers, games, log, connections, loop_lag, deadlines: the parts that count.
        bus: the bus; None if this is the only node.
        house: the house's bots; None if there are none here.
    """

    def __init__(
        self,
        *,
        sockets: SocketIOServer,
        handlers: GameHandlers,
        games: GameService,
        log: GameLog,
        connections: ConnectionManager,
        loop_lag: LoopLag,
        deadlines: Deadlines,
        bus: RedisBus | None = None,
        house: HouseBots | None = None,
    ) -> None:
        self._sockets = sockets
        self._handlers = handlers
        self._games = games
        self._log = log
        self._presence = connections
        self._loop_lag = loop_lag
        self._deadlines = deadlines
        self._bus = bus
        self._house = house
        # Its own, and not the library's global one: a process may hold several nodes.
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def render(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        yield from self._clients()
        yield from self._play()
        if isinstance(self._log, CommitsInGroups):
            yield from _commits(self._log)
        yield _histogram("event_loop_lag_seconds", "how late timers are", self._loop_lag.seconds)
        yield _gauge("presence_degraded", "1 while Redis fails", self._presence.degraded)
        ends = {(how,): count for how, count in self._deadlines.seen_to.items()}
        yield _counters("deadlines", "that this node saw to, by how", ("outcome",), ends)
        if self._house is not None:
            yield _gauge("bots_waiting", "tables that wait for a bot", self._house.waiting)
        if self._bus is not None:
            yield from _bus(self._bus)
        if self._games.viewers.sync is not None:
            yield from _sync(self._games.viewers.sync)

    def _clients(self) -> Iterator[Metric]:
        yield _gauge("connections", "authenticated connections", len(self._handlers))
        yield _gauge("draining", "1 while the node is going away", self._sockets.draining)
        ended = {(reason,): count for reason, count in self._sockets.ended.items()}
        yield _counters("sessions_ended", "by why; slow readers are dropped", ("reason",), ended)

    def _play(self) -> Iterator[Metric]:
        yield _gauge("games_in_memory", "games that this node holds", self._games.in_memory)
        yield _counters(
            "events",
            "events of clients, by their name and how they were answered",
            ("event", "outcome"),
            self._handlers.answered,
        )
        yield _histogram(
            "action_seconds",
            "actions that were carried out, from the event to the ack",
            self._handlers.action_seconds,
        )
        engines = {(name,): times for name, times in self._games.engine_seconds.items()}
        yield _histograms("engine_seconds", "rules and views of a command", ("engine",), engines)


def _commits(log: CommitsInGroups) -> Iterator[Metric]:
    stats = log.stats
    yield _gauge("appends_waiting", "appends that wait for their transaction", log.pending)
    outcomes = {
        ("committed",): stats.committed,
        ("rejected",): stats.rejected,
        ("refused",): stats.refused,
    }
    yield _counters("appends", "by what became of them", ("outcome",), outcomes)
    yield _counter("commits_failed", "transactions that failed as a whole", stats.failed_batches)
    yield _histogram("commit_seconds", "how long transactions took", stats.write_seconds)
    yield _histogram("commit_size", "how many appends they had", stats.batch_sizes)


def _bus(bus: RedisBus) -> Iterator[Metric]:
    stats = bus.stats
    yield _gauge("bus_up", "1 while it is connected", bus.up)
    yield _counter("bus_published", "notes that Redis has taken", stats.published)
    yield _counter("bus_dropped", "notes thrown away: too many waited", stats.dropped)
    yield _counter("bus_received", "notes of other nodes", stats.received)
    yield _counter("bus_unread", "notes that this version does not understand", stats.unread)
    yield _counter("bus_reconnects", "connections after the first", max(0, stats.connects - 1))
    yield _gauge("bus_lag_seconds", "how late the last note was", stats.lag_ms / 1000)


def _sync(sync: Sync) -> Iterator[Metric]:
    yield _gauge("games_followed", "games with viewers here", len(sync))
    yield _counter("sync_folded", "entries that the bus brought", sync.stats.folded)
    yield _counter("sync_gaps", "times that some were missing", sync.stats.gaps)
    yield _counter("sync_looks", "reads of the log, in case of it", sync.stats.looks)
    yield _counter("sync_found", "those that found something", sync.stats.found)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"meeple_{name}", words, value=float(value))


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(f"meeple_{name}", words, value=value)


def _counters(
    name: str, words: str, labels: tuple[str, ...], values: Mapping[Labels, int]
) -> Metric:
    family = CounterMetricFamily(f"meeple_{name}", words, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _histogram(name: str, words: str, value: Histogram) -> Metric:
    return _histograms(name, words, (), {(): value})


def _histograms(
    name: str, words: str, labels: tuple[str, ...], values: Mapping[Labels, Histogram]
) -> Metric:
    family = HistogramMetricFamily(f"meeple_{name}", words, labels=labels)
    for of, value in values.items():
        family.add_metric(of, _cumulative(value), value.total)
    return family


def _cumulative(value: Histogram) -> list[tuple[str, float]]:
    so_far, buckets = 0, []
    for bound, count in zip((*map(str, value.bounds), "+Inf"), value.counts, strict=True):
        so_far += count
        buckets.append((bound, float(so_far)))
    return buckets
