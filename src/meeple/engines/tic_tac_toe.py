"""Tic-tac-toe: the shortest whole game, and the one to read first."""

# ruff: noqa: D102  (GameEngine says what each method is for)
from collections.abc import Mapping
from random import Random
from typing import Any

from meeple.engine import IllegalAction, Outcome

Board = tuple[int | None, ...]  # nine cells, row by row: the seat whose mark it bears, or None
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))


class TicTacToe:
    """Three in a row on a board of three by three wins."""

    perfect_information = takebacks = True

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Board:
        return (None,) * 9

    def to_act(self, state: Board) -> list[int]:
        return [] if self.outcome(state) else [(9 - state.count(None)) % 2]

    def legal_actions(self, state: Board, seat: int) -> list[int]:
        return [cell for cell in range(9) if state[cell] is None]

    def apply(self, state: Board, seat: int, action: Any, rng: Random) -> Board:
        if type(action) is not int or not 0 <= action < 9 or state[action] is not None:
            raise IllegalAction("Choose an empty cell, 0 to 8.")
        return (*state[:action], seat, *state[action + 1 :])

    def view(self, state: Board, seat: int | None) -> dict[str, Any]:
        return {"board": list(state)}

    def outcome(self, state: Board) -> Outcome | None:
        for a, b, c in LINES:
            if (mark := state[a]) is not None and mark == state[b] == state[c]:
                return Outcome(winners=(mark,), reason="line")
        return None if None in state else Outcome(winners=(), reason="board_full")
