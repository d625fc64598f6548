"""Tables of Duel laid by hand, and ways to play on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import msgspec

from meeple.engines.duel import Duel
from meeple.engines.duel.effects import Condition
from meeple.engines.duel.state import Creature, HouseRules, Player, State

ENGINE = Duel()
#: What lies in a hand-laid deck: three cards that no test is about.
DECK = ("Mud Turtle",) * 3


class Coins(Random):
    """Chance as a test wants it: coins fall as it says, and decks stay as they are."""

    def __init__(self, falls: str = "") -> None:
        super().__init__(0)
        self.falls = list(falls)

    def random(self) -> float:
        return {"H": 0.0, "T": 0.9}[self.falls.pop(0)]

    def shuffle(self, x: Any) -> None:
        pass


class On(msgspec.Struct, frozen=True):
    """A creature as it is to lie on the table; its youngest form is named first."""

    names: tuple[str, ...]
    energy: int = 0
    damage: int = 0
    condition: Condition | None = None
    charm: str | None = None
    arrived: int = 0
    shield: int = 0


def on(*names: str, **what: Any) -> On:
    return On(names, **what)


class Side(msgspec.Struct, frozen=True, kw_only=True):
    active: On | None
    bench: tuple[On, ...] = ()
    hand: tuple[str, ...] = ()
    deck: tuple[str, ...] = DECK
    discard: tuple[str, ...] = ()
    points: int = 0
    energy: int = 1


def side(active: On | str, *bench: On | str, **what: Any) -> Side:
    laid = [on(one) if isinstance(one, str) else one for one in (active, *bench)]
    return Side(active=laid[0], bench=tuple(laid[1:]), **what)


def table(own: Side, foe: Side, *, turn: int = 5, place: str | None = None, **rules: Any) -> State:
    """The table at the beginning of seat 0's turn."""
    house = HouseRules(**rules)
    names: list[str] = []
    players = []
    place_number = None
    for number, one in enumerate((own, foe)):
        if number == 1:
            names += ["Wrigglet"] * (house.deck_size - len(names))
        players.append(_player(one, names))
        if number == 0 and place is not None:
            (place_number,) = _numbers([place], names)
    names += ["Wrigglet"] * (2 * house.deck_size - len(names))
    return State(
        rules=house,
        names=tuple(names),
        players=(players[0], players[1]),
        turn=turn,
        place=place_number,
    )


def _numbers(added: Iterable[str], names: list[str]) -> tuple[int, ...]:
    start = len(names)
    names += added
    return tuple(range(start, len(names)))


def _player(laid: Side, names: list[str]) -> Player:
    assert laid.active is not None
    return Player(
        deck_name="pond",
        active=_creature(laid.active, names),
        bench=tuple(_creature(one, names) for one in laid.bench),
        hand=_numbers(laid.hand, names),
        deck=_numbers(laid.deck, names),
        discard=_numbers(laid.discard, names),
        points=laid.points,
        energy=laid.energy,
    )


def _creature(laid: On, names: list[str]) -> Creature:
    cards = _numbers(laid.names, names)
    charm = None if laid.charm is None else _numbers([laid.charm], names)[0]
    return Creature(
        cards=cards,
        arrived=laid.arrived,
        damage=laid.damage,
        energy=laid.energy,
        charm=charm,
        condition=laid.condition,
        shield=laid.shield,
    )


def do(state: State, kind: str, *, coins: str = "", **fields: Any) -> State:
    """The state after the one who is to act has done this; all coins must have fallen."""
    chance = Coins(coins)
    action = ENGINE.decode_action({"type": kind, **fields})
    state = ENGINE.apply(state, ENGINE.to_act(state)[0], action, chance)
    assert not chance.falls, "a coin was not flipped"
    return state


def play(state: State, name: str, **what: Any) -> State:
    """Play the card of that name from the hand."""
    return do(state, "play", card=in_hand(state, name), **what)


def attack(state: State, number: int = 0, **what: Any) -> State:
    return do(state, "attack", attack=number, **what)


def choose(state: State, name: str, **what: Any) -> State:
    """Answer what is asked for with the card of that name."""
    return do(state, "choose", card=asked(state)[name], **what)


def in_hand(state: State, name: str, seat: int | None = None) -> int:
    hand = state.players[state.seat if seat is None else seat].hand
    return next(one for one in hand if state.names[one] == name)


def asked(state: State) -> dict[str, int]:
    """What there is to choose from, by name; empty if nobody must choose."""
    forced = ENGINE.forced(state, ENGINE.to_act(state)[0])
    if forced is None:
        return {}
    creatures = {one.id: one for player in state.players for one in player.creatures}
    top = {number: one.cards[-1] for number, one in creatures.items()}
    return {state.names[top.get(one, one)]: one for one in forced["cards"]}


def kinds(state: State) -> set[str]:
    """The types of what may be done."""
    seat = ENGINE.to_act(state)[0]
    return {ENGINE.encode_action(one)["type"] for one in ENGINE.legal_actions(state, seat) or ()}


def may(state: State, kind: str, **fields: Any) -> bool:
    seat = ENGINE.to_act(state)[0]
    listed = map(ENGINE.encode_action, ENGINE.legal_actions(state, seat) or ())
    return {"type": kind, **fields} in listed


def names(state: State, numbers: Sequence[int]) -> list[str]:
    return [state.names[one] for one in numbers]


def happened(before: State, after: State) -> list[str]:
    """What the log says more: who ("own" is seat 0) did what."""
    lines = after.log[len(after.log) - (after.logged - before.logged) :]
    return [f"{'own' if one.seat == 0 else 'foe'} {one.text}" for one in lines]
