"""How a game goes back to before an action: its earlier actions are played again.

Actions are kept and not states, of which one may be large: going back is rare, and playing again
is what every node does that loads the game. They are a chain that shares what came before, made of
plain tuples, whose memory is given back without recursion however long it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from meeple.engine.base import JSON
from meeple.engine.log import Entry
from meeple.engine.rng import GameRandom
from meeple.engine.rules import Rules
from meeple.errors import EngineError, IllegalAction

#: Actions that are kept. In a longer game nothing can be taken back: it would need too long.
MAX_ACTIONS = 1_000

#: The last action that stands: the chain before it, its entry's seq, its seat and what it was. The
#: first link is the start of the game, and has no seat.
Past: TypeAlias = tuple[Any, int, int | None, JSON]


def started(entry: Entry) -> Past:
    """The chain of a game that has just started."""
    return (None, entry.seq, None, None)


def acted(past: Past | None, entry: Entry, actions: int) -> Past | None:
    """The chain after an action, before which there were ``actions``; None: it is not kept."""
    if past is None or actions >= MAX_ACTIONS:
        return None
    return (past, entry.seq, entry.seat, entry.payload["action"])


def distance(past: Past | None, seat: int) -> int | None:
    """How many actions it is back to before the seat's last one; None if it has none."""
    count = 0
    while past is not None:
        before, _, actor, _ = past
        count += 1
        if actor == seat:
            return count
        past = before
    return None


def back(past: Past | None, actions: int) -> Past | None:
    """The chain without its last ``actions``."""
    for _ in range(actions):
        past = None if past is None else past[0]
    return past


def replay(
    past: Past | None, rules: Rules, seats: int, options: Mapping[str, JSON], seed: bytes
) -> Any:
    """The engine's state after the actions of the chain.

    Raises:
        EngineError: the engine failed, or there is nothing so far back.
    """
    links: list[Past] = []
    while past is not None:
        links.append(past)
        past = past[0]
    if not links:
        raise EngineError("the game has no actions that could be played again")
    state = rules.new_game(seats, options, GameRandom(seed, links.pop()[1]))
    try:
        for _, seq, seat, action in reversed(links):
            state = rules.apply(state, seat or 0, action, GameRandom(seed, seq))
    except IllegalAction as error:
        raise EngineError("the rules refuse an action that they took before") from error
    return state
