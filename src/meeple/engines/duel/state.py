"""The table of a game of Duel, secrets included, and the small changes that rules are made of."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from meeple.engine import EngineOptions
from meeple.engines.duel.cards import CARDS
from meeple.engines.duel.effects import (
    Card,
    CharmCard,
    Condition,
    CreatureCard,
    Effect,
    PlaceCard,
)

#: Cards that each player begins with.
OPENING_HAND = 5
#: Creatures on a bench, at most.
BENCH = 3
#: The last lines of the log that are kept.
LOG_LINES = 20


class HouseRules(EngineOptions, frozen=True):
    """House rules."""

    deck_size: Annotated[int, Meta(ge=20, le=40, description="cards in each deck")] = 30
    points: Annotated[int, Meta(ge=1, le=6, description="points that win")] = 3
    energy_per_turn: Annotated[int, Meta(ge=1, le=3, description="energy to give a turn")] = 1
    hand_size: Annotated[
        int, Meta(ge=OPENING_HAND, le=10, description="cards that may be kept at the end of a turn")
    ] = 7
    turn_limit: Annotated[int, Meta(ge=10, le=200, description="turns, both players' counted")] = 24
    own_decks: Annotated[bool, Meta(description="players may bring decks of their own")] = False


class Creature(msgspec.Struct, frozen=True, kw_only=True):
    """A creature in play.

    Attributes:
        cards: the cards it consists of: the basic creature first, what it has grown into on top.
        arrived: the turn in which it came, or grew last; 0 for the set-up.
        charm: the card tied to it.
        shield: how much less attacks do to it until its owner's next turn.
    """

    cards: tuple[int, ...]
    arrived: int
    damage: int = 0
    energy: int = 0
    charm: int | None = None
    condition: Condition | None = None
    shield: int = 0

    @property
    def id(self) -> int:
        """What it is called in actions: the number of its basic card, however it grows."""
        return self.cards[0]


class Player(msgspec.Struct, frozen=True, kw_only=True):
    """One side of the table. The deck's top is its first card.

    Attributes:
        deck_name: the ready-made deck that it plays; "own" for another; "" before the choice.
        energy: the energy that may still be given this turn.
        mulligans: the opening hands that held no basic creature.
    """

    deck_name: str = ""
    deck: tuple[int, ...] = ()
    hand: tuple[int, ...] = ()
    discard: tuple[int, ...] = ()
    active: Creature | None = None
    bench: tuple[Creature, ...] = ()
    points: int = 0
    energy: int = 0
    retreated: bool = False
    mulligans: int = 0

    @property
    def creatures(self) -> tuple[Creature, ...]:
        """Its creatures in play, the active one first."""
        return self.bench if self.active is None else (self.active, *self.bench)


class Strike(msgspec.Struct, frozen=True, tag=True):
    """The active creature of the task's seat hits with its attack of that number."""

    attack: int


class Replace(msgspec.Struct, frozen=True, tag=True):
    """The seat, which has lost its active creature, brings one from its bench."""


class Checkup(msgspec.Struct, frozen=True, tag=True):
    """Whoever has too much damage is knocked out; perhaps that ends the game."""


class Nightfall(msgspec.Struct, frozen=True, tag=True):
    """The end of a turn: conditions do their work."""


class NextTurn(msgspec.Struct, frozen=True, tag=True):
    """The other player's turn begins."""


class Task(msgspec.Struct, frozen=True):
    """Something that is still to be done before anybody plays on, on behalf of ``seat``."""

    seat: int
    do: Effect | Strike | Replace | Checkup | Nightfall | NextTurn


Doing: TypeAlias = Effect | Strike | Replace | Checkup | Nightfall | NextTurn


class Line(msgspec.Struct, frozen=True):
    """A line of the public log: who (None: the house) did what."""

    seat: int | None
    text: str


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The whole table.

    Cards are numbers: seat 0 has ``0 … deck_size - 1``, seat 1 those that follow.

    Attributes:
        names: the name of each card; "" while its owner has not chosen a deck.
        turn: 0 during the set-up.
        seat: whose turn it is.
        place: the card that lies between the players.
        queue: what must be done before the turn goes on, the next first.
        log: the last lines, oldest first.
        logged: how many lines there were in all.
        ended: the reason why the game is over; "" while it is on.
    """

    rules: HouseRules
    names: tuple[str, ...]
    players: tuple[Player, Player]
    turn: int = 0
    seat: int = 0
    place: int | None = None
    queue: tuple[Task, ...] = ()
    log: tuple[Line, ...] = ()
    logged: int = 0
    ended: str = ""
    winners: tuple[int, ...] = ()


def card(state: State, number: int) -> Card:
    """The card of that number."""
    return CARDS[state.names[number]]


def what(state: State, creature: Creature) -> CreatureCard:
    """The card that the creature is now."""
    found = CARDS[state.names[creature.cards[-1]]]
    assert isinstance(found, CreatureCard)
    return found


def owner(state: State, number: int) -> int:
    """The seat whose deck the card is from."""
    return number // state.rules.deck_size


def active(state: State, seat: int) -> Creature:
    """The seat's active creature; there is one whenever a player may do what he likes."""
    found = state.players[seat].active
    assert found is not None
    return found


def find(state: State, number: int) -> Creature:
    """The creature in play that is called by that number."""
    both = (creature for player in state.players for creature in player.creatures)
    return next(creature for creature in both if creature.id == number)


def change(state: State, seat: int, **changes: Any) -> State:
    """The state with another value for some of a player's attributes."""
    player = replace(state.players[seat], **changes)
    players = (player, state.players[1]) if seat == 0 else (state.players[0], player)
    return replace(state, players=players)


def change_creature(state: State, creature: Creature, **changes: Any) -> State:
    """The state with another value for some of a creature's attributes."""
    seat = owner(state, creature.id)
    player = state.players[seat]
    changed = replace(creature, **changes)
    if player.active is not None and player.active.id == creature.id:
        return change(state, seat, active=changed)
    bench = tuple(changed if one.id == creature.id else one for one in player.bench)
    return change(state, seat, bench=bench)


def draw(state: State, seat: int, count: int) -> State:
    """The player draws as many cards as there are, up to ``count``."""
    player = state.players[seat]
    drawn = player.deck[:count]
    return change(state, seat, deck=player.deck[count:], hand=player.hand + drawn)


def say(state: State, seat: int | None, text: str) -> State:
    """A line more in the public log; the text is in the past tense and begins with the verb."""
    lines = (*state.log, Line(seat, text))[-LOG_LINES:]
    return replace(state, log=lines, logged=state.logged + 1)


def first_do(state: State, seat: int, *doings: Doing) -> State:
    """The state with these to be done before everything that waits in the queue."""
    tasks = tuple(Task(seat, doing) for doing in doings)
    return replace(state, queue=tasks + state.queue)


def passive(state: State, creature: Creature, stat: str) -> int:
    """What charm and place together give the creature of that."""
    amount = 0
    for number in (creature.charm, state.place):
        if number is not None:
            lasting = card(state, number)
            assert isinstance(lasting, CharmCard | PlaceCard)
            one = lasting.passive
            if one.stat == stat and one.element in (None, what(state, creature).element):
                amount += one.amount
    return amount


def hit_points(state: State, creature: Creature) -> int:
    """The damage that knocks the creature out."""
    return what(state, creature).hp + passive(state, creature, "hp")
