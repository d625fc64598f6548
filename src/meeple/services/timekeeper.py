"""What a node knows of the time that players must not lose: outages, and the way over the net."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from meeple.protocols import Clock, GameLog, Outage

#: Ms between two beats, and without any until it was an outage: for a node that lives, which may
#: have been busy, and for one that starts, which knows that it was away.
BEAT, LONGEST_GAP, LONGEST_GAP_AT_START = 1_000, 5_000, 1_500


def _unknown(sid: str) -> int:
    return 0


class Timekeeper:
    """Notes that this node lives, and knows when none did.

    Args:
        log: where beats and outages are kept.
        clock: the server's time.
        round_trip: how many ms it takes to the client of a connection and back; 0: unknown.
    """

    def __init__(
        self, log: GameLog, clock: Clock, round_trip: Callable[[str], int] = _unknown
    ) -> None:
        self._log = log
        self._clock = clock
        self._round_trip = round_trip
        self._beat_at: int | None = None
        self._beating: asyncio.Task[None] | None = None
        #: The outages that are known, oldest first.
        self.outages: Sequence[Outage] = ()

    def round_trip(self, sid: str | None) -> int:
        """How many ms it takes to the connection and back; 0 for what came without one."""
        return 0 if sid is None else self._round_trip(sid)

    @property
    def fresh(self) -> bool:
        """Whether every outage is known that has ended: nothing else may judge a clock."""
        return (
            self._beat_at is not None
            and -BEAT <= self._clock.now_ms() - self._beat_at < LONGEST_GAP
        )

    async def beat(self) -> None:
        """Note that this node lives, and learn when none did; raises `Unavailable`.

        One beat serves all who ask for it at the same time.
        """
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())
            self._beating.add_done_callback(self._beaten)
        await asyncio.shield(self._beating)

    async def _beat(self) -> None:
        now = self._clock.now_ms()
        gap = LONGEST_GAP_AT_START if self._beat_at is None else LONGEST_GAP
        self.outages = await self._log.beat(now, gap)
        self._beat_at = now

    def _beaten(self, beating: asyncio.Task[None]) -> None:
        self._beating = None
        if not beating.cancelled():
            beating.exception()  # whoever asked for it has heard of it, if still there
