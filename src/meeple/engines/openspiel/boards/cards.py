"""Tables of cards, read from what the library shows one seat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from meeple.engine.base import JSON
from meeple.engines.openspiel.boards.base import Board

SUITS = {"s": "♠", "h": "♥", "d": "♦", "c": "♣"}
#: A card as some games print it, and as others do.
RANK_SUIT = re.compile(r"(?P<rank>[2-9TJQKA])(?P<suit>[SHDCshdc])")
SUIT_RANK = re.compile(r"(?P<suit>[SHDC])(?P<rank>[2-9TJQKA])")

Card = dict[str, JSON]
Zone = dict[str, JSON]
Table = dict[str, JSON]


def card(rank: str, suit: str) -> Card:
    """One card, such as ``{"id": "Th", "name": "10♥"}``."""
    name = ("10" if rank == "T" else rank) + SUITS[suit.lower()]
    return {"id": rank + suit.lower(), "name": name}


def cards(text: str, printed: re.Pattern[str] = RANK_SUIT) -> list[Card]:
    """Every card that is printed in a text."""
    return [card(found["rank"], found["suit"]) for found in printed.finditer(text)]


def zone(name: str, seat: int | None, layout: str, held: Iterable[Card | None]) -> Zone:
    """A place for cards; None is one whose back is up."""
    listed = list(held)
    return {"name": name, "seat": seat, "layout": layout, "cards": listed, "count": len(listed)}


def table(zones: Sequence[Zone], **aside: JSON) -> Table:
    """A table of zones; ``aside`` is what is no card."""
    return {"kind": "cards", "zones": list(zones), **({"aside": aside} if aside else {})}


def seen_targets(board: Table, named: Iterable[Card]) -> list[str]:
    """The ids of those cards that the viewer sees on the table."""
    seen = {one["id"] for place in board["zones"] for one in place["cards"] if one is not None}
    return [one["id"] for one in named if one["id"] in seen]


_WHIST_HAND = re.compile(r"^([SHDC]) ([2-9TJQKA]+)$", re.MULTILINE)
_WHIST_TRICKS = re.compile(r"^N  E  S  W  N  E  S *\n((?: *\S.*(?:\n|$))+)", re.MULTILINE)


class Whist(NamedTuple):
    """Games of tricks for four, printed like a newspaper's bridge column: hearts, spades.

    Attributes:
        printed: how a card is printed in a trick and in an action.
    """

    printed: re.Pattern[str]

    def draw(self, text: str, seat: int | None) -> Table | None:
        """The own hand, the backs of the others', and the trick on the table."""
        if seat is None:
            return None
        hand = [card(rank, suit) for suit, ranks in _WHIST_HAND.findall(text) for rank in ranks]
        found = _WHIST_TRICKS.search(text)
        tricks = [self._trick(line) for line in found[1].splitlines()] if found else []
        played = [
            sum(one["seat"] == other for trick in tricks for one in trick) for other in range(4)
        ]
        over = played == [13] * 4
        hidden = [[None] * (13 - count) for count in played]
        zones = [
            zone("hand", other, "fan", hand if other == seat and not over else hidden[other])
            for other in range(4)
        ]
        return table([*zones, zone("trick", None, "row", tricks[-1] if tricks else [])])

    def targets(self, board: Table, word: str, number: int, spiel: Any) -> list[str]:
        """The card that is passed or played."""
        return seen_targets(board, cards(word, self.printed))

    def _trick(self, line: str) -> list[Card]:
        leader = (len(line) - len(line.lstrip())) // 3
        played = cards(line, self.printed)
        return [{**one, "seat": (leader + turn) % 4} for turn, one in enumerate(played)]


class GinRummy:
    """Gin rummy: two hands, the stock, the upcard, the discards and what lies on the table."""

    _FIELDS = re.compile(r"Stock size: (\d+)  Upcard: (\S+)\nDiscard pile: (.*)\n")
    _SEAT = re.compile(r"^Player(\d):.*\n((?:(?!\+-).*\n)*)\+-+\+\n((?:\|.*\n)+)", re.MULTILINE)

    def draw(self, text: str, seat: int | None) -> Table | None:
        """The table; of the other hand only how many cards it holds."""
        found = self._FIELDS.search(text)
        if found is None:
            return None
        stock, up, discards = int(found[1]), cards(found[2]), cards(found[3])
        shown = [
            (int(one), cards(laid), cards(rows)) for one, laid, rows in self._SEAT.findall(text)
        ]
        zones = [zone("melds", one, "row", laid) for one, laid, _ in shown if laid]
        if seat is not None:
            open_cards = sum(len(laid) + len(hand) for _, laid, hand in shown)
            hidden = 52 - stock - len(up) - len(discards) - open_cards
            zones += [
                zone("hand", one, "fan", hand if one == seat else [None] * hidden)
                for one, _, hand in shown
            ]
        return table(
            [
                *zones,
                zone("stock", None, "pile", [None] * stock),
                zone("upcard", None, "pile", up),
                zone("discards", None, "row", discards),
            ]
        )

    def targets(self, board: Table, word: str, number: int, spiel: Any) -> list[str]:
        """The cards that are discarded or laid down, or the upcard that is taken."""
        action = word.rpartition(": ")[2]
        if action == "Draw upcard":
            upcard = next(place for place in board["zones"] if place["name"] == "upcard")
            return [one["id"] for one in upcard["cards"]]
        return seen_targets(board, cards(action))


