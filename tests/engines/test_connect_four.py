from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meeple.engine import IllegalAction, Outcome
from meeple.engine.rng import GameRandom
from meeple.engines.connect_four import ConnectFour, State
from tests.engines.tables import SEED, draw, play, start

ENGINE = ConnectFour()

#: 42 moves that fill the board without a line of four.
FULL_BOARD = [0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 2, 3, 2, 3, 3, 2, 3, 2, 2, 3, 2, 3]
FULL_BOARD += [4, 5, 4, 5, 5, 4, 5, 4, 4, 5, 4, 5, 6, 6, 6, 6, 6, 6]


@pytest.mark.parametrize(
    ("moves", "winner"),
    [
        pytest.param([3, 0, 3, 0, 3, 0, 3], 0, id="upright"),
        pytest.param([0, 1, 0, 1, 0, 1, 2, 1], 1, id="upright, second player"),
        pytest.param([0, 0, 1, 1, 2, 2, 3], 0, id="level, at the left edge"),
        pytest.param([6, 6, 5, 5, 4, 4, 3], 0, id="level, at the right edge"),
        pytest.param([0, 0, 1, 1, 3, 3, 2], 0, id="level, the gap filled last"),
        pytest.param([0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3], 0, id="rising"),
        pytest.param([6, 5, 5, 4, 4, 3, 4, 3, 3, 0, 3], 0, id="falling"),
        pytest.param([1, 1, 2, 2, 3, 3, 6, 0, 4], 0, id="level, not at an edge"),
    ],
)
def test_four_in_a_row_win(moves: list[int], winner: int) -> None:
    before = play(ENGINE, start(ENGINE), moves[:-1])
    assert ENGINE.outcome(before) is None

    after = play(ENGINE, before, moves[-1:])

    assert ENGINE.outcome(after) == Outcome(winners=(winner,), reason="line")
    assert ENGINE.to_act(after) == []


def test_a_line_does_not_run_on_from_one_edge_to_the_other() -> None:
    state = play(ENGINE, start(ENGINE), [0, 0, 1, 1, 6, 6, 5])

    assert ENGINE.outcome(state) is None


def test_a_full_board_without_a_line_is_a_draw() -> None:
    before = play(ENGINE, start(ENGINE), FULL_BOARD[:-1])
    assert ENGINE.outcome(before) is None

    after = play(ENGINE, before, FULL_BOARD[-1:])

    assert ENGINE.outcome(after) == Outcome(winners=(), reason="board_full")


def test_a_full_column_takes_no_more() -> None:
    state = play(ENGINE, start(ENGINE), [2] * 6)

    assert ENGINE.legal_actions(state, 0) == [0, 1, 3, 4, 5, 6]
    with pytest.raises(IllegalAction):
        ENGINE.apply(state, 0, 2, GameRandom(SEED, 7))


@pytest.mark.parametrize("action", [True, 1.0, "1", None, [1], {"column": 1}, 7, -1, 10**30])
def test_anything_but_a_column_is_refused(action: Any) -> None:
    with pytest.raises(IllegalAction):
        ENGINE.apply(start(ENGINE), 0, action, GameRandom(SEED, 1))


def test_the_view_has_the_rows_from_the_top_and_the_last_disc() -> None:
    empty = start(ENGINE)
    assert ENGINE.view(empty, 0) == {"grid": [[None] * 7] * 6, "last": None}

    view = ENGINE.view(play(ENGINE, empty, [3, 3, 0]), None)

    assert view["grid"][5] == [0, None, None, 0, None, None, None]
    assert view["grid"][4] == [None, None, None, 1, None, None, None]
    assert view["grid"][:4] == [[None] * 7] * 4
    assert view["last"] == {"row": 5, "column": 0}


def test_there_are_as_many_positions_as_is_known() -> None:
    # Distinct positions after n moves: OEIS A212693.
    positions = {start(ENGINE)}
    for known in (7, 49, 238, 1120, 4263):
        positions = {
            ENGINE.apply(state, seat, column, GameRandom(SEED, 1))._replace(last=None)
            for state in positions
            for seat in [sum(map(len, state.columns)) % 2]
            for column in range(7)
            if len(state.columns[column]) < 6
        }
        assert len(positions) == known


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_in_every_game_the_last_mover_wins_or_the_board_is_full(data: st.DataObject) -> None:
    state: State = start(ENGINE)
    for number in range(42):
        assert ENGINE.to_act(state) == [number % 2]
        state = draw(data, ENGINE, state)
        discs = [cell for row in ENGINE.view(state, 0)["grid"] for cell in row if cell is not None]
        assert sorted(discs) == sorted(turn % 2 for turn in range(number + 1))
        outcome = ENGINE.outcome(state)
        if outcome is not None:
            assert outcome.winners == ((number % 2,) if outcome.reason == "line" else ())
            assert outcome.reason == "line" or number == 41
            return
    pytest.fail("42 moves fill the board")
