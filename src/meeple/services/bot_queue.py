"""In which order tables get their bots' thoughts: fair between those who made the tables."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple
from uuid import UUID


class Wait(NamedTuple):
    """A table that waits for a thought: who made it, and what the thought costs."""

    game_id: str
    creator: UUID
    cost: float


class BotQueue:
    """Tables that wait for a bot: weighted fair queueing, as of packets in a network.

    Imagine that all creators' thoughts were thought side by side, each creator's one after the
    other, at the same speed for each. The thought that would end first there is next here. So who
    waits for little waits little, who has many tables waits for them alone, and nobody waits for
    ever.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Wait]] = []
        self._waiting: set[str] = set()
        #: How far each creator's thoughts would have come, in units of cost.
        self._time = 0.0
        #: When the last waiting thought of each creator would end.
        self._ends: dict[UUID, float] = {}
        self._numbers = count()
        self._filled = asyncio.Event()

    @property
    def creators(self) -> int:
        """How many have tables that wait."""
        return len(self._ends)

    def __len__(self) -> int:
        """How many tables wait."""
        return len(self._heap)

    def put(self, wait: Wait) -> None:
        """From now on the table waits; it keeps its place if it does already."""
        if wait.game_id in self._waiting:
            return
        ends = max(self._time, self._ends.get(wait.creator, 0)) + wait.cost
        self._ends[wait.creator] = ends
        self._waiting.add(wait.game_id)
        heappush(self._heap, (ends, next(self._numbers), wait))
        self._filled.set()

    async def get(self) -> Wait:
        """The one that is next, once there is one."""
        while not self._heap:
            self._filled.clear()
            await self._filled.wait()
        ends, _, wait = heappop(self._heap)
        self._time += wait.cost / len(self._ends)
        self._waiting.discard(wait.game_id)
        if self._ends[wait.creator] == ends:
            # Nothing more of this one's waits. What was served ahead of its time is forgiven.
            del self._ends[wait.creator]
        return wait
