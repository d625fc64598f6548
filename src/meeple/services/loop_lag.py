"""How late the event loop is: what every client waits, whatever it asks for."""

from __future__ import annotations

import asyncio

from meeple.stats import Histogram

#: Seconds between two looks.
INTERVAL = 0.25
#: The ranges of `LoopLag.seconds`.
SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class LoopLag:
    """Measures by how much the loop is late for a timer."""

    def __init__(self) -> None:
        self.seconds = Histogram(SECONDS)

    async def run(self) -> None:
        """Measure until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL
            await asyncio.sleep(INTERVAL)
            self.seconds.note(max(0.0, loop.time() - due))
