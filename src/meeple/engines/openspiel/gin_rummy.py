"""Gin rummy dealt anew from what one seat knows.

The library's own resampling shuffles the hidden cards as they lie, so that what is hidden shows in
the deal. Here the game is played again from its beginning, with other cards wherever the seat did
not see them, so the deal depends on what the seat saw and on chance alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

#: The library's numbers of actions: below these a card, above them a meld.
CARDS = 52
UPCARD, PASS, KNOCK = 52, 54, 55
CHANCE = -1
#: Deals to try until one fits what the knocker may have kept.
TRIES = 3000
_KNOCK_CARD = re.compile(r"Knock card: (\d+)")


class _Known(NamedTuple):
    """What a seat knows of the other's cards.

    Attributes:
        slots: where in the history the other got a card that the seat did not see.
        shown: the cards that the other showed later, each with how many slots there were then.
        unseen: the cards that the seat has never seen, in order.
        knocked: where in the history the other knocked; None if it did not.
        laid: whether it has laid all its melds since.
    """

    slots: list[int]
    shown: list[tuple[int, int]]
    unseen: list[int]
    knocked: int | None
    laid: bool


def redeal(spiel: Any, seat: int, rng: Random) -> Any | None:
    """A random state of the library's that ``seat`` cannot tell from this one.

    None while the other lays its melds, which must come out right and are not known yet.
    """
    known = _known(spiel, seat)
    if known.knocked is not None and not known.laid:
        return None
    limit = int(_KNOCK_CARD.findall(spiel.observation_string(seat))[0])
    for _ in range(TRIES):
        kept = rng.sample(known.unseen, len(known.slots) - len(known.shown))
        if known.laid and sum(min(10, card % 13 + 1) for card in kept) > limit:
            continue
        dealt = _replay(spiel, _fill(known, kept, rng), known.knocked)
        if dealt is not None:
            return dealt
    return None


def _known(spiel: Any, seat: int) -> _Known:
    words = {spiel.action_to_string(0, card)[-2:]: card for card in range(CARDS)}
    hand_size = spiel.get_game().get_parameters()["hand_size"]
    slots: list[int] = []
    shown: list[tuple[int, int]] = []
    seen: set[int] = set()
    picked: set[int] = set()  # what the other took from the pile, and still has
    upcard, mover, knocked, laid = CHANCE, CHANCE, None, False
    for at, (player, action) in enumerate(_history(spiel)):
        if player == CHANCE:
            owner = mover if mover != CHANCE else min(at // hand_size, 2)
            if owner == 1 - seat:
                slots.append(at)
                continue
            seen.add(action)
            upcard = action if owner == 2 else upcard
            continue
        turn, mover = player == mover, player
        if player == 1 - seat:
            # At the end of the stock one knocks with the upcard, and does not draw it first.
            if action == UPCARD or (action == KNOCK and not turn):
                picked.add(upcard)
            for card in _cards(spiel, action, words):
                if card in picked:
                    picked.remove(card)
                else:
                    shown.append((card, len(slots)))
                    seen.add(card)
            if action == KNOCK:
                knocked = at
            laid = laid or (action == PASS and knocked is not None)
        if action < CARDS:
            upcard = action
    unseen = [card for card in range(CARDS) if card not in seen]
    return _Known(slots, shown, unseen, knocked, laid)


def _history(spiel: Any) -> list[tuple[int, int]]:
    return [(step.player, step.action) for step in spiel.full_history()]


def _cards(spiel: Any, action: int, words: dict[str, int]) -> Sequence[int]:
    """The cards that an action puts on the table."""
    if action < CARDS:
        return (action,)
    if action <= KNOCK:
        return ()
    meld = spiel.action_to_string(0, action).rpartition(" ")[2]
    return [words[meld[at : at + 2]] for at in range(0, len(meld), 2)]


def _fill(known: _Known, kept: list[int], rng: Random) -> dict[int, int]:
    """A card for each slot: what was shown later came into a slot before; the rest is ``kept``."""
    free = list(known.slots)
    filled: dict[int, int] = {}
    late = len(free)
    for card, before in known.shown:  # in the order of time, so each choice leaves room for all
        filled[free.pop(rng.randrange(before - (late - len(free))))] = card
    return filled | dict(zip(free, kept, strict=True))


def _replay(spiel: Any, filled: dict[int, int], knocked: int | None) -> Any | None:
    """The game with other cards; None if the other could not have knocked with them."""
    again = spiel.get_game().new_initial_state()
    for at, (_, action) in enumerate(_history(spiel)):
        # All else that was legal once is legal with whatever cards.
        if knocked is not None and at >= knocked and action not in again.legal_actions():
            return None
        again.apply_action(filled.get(at, action))
    return again
