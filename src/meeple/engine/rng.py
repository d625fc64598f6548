"""Randomness that replays: a generator that is a function of a secret seed and an entry's seq."""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from typing import Any, NoReturn

#: Bytes of a game's secret seed.
SEED_BYTES = 32


class GameRandom(Random):
    """The chance of one log entry: BLAKE2b, keyed with the game's seed, in counter mode.

    Same seed and seq, same draws, on every node and every version of Python; nobody without the
    seed can foretell them. It costs nothing until the first draw. ``random.Random`` supplies the
    distributions (``shuffle``, ``choice``, ``randint``, …) on top of the two methods below, which
    is the documented way to give it another source.
    """

    def __init__(self, seed: bytes, seq: int) -> None:
        # No super().__init__: the inherited Mersenne Twister is never used, so it gets no seed.
        self.gauss_next = None
        self._key = seed
        self._prefix = seq.to_bytes(8, "big")
        self._block = 0
        self._pool = b""

    def _take(self, count: int) -> bytes:
        while len(self._pool) < count:
            message = self._prefix + self._block.to_bytes(8, "big")
            self._pool += blake2b(message, key=self._key).digest()
            self._block += 1
        taken, self._pool = self._pool[:count], self._pool[count:]
        return taken

    def random(self) -> float:
        """A float in [0, 1) with 53 random bits."""
        return (int.from_bytes(self._take(7), "big") >> 3) * 2.0**-53

    def getrandbits(self, k: int, /) -> int:
        """A non-negative integer of ``k`` random bits."""
        if k < 0:
            raise ValueError("number of bits must be non-negative")
        count = (k + 7) // 8
        return int.from_bytes(self._take(count), "big") >> (count * 8 - k)

    def seed(self, *args: Any, **kwargs: Any) -> None:
        """Has no effect: the seed is the game's."""

    def getstate(self) -> NoReturn:
        """Not available: an engine may not keep a generator."""
        raise NotImplementedError("a game's generator cannot be saved")

    def setstate(self, state: Any) -> NoReturn:
        """Not available: an engine may not keep a generator."""
        raise NotImplementedError("a game's generator cannot be restored")
