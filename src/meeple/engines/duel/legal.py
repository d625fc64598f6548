"""What a player may do now, as a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meeple.engines.duel.actions import (
    AnyAction,
    Begin,
    Choose,
    ChooseDeck,
    EndTurn,
    Energize,
    Grow,
    Play,
    Retreat,
    Tie,
    UseAttack,
)
from meeple.engines.duel.choices import choice
from meeple.engines.duel.decks import READY_MADE, is_basic
from meeple.engines.duel.effects import CharmCard, CreatureCard, TrickCard
from meeple.engines.duel.state import (
    BENCH,
    Creature,
    State,
    active,
    card,
    passive,
    what,
)

#: The first turn in which creatures may grow: before it, each player has one turn.
GROWING_FROM = 3


def to_act(state: State) -> list[int]:
    """Who may act: in the set-up everybody who is not ready, then one player."""
    if state.ended:
        return []
    if state.turn == 0:
        return [seat for seat in (0, 1) if state.players[seat].active is None]
    if state.queue:
        asked = choice(state, state.queue[0])
        assert asked is not None, "the queue stops only where somebody must choose"
        return [asked.seat]
    return [state.seat]


def legal_actions(state: State, seat: int) -> list[AnyAction]:
    """The actions of a seat that is to act; of equal cards only one is listed."""
    if seat not in to_act(state):
        return []
    if state.turn == 0:
        return _setting_up(state, seat)
    if state.queue:
        asked = choice(state, state.queue[0])
        assert asked is not None
        in_play = asked.kind in ("replace", "target")  # and there no two are equal
        return [Choose(one) for one in (asked.cards if in_play else _unlike(state, asked.cards))]
    return [
        *_from_hand(state, seat),
        *_with_active(state, seat),
        *_attacks(state, seat),
        EndTurn(),
    ]


def retreat_cost(state: State, creature: Creature) -> int:
    """The energy that it costs to go back to the bench."""
    return max(0, what(state, creature).retreat - passive(state, creature, "retreat"))


def _setting_up(state: State, seat: int) -> list[AnyAction]:
    player = state.players[seat]
    if not player.deck_name:
        return [ChooseDeck(name) for name in READY_MADE]
    return [Begin(one) for one in _unlike(state, player.hand) if is_basic(card(state, one))]


def _from_hand(state: State, seat: int) -> Iterator[AnyAction]:
    player = state.players[seat]
    for number in _unlike(state, player.hand):
        match card(state, number):
            case CreatureCard(grows_from=None):
                if len(player.bench) < BENCH:
                    yield Play(number)
            case CreatureCard(grows_from=younger):
                for creature in player.creatures:
                    if state.names[creature.cards[-1]] == younger and _may_grow(state, creature):
                        yield Grow(number, creature.id)
            case CharmCard():
                for creature in player.creatures:
                    if creature.charm is None:
                        yield Tie(number, creature.id)
            case TrickCard(needs=needs):
                if _has(state, seat, needs):
                    yield Play(number)
            case place:
                if state.place is None or place != card(state, state.place):
                    yield Play(number)


def _with_active(state: State, seat: int) -> Iterator[AnyAction]:
    player, creature = state.players[seat], active(state, seat)
    if player.energy:
        for one in player.creatures:
            yield Energize(one.id)
    held = creature.condition in ("drowsy", "tangled")
    if not player.retreated and not held and creature.energy >= retreat_cost(state, creature):
        for one in player.bench:
            yield Retreat(one.id)


def _attacks(state: State, seat: int) -> Iterator[AnyAction]:
    creature = active(state, seat)
    if state.turn > 1 and creature.condition != "drowsy":
        for number, attack in enumerate(what(state, creature).attacks):
            if creature.energy >= attack.cost:
                yield UseAttack(number)


def _may_grow(state: State, creature: Creature) -> bool:
    return state.turn >= GROWING_FROM and creature.arrived < state.turn


def _has(state: State, seat: int, needs: str) -> bool:
    """Whether there is what a trick needs."""
    own = state.players[seat]
    match needs:
        case "bench":
            return bool(own.bench)
        case "foe_bench":
            return bool(state.players[1 - seat].bench)
        case "fallen":
            return any(isinstance(card(state, one), CreatureCard) for one in own.discard)
        case "damage":
            return any(one.damage or one.condition for one in own.creatures)
    return True


def _unlike(state: State, numbers: Iterable[int]) -> list[int]:
    """Of equal cards, the first."""
    first: dict[str, int] = {}
    for number in numbers:
        first.setdefault(state.names[number], number)
    return list(first.values())