class CrazyEights:
    """Crazy eights: the own hand, the backs of the others', and the card to follow."""

    _SUIT = re.compile(r"^Suit ([CDHS]): (.*)$", re.MULTILINE)
    _OTHERS = re.compile(r"other players have: (.*) cards")
    _PREVIOUS = re.compile(r"^Previous card: (\S+)$", re.MULTILINE)
    _NOMINATED = re.compile(r"^Previous suit: (\S)$", re.MULTILINE)

    def draw(self, text: str, seat: int | None) -> Table | None:
        """The table, seats in the order in which they play."""
        counts, previous, suit = (
            pattern.search(text) for pattern in (self._OTHERS, self._PREVIOUS, self._NOMINATED)
        )
        if seat is None or counts is None or previous is None or suit is None:
            return None
        sizes = [int(count) for count in counts[1].split(", ")]
        hands = [
            zone("hand", (seat + turn) % len(sizes), "fan", [None] * size)
            for turn, size in enumerate(sizes)
        ]
        hands[0] = zone("hand", seat, "fan", self._hand(text))
        pile = zone("pile", None, "pile", cards(previous[1], SUIT_RANK))
        return table([*hands, pile], suit=SUITS[suit[1].lower()])

    def targets(self, board: Table, word: str, number: int, spiel: Any) -> list[str]:
        """The card that is played."""
        return seen_targets(board, cards(word, SUIT_RANK)) if word.startswith("Play") else []

    def _hand(self, text: str) -> list[Card]:
        held: list[Card] = []
        for suit, ranks in self._SUIT.findall(text):
            for rank in ranks.replace(" ", ""):
                one = card(rank, suit)
                # With two packs a card may be there twice; an id is not.
                copies = sum(other["name"] == one["name"] for other in held)
                held.append({**one, "id": f"{one['id']}#{copies + 1}"} if copies else one)
        return held


class Leduc:
    """Leduc poker: one card each, and one for all."""

    _FIELDS = re.compile(r"\[(\w+): ?([^\]]*)\]")
    #: The ranks in play are the highest of these, one more than there are players.
    _RANKS = "3456789TJQK"

    def draw(self, text: str, seat: int | None) -> Table | None:
        """The table; pot and money aside."""
        fields = dict(self._FIELDS.findall(text))
        money = [float(one) for one in fields["Money"].split()]
        private = self._card(fields.get("Private"), len(money))
        hands = [
            zone("hand", other, "fan", private if other == seat else [None])
            for other in range(len(money))
        ]
        public = zone("public", None, "row", self._card(fields.get("Public"), len(money)))
        return table([*hands, public], pot=float(fields["Pot"]), money=money)

    def targets(self, board: Table, word: str, number: int, spiel: Any) -> list[str]:
        """None: nobody plays a card."""
        return []

    def _card(self, number: str | None, players: int) -> list[Card]:
        if number is None or int(number) < 0:
            return []
        rank, suit = divmod(int(number), 2)
        return [card(self._RANKS[-players - 1 :][rank], "sh"[suit])]


class Poker:
    """Universal poker: hole cards, board cards."""

    _FIELDS = re.compile(r"\[(\w+): ?([^\]]*)\]")

    def draw(self, text: str, seat: int | None) -> Table | None:
        """The table; pot and money aside."""
        if seat is None:
            return None
        fields = dict(self._FIELDS.findall(text))
        private, money = cards(fields["Private"]), [int(one) for one in fields["Money"].split()]
        hands = [
            zone("hand", other, "fan", private if other == seat else [None] * len(private))
            for other in range(len(money))
        ]
        public = zone("board", None, "row", cards(fields["Public"]))
        return table([*hands, public], pot=int(fields["Pot"]), money=money)

    def targets(self, board: Table, word: str, number: int, spiel: Any) -> list[str]:
        """None: nobody plays a card."""
        return []


CARDS: Mapping[str, Board] = {
    "crazy_eights": CrazyEights(),
    "gin_rummy": GinRummy(),
    "hearts": Whist(RANK_SUIT),
    "leduc_poker": Leduc(),
    "spades": Whist(SUIT_RANK),
    "universal_poker": Poker(),
}
