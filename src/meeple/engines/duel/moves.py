"""Carries out what a player does; that it is legal has been seen to."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from meeple.engines.duel.actions import (
    AnyAction,
    Begin,
    BringDeck,
    Choose,
    ChooseDeck,
    Energize,
    Grow,
    Play,
    Retreat,
    Tie,
    UseAttack,
)
from meeple.engines.duel.decks import checked, ready_made
from meeple.engines.duel.effects import CreatureCard, Discard, TrickCard
from meeple.engines.duel.legal import retreat_cost
from meeple.engines.duel.resolve import bring, do, flip, hurt, settle
from meeple.engines.duel.setup import begin, take_deck
from meeple.engines.duel.state import (
    Checkup,
    Creature,
    NextTurn,
    Nightfall,
    State,
    Strike,
    active,
    card,
    change,
    change_creature,
    find,
    first_do,
    say,
    what,
)
from meeple.engines.duel.turn import place_discarded

#: Damage that a dizzy creature does to itself when its attack goes wrong.
STUMBLE = 20


def carry_out(state: State, seat: int, action: AnyAction, rng: Random) -> State:
    """The state after the action and everything that follows from it without a choice.

    Raises:
        IllegalAction: it brings a deck that is none.
    """
    return settle(_begun(state, seat, action, rng), rng)


def _begun(state: State, seat: int, action: AnyAction, rng: Random) -> State:
    match action:
        case ChooseDeck(name):
            return take_deck(state, seat, name, ready_made(name, state.rules.deck_size), rng)
        case BringDeck(names):
            return take_deck(state, seat, "own", checked(names, state.rules.deck_size), rng)
        case Begin(number):
            return begin(state, seat, number, rng)
        case Choose(number):
            return do(state, number, rng)
        case Play(number):
            return _play(_from_hand(state, seat, number), seat, number)
        case Grow(number, on):
            return _grow(_from_hand(state, seat, number), seat, number, on)
        case Tie(number, on):
            return _tie(_from_hand(state, seat, number), seat, number, on)
        case Energize(on):
            return _energize(state, seat, on)
        case Retreat(to):
            return _retreat(state, seat, to)
        case UseAttack(number):
            return _attack(state, seat, number, rng)
    return _end_turn(say(state, seat, "ended the turn"), seat)


def _from_hand(state: State, seat: int, number: int) -> State:
    hand = tuple(one for one in state.players[seat].hand if one != number)
    return change(state, seat, hand=hand)


def _play(state: State, seat: int, number: int) -> State:
    player, played = state.players[seat], card(state, number)
    if isinstance(played, CreatureCard):
        came = Creature(cards=(number,), arrived=state.turn)
        state = change(state, seat, bench=(*player.bench, came))
        return say(state, seat, f"put {played.name} on the bench")
    state = say(state, seat, f"played {played.name}")
    if not isinstance(played, TrickCard):
        return replace(place_discarded(state), place=number)
    state = change(state, seat, discard=(*player.discard, number))
    return first_do(state, seat, *played.effects)


def _grow(state: State, seat: int, number: int, on: int) -> State:
    creature = find(state, on)
    name = what(state, creature).name
    cards = (*creature.cards, number)
    state = change_creature(state, creature, cards=cards, arrived=state.turn, condition=None)
    return say(state, seat, f"grew {name} into {state.names[number]}")


def _tie(state: State, seat: int, number: int, on: int) -> State:
    creature = find(state, on)
    state = change_creature(state, creature, charm=number)
    return say(state, seat, f"tied {state.names[number]} to {what(state, creature).name}")


def _energize(state: State, seat: int, on: int) -> State:
    creature = find(state, on)
    state = change(state, seat, energy=state.players[seat].energy - 1)
    state = change_creature(state, creature, energy=creature.energy + 1)
    return say(state, seat, f"gave 1 energy to {what(state, creature).name}")


def _retreat(state: State, seat: int, to: int) -> State:
    creature = active(state, seat)
    paid = creature.energy - retreat_cost(state, creature)
    state = change(state, seat, active=replace(creature, energy=paid), retreated=True)
    return bring(state, seat, to)


def _attack(state: State, seat: int, number: int, rng: Random) -> State:
    creature = active(state, seat)
    attack = what(state, creature).attacks[number]
    state = say(state, seat, f"attacked: {what(state, creature).name} used {attack.name}")
    state = _end_turn(state, seat)
    if creature.condition == "dizzy":
        state, up = flip(state, seat, rng)
        if not up:
            return hurt(say(state, seat, "missed: it was dizzy"), creature, STUMBLE)
    return first_do(state, seat, Strike(number), *attack.effects)


def _end_turn(state: State, seat: int) -> State:
    keep = Discard(state.rules.hand_size, "you")
    return first_do(state, seat, Checkup(), Nightfall(), Checkup(), keep, NextTurn())
