"""What cards are made of: a small closed set of parts, as data. `resolve` carries them out."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Element: TypeAlias = Literal["hearth", "attic", "hedge", "pond"]
Condition: TypeAlias = Literal["scorched", "drowsy", "tangled", "dizzy"]

#: Each element is strong against the next one: its attacks hit harder.
STRONG_AGAINST: dict[Element, Element] = {
    "hearth": "attic",
    "attic": "hedge",
    "hedge": "pond",
    "pond": "hearth",
}


class Part(msgspec.Struct, frozen=True, tag=True):
    """Base of everything that an attack or a trick can do; "you" is who plays it."""


class Hit(Part, frozen=True):
    """Plain damage: to your active creature, to each on the foe's bench, or to one you choose."""

    amount: int
    target: Literal["self", "bench", "any"]


class Heal(Part, frozen=True):
    """Take damage off your active creature, off one that you choose, or off all of yours."""

    amount: int
    target: Literal["self", "one", "all"] = "self"
    cure: bool = False


class Afflict(Part, frozen=True):
    """Put a condition on the foe's active creature, in place of any other."""

    condition: Condition


class Shield(Part, frozen=True):
    """Until your next turn, attacks do so much less to your active creature."""

    amount: int


class Gain(Part, frozen=True):
    """Give energy to your active creature, or to one of yours that you choose."""

    energy: int
    target: Literal["self", "one", "bench"] = "self"


class Drain(Part, frozen=True):
    """Take energy off an active creature."""

    energy: int
    target: Literal["self", "foe"]


class Draw(Part, frozen=True):
    """Draw cards."""

    cards: int


class Peek(Part, frozen=True):
    """Look at the top cards of your deck, take one, and shuffle the others back."""

    cards: int


class Recover(Part, frozen=True):
    """Take a creature card of your choice from your discard pile into your hand."""


class Discard(Part, frozen=True):
    """You or your foe discards cards, of the owner's choice, down to so many."""

    down_to: int
    who: Literal["you", "foe"] = "foe"


class Renew(Part, frozen=True):
    """Both players shuffle their hands into their decks and draw so many cards."""

    cards: int


class Switch(Part, frozen=True):
    """The active creature of one side goes to the bench, and one from there comes for it."""

    side: Literal["you", "foe"]
    chosen_by: Literal["you", "foe"]


class Flip(Part, frozen=True):
    """Flip a coin, and do what it says."""

    heads: tuple[Effect, ...] = ()
    tails: tuple[Effect, ...] = ()


Effect: TypeAlias = (
    Hit
    | Heal
    | Afflict
    | Shield
    | Gain
    | Drain
    | Draw
    | Peek
    | Recover
    | Discard
    | Renew
    | Switch
    | Flip
)


class Bonus(msgspec.Struct, frozen=True):
    """More damage for an attack, as often as ``per`` says.

    ``heads``: for each heads of so many ``coins``; ``afflicted``: once if the foe's active creature
    has a condition; ``hurt``: once if your active creature is damaged; ``bench``: for each creature
    on your bench; ``spare``: for each energy beyond the attack's cost.
    """

    amount: int
    per: Literal["heads", "afflicted", "hurt", "bench", "spare"]
    coins: int = 0


class Passive(msgspec.Struct, frozen=True):
    """What a charm does for its creature, or a place for all creatures (of one element).

    ``attack``: its attacks do more; ``armor``: attacks do less to it; ``hp``: it has more hit
    points; ``retreat``: its retreat costs less; ``rest``: damage that it loses every night.
    """

    stat: Literal["attack", "armor", "hp", "retreat", "rest"]
    amount: int
    element: Element | None = None


class Attack(msgspec.Struct, frozen=True):
    """An attack: it needs ``cost`` energy, hits the foe's active creature, then does the rest."""

    name: str
    cost: int
    damage: int = 0
    bonus: Bonus | None = None
    effects: tuple[Effect, ...] = ()


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all cards; the name is the card's identity."""

    name: str


class CreatureCard(Card, frozen=True):
    """A creature; one that ``grows_from`` another is laid on it.

    Attributes:
        hp: it is knocked out when it has so much damage.
        retreat: the energy that it costs to go back to the bench.
        prize: the points that the foe gets for knocking it out.
    """

    element: Element
    hp: int
    attacks: tuple[Attack, ...]
    retreat: int = 1
    grows_from: str | None = None
    prize: int = 1


class TrickCard(Card, frozen=True):
    """Played, carried out, discarded; ``needs`` says when it can be played at all."""

    effects: tuple[Effect, ...]
    needs: Literal["", "bench", "foe_bench", "fallen", "damage"] = ""


class CharmCard(Card, frozen=True):
    """Tied to one of your creatures, one charm each, until it is knocked out."""

    passive: Passive


class PlaceCard(Card, frozen=True):
    """Where you duel: it lies between you and holds for both until another one is played."""

    passive: Passive
