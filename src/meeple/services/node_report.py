"""What a node says of itself to operators."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from meeple.protocols import Clock
from meeple.services.recent_errors import ErrorLine, RecentErrors
from meeple.stats import Histogram

#: Engines that a report names, the slowest first.
MAX_ENGINES = 10
#: The last looks that rates are made of.
LOOKS = 5
#: A command of an engine's that took longer than this, in seconds, is slow.
SLOW = 0.1


class Counts(NamedTuple):
    """What has been counted since the start."""

    events: int
    refused: int
    errors: int


class Rates(msgspec.Struct, frozen=True):
    """What happened a second, of late: events of clients, those that were refused, errors."""

    events: float
    refused: float
    errors: float


class EngineTimes(msgspec.Struct, frozen=True):
    """How long an engine takes: ``slow`` of its ``commands`` took longer than 0.1 seconds."""

    name: str
    commands: int
    mean_ms: float
    slow: int


class NodeReport(msgspec.Struct, frozen=True, kw_only=True):
    """One node, as it is ``at`` (ms since 1970).

    Attributes:
        node: its id.
        host, pid: its machine and process.
        version: Meeple's.
        started_at: in ms since 1970.
        connections: authenticated connections.
        games: games in memory.
        draining: whether it is going away.
        rates: what happens a second.
        parts: each part that it depends on: ``ok``, or what is wrong with it.
        engines: the slowest engines.
        errors: the last errors in its log, newest first.
    """

    node: str
    host: str
    pid: int
    version: str
    at: int
    started_at: int
    connections: int
    games: int
    draining: bool
    rates: Rates
    parts: dict[str, str]
    engines: list[EngineTimes]
    errors: list[ErrorLine]


class NodeReporter:
    """Makes reports of this node.

    Args:
        node, host, pid, version: as in `NodeReport`.
        clock: the server's time.
        connections, games: how many there are now.
        answered: how many events were answered, by their name and outcome.
        engine_seconds: how long engines took.
        draining: whether the node is going away.
        check: looks at each part that the node depends on.
        recent: the last errors.
    """

    def __init__(
        self,
        *,
        node: str,
        host: str,
        pid: int,
        version: str,
        clock: Clock,
        connections: Callable[[], int],
        games: Callable[[], int],
        answered: Mapping[tuple[str, str], int],
        engine_seconds: Mapping[str, Histogram],
        draining: Callable[[], bool],
        check: Callable[[], Awaitable[dict[str, str]]],
        recent: RecentErrors,
    ) -> None:
        self.node = node
        self._host = host
        self._pid = pid
        self._version = version
        self._clock = clock
        self._connections = connections
        self._games = games
        self._answered = answered
        self._engine_seconds = engine_seconds
        self._draining = draining
        self._check = check
        self._recent = recent
        self._started_at = clock.now_ms()
        self._looks: deque[tuple[int, Counts]] = deque(maxlen=LOOKS)
        self.look()

    def look(self) -> None:
        """Count what has happened so far: rates are since the oldest of the last looks."""
        self._looks.append((self._clock.now_ms(), self._counts()))

    async def report(self) -> NodeReport:
        """The node as it is now."""
        parts = await self._check()  # which takes a while where something is wrong
        now = self._clock.now_ms()
        return NodeReport(
            node=self.node,
            host=self._host,
            pid=self._pid,
            version=self._version,
            at=now,
            started_at=self._started_at,
            connections=self._connections(),
            games=self._games(),
            draining=self._draining(),
            rates=self._rates(now),
            parts=parts,
            engines=slowest(self._engine_seconds.items()),
            errors=list(self._recent.lines)[::-1],
        )

    def _counts(self) -> Counts:
        total = sum(self._answered.values())
        fine = sum(count for (_, outcome), count in self._answered.items() if outcome == "ok")
        return Counts(total, total - fine, self._recent.count)

    def _rates(self, now: int) -> Rates:
        since, before = self._looks[0]
        seconds = max(now - since, 1) / 1000
        per_second = [
            round((after - earlier) / seconds, 2)
            for after, earlier in zip(self._counts(), before, strict=True)
        ]
        return Rates(*per_second)


def slowest(engines: Iterable[tuple[str, Histogram]]) -> list[EngineTimes]:
    """The engines that take longest on average."""
    times = []
    for name, seconds in engines:
        commands = sum(seconds.counts)
        first_slow = seconds.bounds.index(SLOW) + 1
        mean = round(1000 * seconds.total / max(commands, 1), 3)
        times.append(EngineTimes(name, commands, mean, sum(seconds.counts[first_slow:])))
    return sorted(times, key=lambda one: -one.mean_ms)[:MAX_ENGINES]
