"""What happens between two turns, who is knocked out, and how a game ends."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from meeple.engines.duel.state import (
    Creature,
    Replace,
    State,
    change,
    change_creature,
    draw,
    first_do,
    hit_points,
    owner,
    passive,
    say,
    what,
)

#: Damage that a scorched creature takes every night.
SCORCH = 10


def checkup(state: State) -> State:
    """Knock out whoever has too much damage; then the game is over, or the active is replaced."""
    for seat in (state.seat, 1 - state.seat):
        for creature in state.players[seat].creatures:
            if creature.damage >= hit_points(state, creature):
                state = _knock_out(state, seat, creature)
    state = _judge(state)
    if state.ended:
        return state
    # Whose turn it is replaces last: it was the other one who was attacked.
    for seat in (state.seat, 1 - state.seat):
        if state.players[seat].active is None:
            state = first_do(state, seat, Replace())
    return state


def nightfall(state: State, rng: Random) -> State:
    """What conditions, charms and places do at the end of a turn."""
    for seat in (state.seat, 1 - state.seat):
        for creature in state.players[seat].creatures:
            rest = min(creature.damage, passive(state, creature, "rest"))
            if rest:
                state = change_creature(state, creature, damage=creature.damage - rest)
                state = say(state, seat, f"healed {rest} damage of {what(state, creature).name}")
        state = _condition(state, seat, rng)
    return state


def _condition(state: State, seat: int, rng: Random) -> State:
    creature = state.players[seat].active
    if creature is None or creature.condition in (None, "dizzy"):
        return state
    name = what(state, creature).name
    if creature.condition == "tangled":
        ends = seat == state.seat
    else:
        ends = rng.random() < 0.5
        coin = "heads" if ends else "tails"
        state = say(state, seat, f"flipped a coin for {creature.condition} {name}: {coin}")
    if creature.condition == "scorched":
        state = say(state, seat, f"took {SCORCH} damage on {name}: it is scorched")
        creature = replace(creature, damage=creature.damage + SCORCH)
    return change(
        state, seat, active=replace(creature, condition=None if ends else creature.condition)
    )


def next_turn(state: State) -> State:
    """The other player's turn, unless there have been too many."""
    if state.turn == state.rules.turn_limit:
        return _dawn(state)
    return begin_turn(replace(state, turn=state.turn + 1), 1 - state.seat)


def begin_turn(state: State, seat: int) -> State:
    """The player draws a card, and loses if there is none; the energy of the turn is there."""
    state = replace(state, seat=seat)
    if not state.players[seat].deck:
        return replace(state, ended="deck_out", winners=(1 - seat,))
    for creature in state.players[seat].creatures:
        if creature.shield:
            state = change_creature(state, creature, shield=0)
    state = change(draw(state, seat, 1), seat, energy=state.rules.energy_per_turn, retreated=False)
    return say(state, seat, f"began turn {state.turn} and drew a card")


def _knock_out(state: State, seat: int, creature: Creature) -> State:
    card = what(state, creature)
    player, foe = state.players[seat], state.players[1 - seat]
    charm = () if creature.charm is None else (creature.charm,)
    state = change(
        state,
        seat,
        discard=(*player.discard, *creature.cards, *charm),
        active=None
        if player.active is not None and player.active.id == creature.id
        else player.active,
        bench=tuple(one for one in player.bench if one.id != creature.id),
    )
    state = change(state, 1 - seat, points=foe.points + card.prize)
    worth = "1 point" if card.prize == 1 else f"{card.prize} points"
    return say(state, seat, f"lost {card.name}, worth {worth}")


def _judge(state: State) -> State:
    """End the game if points are enough or somebody has no creature left."""
    enough = [player.points >= state.rules.points for player in state.players]
    alone = [not player.creatures for player in state.players]
    # Reasons to win; both may have one at once, and then who has two of them wins.
    reasons = [enough[seat] + alone[1 - seat] for seat in (0, 1)]
    if reasons == [0, 0]:
        return state
    winners = tuple(seat for seat in (0, 1) if reasons[seat] > reasons[1 - seat])
    return replace(state, ended="points" if any(enough) else "no_creatures", winners=winners)


def _dawn(state: State) -> State:
    """The turns are over: most points win; if they are level, the side that is hurt less."""
    marks = [
        (player.points, -sum(creature.damage for creature in player.creatures))
        for player in state.players
    ]
    winners = tuple(seat for seat in (0, 1) if marks[seat] > marks[1 - seat])
    return replace(state, ended="turn_limit", winners=winners)


def place_discarded(state: State) -> State:
    """The place goes to its owner's discard pile, for another one to come."""
    if state.place is None:
        return state
    seat = owner(state, state.place)
    discard = (*state.players[seat].discard, state.place)
    return replace(change(state, seat, discard=discard), place=None)
