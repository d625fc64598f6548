"""Notices what an engine may not touch: a state handed in, the global generator, an old ``rng``."""

from __future__ import annotations

import pickle
import random
from copy import deepcopy
from typing import Any

from meeple.engine.rng import GameRandom


class OneCallRandom(GameRandom):
    """A game's generator that complains if it is used after the call it was made for."""

    _over = False

    def close(self) -> None:
        """The call is over."""
        self._over = True

    def random(self) -> float:
        """As `GameRandom`, while the call lasts."""
        self._check()
        return super().random()

    def getrandbits(self, k: int, /) -> int:
        """As `GameRandom`, while the call lasts."""
        self._check()
        return super().getrandbits(k)

    def _check(self) -> None:
        if self._over:
            raise RuntimeError("this generator was for an earlier call; use the rng of this call")


class Snapshot:
    """What a state was like, to notice whether it changes.

    States are compared by value. If they compare by identity, their pickles are compared instead,
    and a value that such a state computes late and keeps counts as a change; an ``__eq__`` mends
    that. Nothing can be said of a state that can be neither compared nor pickled: then only the
    views tell.
    """

    def __init__(self, state: Any) -> None:
        self.state = state
        self._copy: Any = None
        self._pickle: bytes | None = None
        try:
            self._copy = deepcopy(state)
            self._by_value = bool(state == self._copy)
        except Exception:  # noqa: BLE001 - a state may be anything; the docstring says what then
            self._by_value = False
        if not self._by_value:
            self._pickle = _pickled(state)

    def changed(self) -> bool:
        """True if the state is no longer what it was."""
        if self._by_value:
            return bool(self.state != self._copy)
        return self._pickle is not None and _pickled(self.state) != self._pickle


def _pickled(state: Any) -> bytes | None:
    try:
        return pickle.dumps(state)
    except Exception:  # noqa: BLE001 - what cannot be pickled raises what it likes
        return None


def global_chance() -> tuple[Any, ...]:
    """A mark that moves whenever somebody draws from, or seeds, the module ``random``."""
    _, words, gauss = random.getstate()
    return words[0], words[-1], gauss
