"""Carries out the tasks of the queue, up to the next choice that somebody has to make."""

from __future__ import annotations

from random import Random
from typing import Literal

from msgspec.structs import replace

from meeple.engines.duel.choices import choice
from meeple.engines.duel.effects import (
    STRONG_AGAINST,
    Afflict,
    Attack,
    Bonus,
    Discard,
    Drain,
    Draw,
    Flip,
    Gain,
    Heal,
    Hit,
    Peek,
    Recover,
    Renew,
    Shield,
    Switch,
)
from meeple.engines.duel.state import (
    Checkup,
    Creature,
    Nightfall,
    Replace,
    State,
    Strike,
    Task,
    active,
    change,
    change_creature,
    draw,
    find,
    first_do,
    hit_points,
    passive,
    say,
    what,
)
from meeple.engines.duel.turn import checkup, next_turn, nightfall

#: More damage for an attack on a creature that its element is strong against.
STRENGTH = 10


def settle(state: State, rng: Random) -> State:
    """Do what is in the queue, until it is empty, or somebody must choose, or the game is over.

    A choice between one thing is no choice, and one between nothing is passed over. (Neither tells
    a secret: how many there are to choose from is always public.)
    """
    while state.queue and not state.ended:
        asked = choice(state, state.queue[0])
        if asked is not None and len(asked.cards) > 1:
            return state
        if asked is None:
            state = do(state, None, rng)
        elif asked.cards:
            state = do(state, asked.cards[0], rng)
        else:
            state = replace(state, queue=state.queue[1:])
    return state


def do(state: State, chosen: int | None, rng: Random) -> State:
    """Do the first task of the queue; ``chosen`` is the card if it asks for one."""
    task, *rest = state.queue
    state = replace(state, queue=tuple(rest))
    if chosen is not None:
        return _do_with(state, task, chosen, rng)
    seat = task.seat
    match task.do:
        case Strike(number):
            return _strike(state, seat, number, rng)
        case Checkup():
            return checkup(state)
        case Nightfall():
            return nightfall(state, rng)
        case Flip(heads, tails):
            state, up = flip(state, seat, rng)
            return first_do(state, seat, *(heads if up else tails))
        case Draw(cards):
            drawn = min(cards, len(state.players[seat].deck))
            return say(draw(state, seat, cards), seat, f"drew {_count(drawn, 'card')}")
        case Renew(cards):
            return _renew(state, cards, rng)
        case Hit(amount, "self"):
            return hurt(state, active(state, seat), amount)
        case Hit(amount):
            for creature in state.players[1 - seat].bench:
                state = hurt(state, creature, amount)
            return state
        case Heal(amount, where, cure):
            healed = [active(state, seat)] if where == "self" else state.players[seat].creatures
            for creature in healed:
                state = _heal(state, creature, amount, cure=cure)
            return state
        case Gain(energy):
            return _give(state, active(state, seat), energy)
        case Afflict(condition):
            creature = active(state, 1 - seat)
            state = change_creature(state, creature, condition=condition)
            return say(state, 1 - seat, f"had {_name(state, creature)} made {condition}")
        case Shield(amount):
            state = change_creature(state, active(state, seat), shield=amount)
            return say(state, seat, f"took cover: attacks do {amount} less")
        case Drain(energy, target):
            return _drain(state, seat if target == "self" else 1 - seat, energy)
    return next_turn(state)


def _do_with(state: State, task: Task, chosen: int, rng: Random) -> State:
    """Do a task for which a card was chosen."""
    seat = task.seat
    match task.do:
        case Replace():
            return bring(state, seat, chosen)
        case Switch(side):
            return bring(state, seat if side == "you" else 1 - seat, chosen)
        case Hit(amount):
            return hurt(state, find(state, chosen), amount)
        case Heal(amount, _, cure):
            return _heal(state, find(state, chosen), amount, cure=cure)
        case Gain(energy):
            return _give(state, find(state, chosen), energy)
        case Discard(_, who):
            return _discard(state, task, seat if who == "you" else 1 - seat, chosen)
        case Peek():
            return _take_from_deck(state, seat, chosen, rng)
        case Recover():
            return _take_back(state, seat, chosen)
    raise AssertionError(f"{task.do} asks for no choice")


def flip(state: State, seat: int, rng: Random) -> tuple[State, bool]:
    """Flip a coin in public: True for heads."""
    up = rng.random() < 0.5
    return say(state, seat, f"flipped a coin: {'heads' if up else 'tails'}"), up


def hurt(state: State, creature: Creature, amount: int) -> State:
    """The creature takes so much damage; whether that was too much, `Checkup` finds."""
    damage = creature.damage + amount
    left = max(0, hit_points(state, creature) - damage)
    state = change_creature(state, creature, damage=damage)
    text = f"took {amount} damage on {_name(state, creature)} ({left} left)"
    return say(state, _seat_of(state, creature), text)


