"""Bots that choose by the rules of the game: by chance, or by a policy in another process."""

from __future__ import annotations

import sys
from random import Random

import msgspec

from meeple.bots import Budget, RandomPolicy
from meeple.client.bots.base import BotFailed, Effort, ReadLog, own_seat
from meeple.client.bots.child import Child
from meeple.client.bots.shadow import INSTEAD, Shadow
from meeple.client.bots.thinker import Answer, Request
from meeple.engine.base import JSON
from meeple.engine.rules import Rules
from meeple.errors import MeepleError
from meeple.services.projection import GameState

#: Seconds that a policy may think beyond the time that it was given, or that it was not given.
PATIENCE = 600.0


class RandomBot:
    """Does any of the legal actions.

    Where the server lists none because they are too many, it takes one that the engine gives.

    Args:
        rng: its chance.
        rules: the engine; None if it is not installed here.
        read_log: where the games' logs come from.
    """

    def __init__(self, rng: Random, rules: Rules | None, read_log: ReadLog) -> None:
        self._rng = rng
        self._rules = rules
        self._read_log = read_log

    async def choose(self, state: GameState) -> JSON:
        """See `Bot`."""
        if state.legal_actions is not None:
            return self._rng.choice(state.legal_actions)
        why = f"{state.engine} has too many actions here to list them"
        if self._rules is None:
            raise BotFailed(f"random cannot play on: {why}, and its engine is not installed here")
        if not self._rules.perfect_information:
            raise BotFailed(f"random cannot play on: {why}, and it hides information: {INSTEAD}")
        shadow = Shadow(self._rules)
        shadow.follow((await self._read_log(state.game_id)).entries, state)
        try:
            return RandomPolicy(self._rules).choose(
                shadow.state, own_seat(state), Budget(), self._rng
            )
        except MeepleError as error:
            raise BotFailed(f"random cannot play on: {error.message}") from error


class PolicyBot:
    """Asks a policy that thinks in a process of its own.

    Args:
        child: that process.
        rng: its chance.
        read_log: where the games' logs come from.
        effort: how hard it may think.
    """

    def __init__(self, child: Child, rng: Random, read_log: ReadLog, effort: Effort) -> None:
        self._child = child
        self._rng = rng
        self._read_log = read_log
        self._effort = effort

    @staticmethod
    async def start_process(engine: str, policy: str) -> Child:
        """The process; raises `BotFailed`."""
        command = [sys.executable, "-m", "meeple.client.bots.thinker", engine, policy]
        return await Child.start(f"the process of {policy}", command)

    async def choose(self, state: GameState) -> JSON:
        """See `Bot`."""
        log = (await self._read_log(state.game_id)).entries
        request = Request(state, log, self._effort, self._rng.getrandbits(64))
        await self._child.tell(msgspec.json.encode(request).decode())
        seconds = PATIENCE + (self._effort.movetime or 0) / 1000
        answer = await self._child.hear(_answer, seconds)
        if answer.failure is not None:
            raise BotFailed(answer.failure)
        return answer.action


def _answer(line: str) -> Answer:
    try:
        return msgspec.json.decode(line, type=Answer)
    except msgspec.DecodeError as error:
        raise BotFailed(f"the process that thinks said {line!r:.200}") from error
