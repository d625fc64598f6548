"""The list of all cards for the rules that people read."""

from __future__ import annotations

from collections.abc import Iterator

from meeple.engines.duel.cards import ALL
from meeple.engines.duel.decks import DECKS, READY_MADE, ready_made
from meeple.engines.duel.effects import (
    STRONG_AGAINST,
    CharmCard,
    CreatureCard,
    PlaceCard,
    TrickCard,
)
from meeple.engines.duel.text import attack_text, card_text


def card_list() -> str:
    """Every card and every ready-made deck, in Markdown, for the rules."""
    return "\n".join([*_creature_tables(), *_other_tables(), *_deck_table()])


def _creature_tables() -> Iterator[str]:
    for element in STRONG_AGAINST:
        yield from (f"### {element.capitalize()}", "")
        yield "| Creature | Grows from | HP | Retreat | Points | Attacks [energy needed] |"
        yield "|---|---|---|---|---|---|"
        for one in ALL:
            if isinstance(one, CreatureCard) and one.element == element:
                attacks = "<br>".join(map(attack_text, one.attacks))
                row = (one.name, one.grows_from or "", one.hp, one.retreat, one.prize, attacks)
                yield f"| {' | '.join(map(str, row))} |"
        yield ""


def _other_tables() -> Iterator[str]:
    for title, kind in (("Tricks", TrickCard), ("Charms", CharmCard), ("Places", PlaceCard)):
        yield from (f"### {title}", "", "| Card | What it does |", "|---|---|")
        for one in ALL:
            if isinstance(one, kind):
                yield f"| {one.name} | {card_text(one)} |"
        yield ""


def _deck_table() -> Iterator[str]:
    yield from (
        "### Ready-made decks",
        "",
        "| Deck | What it is like | Its 30 cards |",
        "|---|---|---|",
    )
    for name in READY_MADE:
        names = ready_made(name, 30)
        counts = ", ".join(f"{names.count(one)} {one}" for one in dict.fromkeys(names))
        yield f"| {name} | {DECKS[name]} | {counts} |"
    yield ""