def bring(state: State, seat: int, chosen: int) -> State:
    """The creature comes from the bench; the active one, if there is one, goes there, cured."""
    player = state.players[seat]
    coming = find(state, chosen)
    # The one that goes takes the other's place.
    going = [] if player.active is None else [replace(player.active, condition=None)]
    at = next(index for index, one in enumerate(player.bench) if one.id == chosen)
    bench = (*player.bench[:at], *going, *player.bench[at + 1 :])
    state = change(state, seat, active=coming, bench=bench)
    return say(state, seat, f"brought {_name(state, coming)} forward")


def _strike(state: State, seat: int, number: int, rng: Random) -> State:
    attacker, target = active(state, seat), active(state, 1 - seat)
    attack = what(state, attacker).attacks[number]
    amount = attack.damage
    if attack.bonus is not None:
        state, more = _bonus(state, seat, attack, attack.bonus, rng)
        amount += more
    if not amount:
        return state
    amount += passive(state, attacker, "attack")
    if STRONG_AGAINST[what(state, attacker).element] == what(state, target).element:
        amount += STRENGTH
    amount -= target.shield + passive(state, target, "armor")
    return hurt(state, target, max(0, amount))


def _bonus(state: State, seat: int, attack: Attack, bonus: Bonus, rng: Random) -> tuple[State, int]:
    """The damage that the attack does more, this time."""
    times = 0
    attacker = active(state, seat)
    match bonus.per:
        case "heads":
            for _ in range(bonus.coins):
                state, up = flip(state, seat, rng)
                times += up
        case "afflicted":
            times = int(active(state, 1 - seat).condition is not None)
        case "hurt":
            times = int(attacker.damage > 0)
        case "bench":
            times = len(state.players[seat].bench)
        case "spare":
            times = attacker.energy - attack.cost
    return state, times * bonus.amount


def _heal(state: State, creature: Creature, amount: int, *, cure: bool) -> State:
    seat = _seat_of(state, creature)
    healed = min(amount, creature.damage)
    if healed:
        state = change_creature(state, creature, damage=creature.damage - healed)
        state = say(state, seat, f"healed {healed} damage of {_name(state, creature)}")
    if cure and creature.condition is not None:
        state = change_creature(state, find(state, creature.id), condition=None)
        state = say(state, seat, f"cured {_name(state, creature)}")
    return state


def _give(state: State, creature: Creature, energy: int) -> State:
    state = change_creature(state, creature, energy=creature.energy + energy)
    return say(
        state, _seat_of(state, creature), f"gave {energy} energy to {_name(state, creature)}"
    )


def _drain(state: State, seat: int, energy: int) -> State:
    creature = active(state, seat)
    lost = min(energy, creature.energy)
    state = change_creature(state, creature, energy=creature.energy - lost)
    return say(state, seat, f"lost {lost} energy of {_name(state, creature)}") if lost else state


def _discard(state: State, task: Task, seat: int, chosen: int) -> State:
    player = state.players[seat]
    hand = tuple(one for one in player.hand if one != chosen)
    state = change(state, seat, hand=hand, discard=(*player.discard, chosen))
    state = say(state, seat, f"discarded {state.names[chosen]}")
    return first_do(state, task.seat, task.do)  # until there are few enough


def _take_from_deck(state: State, seat: int, chosen: int, rng: Random) -> State:
    player = state.players[seat]
    deck = [one for one in player.deck if one != chosen]
    rng.shuffle(deck)
    state = change(state, seat, hand=(*player.hand, chosen), deck=tuple(deck))
    return say(state, seat, "took a card and shuffled the deck")


def _take_back(state: State, seat: int, chosen: int) -> State:
    player = state.players[seat]
    discard = tuple(one for one in player.discard if one != chosen)
    state = change(state, seat, hand=(*player.hand, chosen), discard=discard)
    return say(state, seat, f"took {state.names[chosen]} back")


def _renew(state: State, cards: int, rng: Random) -> State:
    for seat in (0, 1):
        player = state.players[seat]
        deck = [*player.deck, *player.hand]
        rng.shuffle(deck)
        state = draw(change(state, seat, hand=(), deck=tuple(deck)), seat, cards)
        state = say(
            state, seat, f"got a new hand of {_count(len(state.players[seat].hand), 'card')}"
        )
    return state


def _seat_of(state: State, creature: Creature) -> Literal[0, 1]:
    return 0 if creature.id < state.rules.deck_size else 1


def _name(state: State, creature: Creature) -> str:
    return state.names[creature.cards[-1]]


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
