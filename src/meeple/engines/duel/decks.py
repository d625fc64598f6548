"""The ready-made decks, and what makes a list of cards a deck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from meeple.engine import IllegalAction
from meeple.engines.duel.cards import ALL, CARDS
from meeple.engines.duel.effects import Card, CreatureCard

#: Copies of one card in a deck, at most.
COPIES = 3
#: Basic creatures in a deck, at least: without one nobody can begin.
BASICS = 6

#: A ready-made deck names its cards in the order in which they matter: a game with decks of thirty
#: plays the first thirty.
READY_MADE: dict[str, tuple[tuple[str, int], ...]] = {
    "hearth": (
        ("Sootling", 3),
        ("Cinder Cat", 3),
        ("Kettle Imp", 2),
        ("Biscuit Tin", 3),
        ("Match Sprite", 2),
        ("Chimney Lion", 2),
        ("Copper Ogre", 2),
        ("Toast Hound", 2),
        ("Warm Stove", 2),
        ("Sewing Needle", 2),
        ("Honey Spoon", 2),
        ("Back Stairs", 1),
        ("Keyhole", 2),
        ("Lost and Found", 1),
        ("Cat in the Pantry", 1),
        ("Poker Knight", 3),
        ("Spare Candle", 3),
        ("Fishing Line", 2),
        ("Thimble Helmet", 2),
    ),
    "attic": (
        ("Dustling", 3),
        ("Cobweb Weaver", 3),
        ("Tin Mouse", 3),
        ("Clockwork Owl", 3),
        ("Rafter Queen", 2),
        ("Rocking Horse", 2),
        ("Music Box", 2),
        ("Keyhole", 2),
        ("Spare Candle", 2),
        ("Open Skylight", 2),
        ("Biscuit Tin", 2),
        ("Silver Bell", 1),
        ("Fishing Line", 2),
        ("Spring Cleaning", 1),
        ("Lampmoth", 3),
        ("Honey Spoon", 2),
        ("Acorn Lunch", 2),
        ("Knock at the Door", 2),
        ("Lost and Found", 1),
    ),
    "hedge": (
        ("Thornling", 3),
        ("Bramble Boar", 3),
        ("Moss Mouse", 3),
        ("Moss Badger", 3),
        ("Old Hawthorn", 2),
        ("Nettle Wisp", 2),
        ("Hedgehog Squire", 2),
        ("Biscuit Tin", 3),
        ("Overgrown Path", 2),
        ("Acorn Lunch", 2),
        ("Honey Spoon", 2),
        ("Knock at the Door", 2),
        ("Lost and Found", 1),
        ("Snail Porter", 3),
        ("Spare Candle", 2),
        ("Keyhole", 2),
        ("Back Stairs", 2),
        ("Spring Cleaning", 1),
    ),
    "pond": (
        ("Wrigglet", 3),
        ("Reed Frog", 3),
        ("Newt Novice", 3),
        ("Newt Magister", 3),
        ("Moon Toad", 2),
        ("Puddle Sprite", 2),
        ("Heron Guard", 2),
        ("Biscuit Tin", 2),
        ("Rain Barrel", 2),
        ("Thimble Helmet", 2),
        ("Cat in the Pantry", 2),
        ("Honey Spoon", 2),
        ("Keyhole", 1),
        ("Fishing Line", 1),
        ("Mud Turtle", 3),
        ("Spare Candle", 2),
        ("Silver Bell", 2),
        ("Back Stairs", 2),
        ("Lost and Found", 1),
    ),
}


#: What each ready-made deck is like.
DECKS = {
    "hearth": "quick and hot: hard attacks that burn, and sometimes burn you",
    "attic": "sly: webs, coins and clockwork that stores energy",
    "hedge": "patient: tough creatures that heal and grow huge",
    "pond": "slippery: pulls and pushes creatures from bench to front",
}


def is_basic(card: Card) -> bool:
    """Whether the card is a creature that comes into play by itself."""
    return isinstance(card, CreatureCard) and card.grows_from is None


def ready_made(name: str, size: int) -> tuple[str, ...]:
    """The names of the cards of a ready-made deck."""
    every = (card for card, copies in READY_MADE[name] for _ in range(copies))
    return tuple(every)[:size]


def checked(names: Sequence[str], size: int) -> tuple[str, ...]:
    """The names, if they make a deck.

    Raises:
        IllegalAction: they do not; the message says why.
    """
    if len(names) != size:
        raise IllegalAction(f"A deck has {size} cards; this one has {len(names)}.")
    for name, copies in Counter(names).items():
        if name not in CARDS:
            raise IllegalAction(f"There is no card {name[:40]!r}.")
        if copies > COPIES:
            raise IllegalAction(
                f"A deck has at most {COPIES} of a card: {name} is in it {copies}×."
            )
    basics = sum(is_basic(CARDS[name]) for name in names)
    if basics < BASICS:
        raise IllegalAction(
            f"A deck needs {BASICS} basic creatures or more; this one has {basics}."
        )
    return tuple(names)


def by_chance(size: int, rng: Random) -> tuple[str, ...]:
    """The names of a deck of any cards."""
    basics = [card.name for card in ALL if is_basic(card)]
    chosen = rng.sample(basics, BASICS)
    others = [card.name for card in ALL for _ in range(COPIES) if card.name not in chosen]
    return (*chosen, *rng.sample(others, size - BASICS))
