"""A game's whole way, folded entry by entry and kept: an author steps through it at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from time import perf_counter

from meeple.engine.game import Step, fold_all
from meeple.engine.log import Entry, GameStatus
from meeple.engine.rules import Rules
from meeple.errors import MeepleError

#: Games whose way is kept.
KEPT = 4


class History:
    """Every entry of a game with the game after it, as far as its rules can fold it.

    Attributes:
        entries: the log.
        steps: its folded part.
        micros: how long each fold took, in microseconds.
        error: why the rest cannot be folded; None if all of it was.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.entries: list[Entry] = []
        self.steps: list[Step] = []
        self.micros: list[float] = []
        self.error: MeepleError | None = None

    def extend(self, entries: Iterable[Entry], limit: AbstractContextManager[None]) -> None:
        """Fold what is new in the log; what was read twice is passed over."""
        for entry in entries:
            if entry.seq != len(self.entries):
                continue
            self.entries.append(entry)
            if self.error is None:
                self._fold(entry, limit)

    def _fold(self, entry: Entry, limit: AbstractContextManager[None]) -> None:
        game = self.steps[-1].game if self.steps else None
        started = perf_counter()
        try:
            with limit:
                [step] = fold_all([entry], lambda _: self.rules, game)
        except MeepleError as error:
            self.error = error
            return
        self.micros.append(round((perf_counter() - started) * 1e6, 1))
        self.steps.append(step)

    def settled(self, seq: int) -> int:
        """``seq``, or that of the entry with which what ``seq`` began is at its end.

        Nobody can act between, say, a resignation and the end of the game that comes of it.
        """
        while seq + 1 < len(self.steps):
            game = self.steps[seq].game
            if game.status is not GameStatus.LIVE or game.to_act:
                break
            seq += 1
        return seq


class Histories:
    """The ways of the games that were looked into last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, History] = OrderedDict()

    def find(self, game_id: str, rules: Rules) -> History | None:
        """What is kept of that game, if it was folded by these rules."""
        known = self._kept.get(game_id)
        if known is None or known.rules is not rules:
            return None
        self._kept.move_to_end(game_id)
        return known

    def add(self, game_id: str, history: History) -> None:
        """Keep it, in place of what was looked into longest ago."""
        self._kept[game_id] = history
        self._kept.move_to_end(game_id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
