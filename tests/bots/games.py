"""Small games in which it shows what a bot knows and how it thinks."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from meeple.engine import IllegalAction, Outcome
from meeple.engines.tic_tac_toe import TicTacToe


class GuessTheCard:
    """One card of five lies face down; name it."""

    seats = range(1, 2)

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Any:
        return (rng.randrange(5), None)

    def to_act(self, state: Any) -> list[int]:
        return [0] if state[1] is None else []

    def legal_actions(self, state: Any, seat: int) -> list[int] | None:
        return list(range(5))

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        return (state[0], action)

    def view(self, state: Any, seat: int | None) -> Any:
        return {"guess": state[1]}

    def outcome(self, state: Any) -> Outcome | None:
        if state[1] is None:
            return None
        return Outcome((0,) if state[0] == state[1] else (), "guess")

    def redeal(self, state: Any, seat: int | None, rng: Random) -> Any:
        return (rng.randrange(5), state[1])


class PenniesOrLottery:
    """Both show a side at once: seat 0 wins if they are the same. Or it draws one lot of four."""

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Any:
        return (None, None, None)

    def to_act(self, state: Any) -> list[int]:
        return [seat for seat in (0, 1) if state[seat] is None]

    def legal_actions(self, state: Any, seat: int) -> list[str]:
        return ["heads", "tails", "lottery"] if seat == 0 else ["heads", "tails"]

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if action not in self.legal_actions(state, seat):
            raise IllegalAction
        lot = rng.randrange(4) if action == "lottery" else state[2]
        return (action, state[1], lot) if seat == 0 else (state[0], action, lot)

    def view(self, state: Any, seat: int | None) -> Any:
        return None if seat is None else state[seat]

    def outcome(self, state: Any) -> Outcome | None:
        if self.to_act(state):
            return None
        won = state[2] == 0 if state[0] == "lottery" else state[0] == state[1]
        return Outcome((0,) if won else (1,), "shown")

    def redeal(self, state: Any, seat: int | None, rng: Random) -> Any:
        shown = [
            side if side is None or other == seat else rng.choice(["heads", "tails"])
            for other, side in enumerate(state[:2])
        ]
        return (*shown, rng.randrange(4))


class NameAMultiple:
    """Name a number: a multiple of four wins. There are too many to list."""

    perfect_information = True

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Any:
        return None

    def to_act(self, state: Any) -> list[int]:
        return [1] if state is None else []

    def legal_actions(self, state: Any, seat: int) -> None:
        return None

    def sample_action(self, state: Any, seat: int, rng: Random) -> Any:
        return ["number", rng.randrange(1_000)]

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if not isinstance(action, list) or type(action[1]) is not int:
            raise IllegalAction
        return action[1]

    def view(self, state: Any, seat: int | None) -> Any:
        return state

    def outcome(self, state: Any) -> Outcome | None:
        return None if state is None else Outcome((int(state % 4 == 0),), "named")


class TakePairs(NameAMultiple):
    """The same with a few numbers, listed as tuples where lists come back."""

    def legal_actions(self, state: Any, seat: int) -> Any:
        return [("number", number) for number in (1, 2, 8, 9)]


class Snap(PenniesOrLottery):
    """Whoever is first to act ends the game; a snap wins."""

    def to_act(self, state: Any) -> list[int]:
        return [0, 1] if state[:2] == (None, None) else []

    def legal_actions(self, state: Any, seat: int) -> list[str]:
        return ["wait", "snap"]

    def outcome(self, state: Any) -> Outcome | None:
        if self.to_act(state):
            return None
        seat = 0 if state[0] else 1
        return Outcome((seat,) if state[seat] == "snap" else (1 - seat,), "snap")


class BringsABot(NameAMultiple):
    """A game that brings its own bot."""

    def choose_action(self, state: Any, seat: int, iterations: int, rng: Random) -> Any:
        return ["number", iterations * 4]


class OtherTicTacToe(TicTacToe):
    """Its board is shown in another way."""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"cells": list(state)}
