"""Chess through `GameEngine` has as many positions as have been published.

The numbers are those of https://www.chessprogramming.org/Perft_Results, positions 1 and 2.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from meeple.engine import GameEngine
from meeple.engine.rules import Rules
from meeple.engines.openspiel import OpenSpiel
from tests.openspiel.test_options import KIWIPETE


def perft(engine: GameEngine[Any, Any], state: Any, depth: int) -> int:
    seats = engine.to_act(state)
    if not seats:
        return 0
    (seat,) = seats
    actions = engine.legal_actions(state, seat) or ()
    if depth == 1:
        return len(actions)
    after = (engine.apply(state, seat, action, Random(0)) for action in actions)
    return sum(perft(engine, one, depth - 1) for one in after)


@pytest.mark.parametrize(
    ("fen", "counts"), [("", (20, 400, 8_902)), (KIWIPETE, (48, 2_039, 97_862))]
)
def test_chess_has_the_published_numbers_of_positions(fen: str, counts: tuple[int, ...]) -> None:
    rules = Rules("chess", OpenSpiel().engine("chess"))
    start = rules.engine.new_game(2, rules.options({"fen": fen}), Random(0))
    assert tuple(perft(rules.engine, start, depth) for depth in (1, 2, 3)) == counts
