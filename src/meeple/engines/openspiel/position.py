"""A state of OpenSpiel's as a value: nothing changes it, and it can be compared and copied."""

from __future__ import annotations

from collections import Counter
from typing import Any

from meeple.engine.base import JSON, IllegalAction
from meeple.engines.openspiel.start import copy_of


class Position:
    """A state of the library's that is never changed, and what the library does not keep itself.

    Attributes:
        spiel: the library's state; to go on, copy it.
        pending: at a simultaneous node each seat's action so far, by number; else empty.
        turn: how many actions have been played.
        last: the cells of the last action, where everybody may see them and there is a board.
        memo: what was computed of this position; holds nothing that is not derived.
    """

    __slots__ = ("last", "memo", "pending", "spiel", "turn")

    def __init__(
        self,
        spiel: Any,
        pending: tuple[int | None, ...] = (),
        turn: int = 0,
        last: tuple[int | str, ...] = (),
    ) -> None:
        self.spiel = spiel
        self.pending = pending
        self.turn = turn
        self.last = last
        self.memo: dict[Any, Any] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Position):
            return NotImplemented
        mine, theirs = self.spiel, other.spiel
        same = (self.pending, self.turn, self.last) == (other.pending, other.turn, other.last)
        return same and bool(mine.history() == theirs.history() and str(mine) == str(theirs))

    __hash__ = None  # type: ignore[assignment]

    def __deepcopy__(self, memo: dict[int, Any]) -> Position:
        return Position(copy_of(self.spiel), self.pending, self.turn, self.last)

    def numbers(self, seat: int) -> list[int]:
        """The numbers of the seat's legal actions; empty if it is not to act."""
        key = ("numbers", seat)
        if key not in self.memo:
            self.memo[key] = list(self.spiel.legal_actions(seat)) if self._awaits(seat) else []
        numbers: list[int] = self.memo[key]
        return numbers

    def words(self, seat: int) -> dict[str, int]:
        """The seat's legal actions: each as the library prints it, with its number."""
        key = ("words", seat)
        if key not in self.memo:
            self.memo[key] = self._words(seat)
        words: dict[str, int] = self.memo[key]
        return words

    def number(self, seat: int, action: JSON) -> int:
        """The number of a legal action that is given as a word or a number.

        Raises:
            IllegalAction: it is neither.
        """
        if type(action) is str and action in self.words(seat):
            return self.words(seat)[action]
        # True equals 1 in Python, so the type is asked for as well.
        if type(action) is int and action in self.numbers(seat):
            return action
        raise IllegalAction("That is not among the legal actions.")

    def _awaits(self, seat: int) -> bool:
        if self.spiel.is_simultaneous_node():
            return not self.pending or self.pending[seat] is None
        return bool(self.spiel.current_player() == seat)

    def _words(self, seat: int) -> dict[str, int]:
        numbers = self.numbers(seat)
        printed = [self.spiel.action_to_string(seat, number) for number in numbers]
        times = Counter(printed)
        # A word for two actions names neither of them; with their numbers the words do.
        return {
            word if times[word] == 1 else f"{word} #{number}": number
            for word, number in zip(printed, numbers, strict=True)
        }
