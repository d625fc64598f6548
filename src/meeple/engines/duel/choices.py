"""Forced actions: which of the tasks in the queue ask somebody for a choice, and for which."""

from __future__ import annotations

from typing import Literal

import msgspec

from meeple.engines.duel.effects import (
    CreatureCard,
    Discard,
    Gain,
    Heal,
    Hit,
    Peek,
    Recover,
    Switch,
)
from meeple.engines.duel.state import Player, Replace, State, Task, card


class Choice(msgspec.Struct, frozen=True):
    """What a player must do before anything else: choose one of these cards.

    Attributes:
        kind: a word for programs.
        seat: who chooses.
        cards: what there is to choose from; creatures in play are named by their ``id``.
        text: a sentence for people.
    """

    kind: Literal["replace", "target", "take", "discard"]
    seat: int
    cards: tuple[int, ...]
    text: str


def choice(state: State, task: Task) -> Choice | None:
    """The choice that a task asks for; None if it can be done without one."""
    seat, foe = task.seat, 1 - task.seat
    own, theirs = state.players[seat], state.players[foe]
    match task.do:
        case Replace():
            text = "Choose the creature of your bench that becomes active."
            return Choice("replace", seat, _bench(own), text)
        case Switch(side, chosen_by):
            return _switch(state, task.seat, side, chosen_by)
        case Hit(amount, "any"):
            text = f"Choose the creature of your opponent that takes {amount} damage."
            return Choice("target", seat, _creatures(theirs), text)
        case Heal(amount, "one"):
            text = f"Choose the creature of yours that loses {amount} damage and its condition."
            ill = tuple(one.id for one in own.creatures if one.damage or one.condition)
            return Choice("target", seat, ill, text)
        case Gain(energy, "one" | "bench" as where):
            text = f"Choose the creature of yours that gets {energy} energy."
            cards = _bench(own) if where == "bench" else _creatures(own)
            return Choice("target", seat, cards, text)
        case Peek(cards=count):
            text = "Choose the card that you take; the others are shuffled back."
            return Choice("take", seat, own.deck[:count], text)
        case Recover():
            fallen = (one for one in own.discard if isinstance(card(state, one), CreatureCard))
            text = "Choose the creature that you take back from your discard pile."
            return Choice("take", seat, tuple(fallen), text)
        case Discard(down_to, who):
            chooser = seat if who == "you" else foe
            hand = state.players[chooser].hand
            text = f"Discard until you have {down_to} cards: choose the next one."
            return Choice("discard", chooser, hand if len(hand) > down_to else (), text)
    return None


def _switch(state: State, seat: int, side: str, chosen_by: str) -> Choice:
    whose = seat if side == "you" else 1 - seat
    chooser = seat if chosen_by == "you" else 1 - seat
    bench = _bench(state.players[whose])
    if whose == chooser:
        text = "Your active creature goes to the bench: choose the one that comes for it."
        return Choice("replace", chooser, bench, text)
    return Choice("target", chooser, bench, "Choose your opponent's next active creature.")


def _bench(player: Player) -> tuple[int, ...]:
    return tuple(creature.id for creature in player.bench)


def _creatures(player: Player) -> tuple[int, ...]:
    return tuple(creature.id for creature in player.creatures)
