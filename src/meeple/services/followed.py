"""What is known of a game that is viewed here, and what became of what was heard."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from meeple.protocols import Note
from meeple.services.tables import Table


@dataclass
class SyncStats:
    """What became of what the bus brought.

    Attributes:
        folded: entries that came by the bus and were folded.
        gaps: how often entries came that did not follow the table's, so that the log was read.
        looks: reads of the log in case the bus had missed something.
        found: those of them that found something.
    """

    folded: int = 0
    gaps: int = 0
    looks: int = 0
    found: int = 0


class Followed:
    """A game that has viewers here.

    Attributes:
        table: kept in memory as long as it is viewed, so that no entry is passed over; None until
            it has been read.
        coming: joins under way.
        current: True while the table lacks nothing but what the bus is about to bring.
        notes: what the bus brought and nobody has looked at yet.
        task: looks at it; None if there is nothing.
    """

    __slots__ = ("coming", "current", "game_id", "notes", "table", "task")

    def __init__(self, game_id: str) -> None:
        self.game_id = game_id
        self.table: Table | None = None
        self.coming = 0
        self.current = False
        self.notes: deque[Note] = deque()
        self.task: asyncio.Task[None] | None = None
