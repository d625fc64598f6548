"""What a checked game is played with: its seed, its seats and its house rules."""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from typing import NamedTuple

from meeple.engine.base import JSON
from meeple.engine.rng import SEED_BYTES


class Setting(NamedTuple):
    """One game to play. Everything by chance in it follows from these three."""

    label: int | str
    seats: int
    options: dict[str, JSON]

    @property
    def seed(self) -> bytes:
        """The game's secret seed."""
        return blake2b(self._name.encode(), digest_size=SEED_BYTES).digest()

    @property
    def start(self) -> int:
        """The seq of the entry that starts the game, in the log that a server would keep of it."""
        return self.seats + 1

    def chance(self, purpose: str) -> Random:
        """A generator for the kit itself; never handed to the engine."""
        return Random(f"{self._name} {purpose}")

    @property
    def _name(self) -> str:
        return f"{self.label} {self.seats} {sorted(self.options.items())}"
