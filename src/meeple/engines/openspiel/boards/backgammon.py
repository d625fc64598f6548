"""The board of backgammon: two rows of twelve points, read from the library's drawing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from meeple.engine.base import JSON
from meeple.engines.openspiel.boards.base import Cell, grid, piece

_ROW = re.compile(r"\|([.xo\d]{6})\|([.xo\d]{6})\|")
#: A die that has been played is printed with a u.
_DICE = re.compile(r"^Dice: ((?:\du?)*)$", re.MULTILINE)
_UNPLAYED = re.compile(r"\d(?!u)")
_BAR = re.compile(r"^Bar: ?(x*)(o*)$", re.MULTILINE)
_SCORES = re.compile(r"^Scores, X: (\d+), O: (\d+)$", re.MULTILINE)


class Backgammon:
    """The points 13 to 24 from the left, and below them 12 to 1; ``count`` checkers on each.

    Aside: ``dice`` that are still to be played, and by seat the checkers on the ``bar`` and ``off``
    the board.
    """

    def draw(self, text: str, seat: int | None) -> dict[str, JSON] | None:
        """The board, as `Board` says."""
        lines = ["".join(found) for found in _ROW.findall(text)]
        top = [_point("".join(column)) for column in zip(*lines[:5], strict=True)]
        bottom = [_point("".join(column)) for column in zip(*lines[5:], strict=True)]
        board = grid([top, bottom])
        dice, bar, scores = _DICE.search(text), _BAR.search(text), _SCORES.search(text)
        assert dice is not None
        assert bar is not None
        assert scores is not None
        board["aside"] = {
            "dice": [int(die) for die in _UNPLAYED.findall(dice[1])],
            "bar": [len(bar[1]), len(bar[2])],
            "off": [int(scores[1]), int(scores[2])],
        }
        return board

    def targets(
        self, board: dict[str, JSON], word: str, number: int, spiel: Any
    ) -> Sequence[int | str]:
        """None: one action moves several checkers."""
        return ()


def _point(column: str) -> Cell | None:
    """One point, of what is printed in its column; beyond five a number says how many."""
    signs = [sign for sign in column if sign in "xo"]
    if not signs:
        return None
    printed = "".join(sign for sign in column if sign.isdigit())
    count = int(printed) if printed else len(signs)
    return {**piece("checker", 0 if signs[0] == "x" else 1), "count": count}
