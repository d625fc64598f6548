"""Is Duel fair, and how long is it? ``python -m benchmarks.duel_balance`` prints a table."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from meeple.engines.duel import Duel
from meeple.engines.duel.actions import (
    AnyAction,
    Energize,
    Grow,
    Play,
    Retreat,
    Tie,
    UseAttack,
)
from meeple.engines.duel.decks import READY_MADE
from meeple.engines.duel.effects import CreatureCard
from meeple.engines.duel.state import HouseRules, State, active, card, find, what

#: Chooses one of the legal actions of a seat.
Policy = Callable[[State, int, Sequence[AnyAction], Random], AnyAction]

ENGINE = Duel()


def by_chance(state: State, seat: int, legal: Sequence[AnyAction], chance: Random) -> AnyAction:
    """Anything that is allowed."""
    return chance.choice(legal)


def greedy(state: State, seat: int, legal: Sequence[AnyAction], chance: Random) -> AnyAction:
    """Play what there is, then the attack that hits hardest; decks and choices by chance."""
    return max(legal, key=lambda action: _worth(state, seat, action) + chance.random())


def _worth(state: State, seat: int, action: AnyAction) -> float:
    match action:
        case Grow():
            return 90
        case Play(number):
            return 80 if isinstance(card(state, number), CreatureCard) else 50
        case Energize(on):
            creature = find(state, on)
            lacks = max(one.cost for one in what(state, creature).attacks) > creature.energy
            return 60 + 10 * lacks + 5 * (creature == active(state, seat))
        case Tie():
            return 60
        case UseAttack(number):
            attack = what(state, active(state, seat)).attacks[number]
            return 20 + attack.damage / 10 + attack.cost
        case Retreat():
            return -10
    return 0


class Measured(NamedTuple):
    """What came out of some games.

    Attributes:
        actions: of both players, a game.
        won: games won by the ``first`` and the ``second`` player, and ``nobody``.
        decks: for each deck its games against another deck, and how many of them it won.
    """

    games: int
    actions: list[int]
    turns: list[int]
    won: Counter[str]
    reasons: Counter[str]
    decks: dict[str, tuple[int, int]]


def measure(policy: Policy, games: int) -> Measured:
    """Games between two who play alike, with the rules of the house as they are by default."""
    played = [_play(policy, Random(seed)) for seed in range(games)]
    decks = {}
    for name in READY_MADE:
        against = [state for _, state in played if _pairing(state).count(name) == 1]
        wins = sum(_pairing(state).index(name) in state.winners for state in against)
        decks[name] = (len(against), wins)
    return Measured(
        games=games,
        actions=[actions for actions, _ in played],
        turns=[state.turn for _, state in played],
        won=Counter(_winner(state) for _, state in played),
        reasons=Counter(state.ended for _, state in played),
        decks=decks,
    )


def _play(policy: Policy, chance: Random) -> tuple[int, State]:
    options = {name: getattr(HouseRules(), name) for name in HouseRules.__struct_fields__}
    state = ENGINE.new_game(2, options, chance)
    actions = 0
    while ENGINE.outcome(state) is None:
        seat = chance.choice(ENGINE.to_act(state))
        legal = ENGINE.legal_actions(state, seat)
        assert legal is not None
        state = ENGINE.apply(state, seat, policy(state, seat, legal, chance), chance)
        actions += 1
    return actions, state


def _pairing(state: State) -> list[str]:
    return [player.deck_name for player in state.players]


def _winner(state: State) -> str:
    if not state.winners:
        return "nobody"
    # The players take turns: the first one has the odd ones.
    first = state.seat if state.turn % 2 else 1 - state.seat
    return "first" if state.winners == (first,) else "second"


def table(found: dict[str, Measured]) -> str:
    """What was measured, in Markdown, a column a policy."""
    rows: dict[str, Callable[[Measured], str]] = {
        "actions a game, both players': median (5 % – 95 %)": lambda one: _spread(one.actions),
        "turns, both players': median (5 % – 95 %)": lambda one: _spread(one.turns),
        "won by the first / the second / nobody, %": lambda one: " / ".join(
            _share(one.won[who], one.games) for who in ("first", "second", "nobody")
        ),
        "ended by points / no creature / cards / dawn, %": lambda one: " / ".join(
            _share(one.reasons[why], one.games)
            for why in ("points", "no_creatures", "deck_out", "turn_limit")
        ),
        f"games against other decks won by {' / '.join(READY_MADE)}, %": lambda one: " / ".join(
            _share(won, games) for games, won in one.decks.values()
        ),
    }
    lines = [f"| | {' | '.join(found)} |", "|---|" + "---|" * len(found)]
    for title, cell in rows.items():
        lines.append(f"| {title} | {' | '.join(cell(one) for one in found.values())} |")
    return "\n".join(lines)


def _spread(numbers: Sequence[int]) -> str:
    parts = statistics.quantiles(numbers, n=20)
    return f"{statistics.median(numbers):.0f} ({parts[0]:.0f} – {parts[-1]:.0f})"


def _share(count: int, of: int) -> str:
    return f"{100 * count / max(1, of):.0f}"


if __name__ == "__main__":
    print(table({"by chance": measure(by_chance, 2000), "greedy": measure(greedy, 2000)}))
