from __future__ import annotations

import inspect
from collections import Counter
from functools import cache
from typing import Any

import pytest

from meeple.engine import IllegalAction, Outcome
from meeple.engine.rng import GameRandom
from meeple.engines import tic_tac_toe
from meeple.engines.tic_tac_toe import Board, TicTacToe
from tests.engines.tables import SEED, play, start

ENGINE = TicTacToe()

LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("winner", [0, 1])
def test_three_in_a_row_win(line: tuple[int, ...], winner: int) -> None:
    # The loser plays cells off the line; the second player needs a third of them first.
    others = _no_line_of(winner, line)
    moves = [cell for pair in zip(line, others, strict=False) for cell in pair]
    if winner == 1:
        moves = [cell for pair in zip(others, line, strict=True) for cell in pair]
    before = play(ENGINE, start(ENGINE), moves[: 4 + winner])
    assert ENGINE.outcome(before) is None

    after = play(ENGINE, before, [line[2]])

    assert ENGINE.outcome(after) == Outcome(winners=(winner,), reason="line")
    assert ENGINE.to_act(after) == []


def _no_line_of(winner: int, line: tuple[int, ...]) -> list[int]:
    """Cells for the loser: two or three off the line that make no line themselves."""
    free = [cell for cell in range(9) if cell not in line]
    picks = [(a, b, c) for a in free for b in free for c in free if a < b < c]
    return list(next(three for three in picks if three not in LINES)[: 2 + winner])


def test_a_full_board_without_a_line_is_a_draw() -> None:
    state = play(ENGINE, start(ENGINE), [0, 1, 2, 4, 3, 5, 7, 6, 8])

    assert ENGINE.outcome(state) == Outcome(winners=(), reason="board_full")
    assert ENGINE.to_act(state) == []


def test_a_line_on_the_last_free_cell_wins() -> None:
    state = play(ENGINE, start(ENGINE), [0, 1, 2, 3, 5, 4, 7, 6, 8])

    assert ENGINE.outcome(state) == Outcome(winners=(0,), reason="line")


def test_the_view_is_the_board() -> None:
    state = play(ENGINE, start(ENGINE), [4, 0])
    board = [1, None, None, None, 0, None, None, None, None]

    assert [ENGINE.view(state, viewer) for viewer in (0, 1, None)] == [{"board": board}] * 3


@pytest.mark.parametrize("action", [True, 1.0, "1", None, [1], {"cell": 1}, 4, 9, -1, 10**30])
def test_anything_but_an_empty_cell_is_refused(action: Any) -> None:
    state = play(ENGINE, start(ENGINE), [4])

    with pytest.raises(IllegalAction):
        ENGINE.apply(state, 1, action, GameRandom(SEED, 2))


def test_all_games_there_are_end_as_often_as_is_known() -> None:
    # The well-known figures: 255,168 games over 5,478 positions.
    positions = set()

    @cache
    def endings(state: Board) -> Counter[tuple[int, ...]]:
        positions.add(state)
        outcome = ENGINE.outcome(state)
        if outcome is not None:
            return Counter([outcome.winners])
        (seat,) = ENGINE.to_act(state)
        total: Counter[tuple[int, ...]] = Counter()
        for cell in ENGINE.legal_actions(state, seat):
            total += endings(ENGINE.apply(state, seat, cell, GameRandom(SEED, 1)))
        return total

    assert endings(start(ENGINE)) == {(0,): 131_184, (1,): 77_904, (): 46_080}
    assert len(positions) == 5_478


def test_the_reference_game_fits_on_a_page() -> None:
    assert len(inspect.getsource(tic_tac_toe).splitlines()) <= 40
