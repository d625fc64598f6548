"""The process in which a policy thinks: ``python -m meeple.client.bots.thinker ENGINE POLICY``.

A request a line on stdin, an answer a line on stdout, both JSON. Thinking has a process of its own
so that it never keeps the bot's connection from answering the server.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from random import Random
from typing import BinaryIO

import msgspec

from meeple.bots import Budget, Policy, policy_for
from meeple.client.bots.base import BotFailed, Effort, own_seat
from meeple.client.bots.shadow import Shadow
from meeple.engine.base import JSON
from meeple.engine.rules import Rules
from meeple.errors import MeepleError
from meeple.services.engine_catalog import EngineCatalog
from meeple.services.projection import GameState, LogEntry

#: Iterations where only time is to limit them.
UNLIMITED = 10**9


class Request(msgspec.Struct, frozen=True):
    """What the seat of ``state`` is to do there; the same ``seed`` gives the same answer."""

    state: GameState
    log: list[LogEntry]
    effort: Effort
    seed: int


class Answer(msgspec.Struct, frozen=True):
    """The action, or why there is none."""

    action: JSON = None
    failure: str | None = None


class Thinker:
    """Answers requests about one game after another."""

    def __init__(self, rules: Rules, policy: Policy) -> None:
        self._policy = policy
        self._shadow = Shadow(rules)

    def answer(self, request: Request) -> Answer:
        """What to do."""
        state = request.state
        try:
            self._shadow.follow(request.log, state)
            budget, rng = budget_of(request.effort), Random(request.seed)
            action = self._policy.choose(self._shadow.state, own_seat(state), budget, rng)
        except BotFailed as failure:
            return Answer(failure=str(failure))
        except MeepleError as error:
            return Answer(failure=error.message)
        return Answer(action)


def budget_of(effort: Effort) -> Budget:
    """The budget of a policy that starts to think now."""
    iterations = UNLIMITED if effort.iterations is None else effort.iterations
    if effort.movetime is None:
        return Budget(iterations)
    end = time.monotonic() + effort.movetime / 1000
    return Budget(iterations, stop=lambda: time.monotonic() >= end)


def serve(thinker: Thinker, requests: Iterable[bytes], answers: BinaryIO) -> None:
    """Answer until there are no more requests."""
    for line in requests:
        request = msgspec.json.decode(line, type=Request)
        answers.write(msgspec.json.encode(thinker.answer(request)) + b"\n")
        answers.flush()


def main(engine: str, policy: str) -> None:
    """Serve stdin and stdout."""
    # What an engine or its library prints goes to stderr, not between the answers.
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        rules = EngineCatalog().rules(engine)
        serve(Thinker(rules, policy_for(policy, rules)), sys.stdin.buffer, answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
