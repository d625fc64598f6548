"""The process in which a house bot thinks: a task a line comes in, an answer a line goes out.

It is run as ``python -m meeple.services.bot_worker [NICENESS [MODULE:CLASS …]]`` by
`meeple.services.bot_process`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import OrderedDict
from contextlib import suppress
from hashlib import blake2b
from random import Random

import msgspec

from meeple.bots import Budget, EnginePolicy, Policy, policy_for
from meeple.engine.base import JSON
from meeple.engine.game import Game, fold_all
from meeple.engine.log import Bot, Entry
from meeple.errors import MeepleError
from meeple.services.engine_catalog import EngineCatalog, tried

#: Games that are kept as far as they have been folded.
KEPT = 64
#: Added to the niceness if nothing else is said: whoever plays comes first.
NICENESS = 10
#: Iterations of an engine's own bot by which its speed is measured, and how many times as many it
#: is asked for next, at most: a few may have been quick by chance.
PROBE, GROWTH = 2, 10


class Task(msgspec.Struct, frozen=True):
    """What a bot is to think about.

    Attributes:
        entries: the game's log.
        seat: the bot's.
        bot: how it plays.
        seconds: how long it should think at most.
        limit: seconds after which the process ends itself.
    """

    entries: list[Entry]
    seat: int
    bot: Bot
    seconds: float
    limit: float


class Answer(msgspec.Struct, frozen=True):
    """What the bot does; ``failed`` says why there is no action."""

    action: JSON = None
    failed: str | None = None


class Thinker:
    """Folds games and thinks about them; remembers those that it folded last."""

    def __init__(self, catalog: EngineCatalog) -> None:
        self._catalog = catalog
        self._games: OrderedDict[str, Game] = OrderedDict()

    def answer(self, task: Task) -> Answer:
        """The bot's action."""
        try:
            game = self._folded(task.entries)
            policy = policy_for(task.bot.policy, game.rules)
            return Answer(self._chosen(policy, game, task))
        except MeepleError as error:
            return Answer(failed=f"{error.code}: {error.message}")
        except Exception as error:  # noqa: BLE001 - an engine or its bot may raise anything
            return Answer(failed=f"{type(error).__name__}: {error}")

    def _folded(self, entries: list[Entry]) -> Game:
        game = self._games.pop(entries[0].game_id, None)
        if game is not None and game.seq > entries[-1].seq:
            game = None
        new = entries if game is None else entries[game.seq + 1 :]
        for step in fold_all(new, self._catalog.rules, game):
            game = step.game
        assert game is not None
        self._games[game.game_id] = game
        if len(self._games) > KEPT:
            self._games.popitem(last=False)
        return game

    def _chosen(self, policy: Policy, game: Game, task: Task) -> JSON:
        started = time.monotonic()
        rng = _chance(game, task.seat)
        budget = Budget.of_level(
            task.bot.level, stop=lambda: time.monotonic() - started > task.seconds
        )
        if isinstance(policy, EnginePolicy):
            return _measured(policy, game, task, budget, rng)
        return policy.choose(game.state, task.seat, budget, rng)


def _measured(policy: Policy, game: Game, task: Task, budget: Budget, rng: Random) -> JSON:
    """The choice of a policy that cannot be stopped: its speed decides how much it is asked."""
    left, iterations = task.seconds, min(PROBE, budget.iterations)
    while True:
        started = time.monotonic()
        asked = msgspec.structs.replace(budget, iterations=iterations)
        action = policy.choose(game.state, task.seat, asked, rng)
        took = time.monotonic() - started
        left -= took
        affordable = int(iterations * left / max(took, 1e-6))
        more = min(budget.iterations, affordable, GROWTH * iterations)
        if more <= iterations:
            return action
        iterations = more


def _chance(game: Game, seat: int) -> Random:
    """The thought's chance: the same on every node, and apart from the game's own."""
    digest = blake2b(b"bot %d %d" % (game.seq, seat), key=game.seed).digest()
    return Random(int.from_bytes(digest))


def main() -> None:
    """Answer tasks until there are no more."""
    if hasattr(os, "nice"):
        with suppress(OSError):  # a sandbox may forbid it; it only means less courtesy
            os.nice(int(sys.argv[1]) if len(sys.argv) > 1 else NICENESS)
    out, sys.stdout = sys.stdout.buffer, sys.stderr  # an engine that prints does not print into it
    thinker = Thinker(EngineCatalog(more=map(tried, sys.argv[2:])))
    decoder = msgspec.json.Decoder(Task)
    out.write(b"ready\n")
    out.flush()
    for line in sys.stdin.buffer:
        task = decoder.decode(line)
        # The kernel ends what hangs, in C++ too, even if nobody is left to end this process.
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, task.limit + 1)
        out.write(msgspec.json.encode(thinker.answer(task)) + b"\n")
        out.flush()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()
