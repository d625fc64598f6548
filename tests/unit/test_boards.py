from __future__ import annotations

from typing import Any

import pytest

from meeple.cli import boards

NAMES = ["you", "Ben"]


def card(number: int, name: str, **more: str) -> dict[str, Any]:
    return {"id": number, "name": name, **more}


def zone(name: str, seat: int | None, layout: str, cards: list[Any], count: int) -> dict[str, Any]:
    return {"name": name, "seat": seat, "layout": layout, "cards": cards, "count": count}


def test_cards_are_drawn_zone_by_zone() -> None:
    seven = card(7, "Seven", note="red", text="Draw two.")
    zones = [
        zone("hand", 1, "fan", [None, None], 2),
        zone("deck", 1, "pile", [], 20),
        zone("table", None, "row", [seven, None, card(3, "Three")], 3),
        zone("discard", 0, "pile", [card(4, "Four"), card(5, "Five")], 2),
        zone("hand", 0, "fan", [], 0),
    ]
    assert boards.lines({"kind": "cards", "zones": zones}, NAMES) == [
        "Ben's hand: 2 cards, face down",
        "Ben's deck: 20 cards, face down",
        "Table:",
        "  Seven (red) – Draw two.",
        "  (face down)",
        "  Three",
        "Your discard: 2 cards, Five on top",
    ]


def test_a_table_on_which_nothing_lies_is_drawn_with_no_line() -> None:
    zones = [zone("hand", 0, "fan", [], 0)]
    assert boards.lines({"kind": "cards", "zones": zones}, NAMES) == []


def test_a_grid_is_drawn_row_by_row_with_its_labels() -> None:
    king = {"piece": "K", "seat": 0}
    board = {"kind": "grid", "rows": 2, "columns": 2, "shape": "square"}
    labels = {"rows": [10, 9], "columns": ["a", "b"]}
    cells = [None, king, None, None]
    assert boards.lines({**board, "cells": cells, "labels": labels}, NAMES) == [
        "     a b",
        "  10 . K",
        "   9 . .",
    ]
    assert boards.lines({**board, "cells": cells}, NAMES) == ["  . K", "  . ."]


def test_a_grid_of_hexes_is_slanted() -> None:
    cells: list[Any] = [None] * 4
    board = {"kind": "grid", "rows": 2, "columns": 2, "shape": "hex", "cells": cells}
    assert boards.lines(board, NAMES) == ["  . .", "   . ."]


@pytest.mark.parametrize("board", [None, [0, None], {}, {"kind": "map"}, {"kind": "cards"}])
def test_what_is_no_board_that_is_known_is_not_drawn(board: Any) -> None:
    assert boards.lines(board, NAMES) is None
