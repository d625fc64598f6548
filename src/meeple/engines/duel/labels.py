"""Actions in words, for people to choose from."""

from __future__ import annotations

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
from meeple.engines.duel.decks import DECKS
from meeple.engines.duel.effects import CreatureCard
from meeple.engines.duel.legal import retreat_cost
from meeple.engines.duel.state import State, active, card, find, hit_points, owner, what
from meeple.engines.duel.text import attack_text, card_text


def label(state: State, action: AnyAction) -> str:
    """What the action means, for a person who may do it."""
    match action:
        case ChooseDeck(deck):
            return f"play the deck {deck} ({DECKS[deck]})"
        case BringDeck(cards):
            return f"play a deck of your own: {', '.join(cards)}"
        case Begin(number):
            return f"begin with {state.names[number]}"
        case Play(number):
            played = card(state, number)
            if isinstance(played, CreatureCard):
                return f"put {played.name} on the bench"
            return f"play {played.name}: {card_text(played)}"
        case Grow(number, on):
            return f"grow {_called(state, on)} into {state.names[number]}"
        case Tie(number, on):
            return f"tie {state.names[number]} to {_called(state, on)}"
        case Energize(on):
            return f"give 1 energy to {_called(state, on)}"
        case Retreat(to):
            cost = retreat_cost(state, active(state, state.seat))
            return f"retreat for {cost} energy and bring {_called(state, to)}"
        case UseAttack(number):
            attack = what(state, active(state, state.seat)).attacks[number]
            return f"attack with {attack_text(attack)}"
        case Choose(number):
            return _chosen(state, number)
    return "end the turn without an attack"


def _chosen(state: State, number: int) -> str:
    in_play = any(one.id == number for player in state.players for one in player.creatures)
    return _called(state, number) if in_play else state.names[number]


def _called(state: State, number: int) -> str:
    """A creature in play with what tells it from its like."""
    creature = find(state, number)
    left = hit_points(state, creature) - creature.damage
    where = "bench" if creature in state.players[owner(state, number)].bench else "active"
    return f"{what(state, creature).name} ({where}, {left} hp, {creature.energy} energy)"
