"""Whether the parts that a node depends on do their work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from meeple.errors import Unavailable
from meeple.protocols import Bus, GameLog
from meeple.services.connection_manager import ConnectionManager

#: Seconds that a part is waited for, of all the seconds until it gives up by itself.
LIMIT = 0.4
#: Seconds without an answer until it is more than slow: a busy node is not to lose its players.
HANGS = 2.0


class Health:
    """Asks the parts, and does not wait for one that hangs.

    Args:
        log: where the games are.
        connections: who is present.
        bus: connects the nodes; None if there is but this one.
    """

    def __init__(self, log: GameLog, connections: ConnectionManager, bus: Bus | None) -> None:
        self._probes = {"log": _Probe(log.check), "presence": _Probe(connections.check)}
        self._bus = bus

    async def check(self) -> dict[str, str]:
        """Each part: ``ok``, or what is wrong with it."""
        await asyncio.wait([probe.ask() for probe in self._probes.values()], timeout=LIMIT)
        parts = {name: probe.said() for name, probe in self._probes.items()}
        if self._bus is not None:
            parts["bus"] = "ok" if self._bus.up else "bus: Redis does not answer"
        return parts

    async def aclose(self) -> None:
        """Wait no more for parts that hang."""
        for probe in self._probes.values():
            await probe.aclose()


class _Probe:
    """Asks one part once at a time, however many want to know: one that hangs is not asked more."""

    def __init__(self, check: Callable[[], Awaitable[None]]) -> None:
        self._check = check
        self._asking: asyncio.Task[None] | None = None
        self._since = 0.0
        self._last = "ok"

    def ask(self) -> asyncio.Task[None]:
        """Ends once the part has answered; the caller must not cancel it."""
        if self._asking is None or self._asking.done():
            self._since = time.monotonic()
            self._asking = asyncio.create_task(self._ask())
        return self._asking

    def said(self) -> str:
        """What it answered last, unless it has not answered for long."""
        waits = self._asking is not None and not self._asking.done()
        if waits and time.monotonic() - self._since > HANGS:
            self._last = f"no answer for {HANGS:.0f} s"
        return self._last

    async def _ask(self) -> None:
        try:
            await self._check()
        except Unavailable as error:
            self._last = error.message
        else:
            self._last = "ok"

    async def aclose(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
