"""Views of boards and cards for a page to draw, made of the text that a viewer may see.

docs/views.md says what they hold. They are made of the viewer's own text and of nothing else, so
they cannot show what the text hides.
"""

from __future__ import annotations

from collections.abc import Mapping

from meeple.engines.openspiel.boards.backgammon import Backgammon
from meeple.engines.openspiel.boards.base import Board
from meeple.engines.openspiel.boards.cards import CARDS
from meeple.engines.openspiel.boards.fen import FENS
from meeple.engines.openspiel.boards.grid import GRIDS

BOARDS: Mapping[str, Board] = {**GRIDS, **FENS, **CARDS, "backgammon": Backgammon()}

__all__ = ["BOARDS", "Board"]
