"""Draws the ``board`` of a view, of whatever game, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import field

from meeple.engine.base import JSON


class _Card(msgspec.Struct):
    name: str
    note: str = ""
    text: str = ""


class _Zone(msgspec.Struct):
    name: str
    cards: list[_Card | None]
    count: int
    seat: int | None = None
    layout: str = "row"


class _Cards(msgspec.Struct, tag_field="kind", tag="cards"):
    zones: list[_Zone]


class _Cell(msgspec.Struct):
    piece: str


class _Labels(msgspec.Struct):
    rows: list[Any] = field(default_factory=list)
    columns: list[Any] = field(default_factory=list)


class _Grid(msgspec.Struct, tag_field="kind", tag="grid"):
    columns: int
    cells: list[_Cell | None]
    shape: str = "square"
    labels: _Labels = field(default_factory=_Labels)


def lines(board: JSON, names: Sequence[str]) -> list[str] | None:
    """The board in text; None if it is of no kind that is known here.

    ``names`` says what to call each seat; the viewer's own one is "you".
    """
    try:
        known = msgspec.convert(board, _Cards | _Grid)
    except msgspec.ValidationError:
        return None
    if isinstance(known, _Grid):
        return list(_grid(known))
    return [line for zone in known.zones for line in _zone(zone, names)]


def _zone(zone: _Zone, names: Sequence[str]) -> Iterator[str]:
    name = zone.name if zone.seat is None else f"{_whose(names[zone.seat])} {zone.name}"
    title = name[:1].upper() + name[1:]
    shown = [card for card in zone.cards if card is not None]
    if not zone.count:
        return
    if not shown:
        yield f"{title}: {_count(zone.count)}, face down"
    elif zone.layout == "pile":
        yield f"{title}: {_count(zone.count)}, {shown[-1].name} on top"
    else:
        yield f"{title}:"
        yield from (f"  {_card(card)}" for card in zone.cards)


def _whose(name: str) -> str:
    return "your" if name == "you" else f"{name}'s"


def _count(number: int) -> str:
    return "1 card" if number == 1 else f"{number} cards"


def _card(card: _Card | None) -> str:
    if card is None:
        return "(face down)"
    note = f" ({card.note})" if card.note else ""
    text = f" – {card.text}" if card.text else ""
    return f"{card.name}{note}{text}"


def _grid(board: _Grid) -> Iterator[str]:
    cells = ["." if cell is None else cell.piece for cell in board.cells]
    above = [str(label) for label in board.labels.columns]
    beside = [str(label) for label in board.labels.rows]
    width = max(map(len, [*cells, *above]), default=1)
    margin = max(map(len, beside), default=0)
    if above:
        yield _row("", above, margin, width)
    for row, start in enumerate(range(0, len(cells), max(1, board.columns))):
        # Each row of hexes is half a cell further to the right.
        shift = " " * (row * (width + 1) // 2) if board.shape == "hex" else ""
        label = beside[row] if row < len(beside) else ""
        yield shift + _row(label, cells[start : start + board.columns], margin, width)


def _row(label: str, cells: Sequence[str], margin: int, width: int) -> str:
    padded = " ".join(cell.rjust(width) for cell in cells)
    return f"  {label.rjust(margin)}{' ' if margin else ''}{padded}"
