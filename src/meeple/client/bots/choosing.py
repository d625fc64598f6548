"""Bots by the names of their policies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random

from meeple.bots import policy_for
from meeple.client.bots.base import Bot, Effort, ReadLog
from meeple.client.bots.shadow import check_can_be_known
from meeple.client.bots.thinking import PolicyBot, RandomBot
from meeple.client.bots.uci import UciEngine
from meeple.engine.base import JSON, ChoosesActions
from meeple.engine.rules import Rules
from meeple.errors import EngineNotFound, PolicyNotAvailable
from meeple.services.engine_catalog import EngineCatalog

#: What a bot can play by.
POLICIES = "random, mcts, uci:PATH"
#: The game of UCI engines.
CHESS = "openspiel:chess"


@asynccontextmanager
async def open_bot(
    policy: str,
    engine: str,
    read_log: ReadLog,
    *,
    catalog: EngineCatalog,
    options: Mapping[str, JSON],
    seats: int | None = None,
    effort: Effort,
    rng: Random,
) -> AsyncIterator[Bot]:
    """A bot; what it thinks with is ended on leaving.

    Args:
        policy: ``random``, ``mcts`` or ``uci:PATH``.
        engine: the name of the engine whose games it will play.
        read_log: where the games' logs come from.
        catalog: the engines that are installed here.
        options: the house rules to come, as far as they are known.
        seats: how many will play, if that is known.
        effort: how hard it may think; of no matter to ``random``.
        rng: its chance.

    Raises:
        PolicyNotAvailable: the policy cannot play this game from here; the message says why.
        InvalidMessage: the engine does not take these options.
        BotFailed: what it thinks with does not work.
    """
    name, _, command = policy.partition(":")
    if policy == "random":
        rules = _installed(engine, catalog)
        yield RandomBot(rng, rules, read_log)
    elif policy == "mcts":
        rules = _known(policy, engine, catalog, options, seats)
        _check_thinks(rules, effort)
        child = await PolicyBot.start_process(engine, policy)
        try:
            yield PolicyBot(child, rng, read_log, effort)
        finally:
            await child.aclose()
    elif name == "uci":
        if engine != CHESS:
            raise PolicyNotAvailable(f"UCI is for chess: give --engine {CHESS}, not {engine}")
        rules = _known(name, engine, catalog, options, seats)
        # The library of its rules is not always installed.
        from meeple.client.bots.chess import UciBot

        uci = await UciEngine.start(command)
        try:
            yield UciBot(uci, rules, read_log, effort)
        finally:
            await uci.aclose()
    else:
        raise PolicyNotAvailable(f"there is no policy {policy[:64]!r}; there are {POLICIES}")


def _installed(engine: str, catalog: EngineCatalog) -> Rules | None:
    try:
        return catalog.rules(engine)
    except EngineNotFound:
        return None


def _known(
    policy: str,
    engine: str,
    catalog: EngineCatalog,
    options: Mapping[str, JSON],
    seats: int | None,
) -> Rules:
    """The rules of an engine whose games can be known here."""
    rules = _installed(engine, catalog)
    if rules is None:
        raise PolicyNotAvailable(f"{policy} plays by the rules, and {engine} is not installed here")
    try:
        check_can_be_known(rules, rules.options(options), seats or rules.seats[0])
    except PolicyNotAvailable as error:
        message = f"{policy} cannot play {engine} from here: {error.message}"
        raise PolicyNotAvailable(message) from error
    return rules


def _check_thinks(rules: Rules, effort: Effort) -> None:
    """Raises `PolicyNotAvailable` if "mcts" knows no such limit, or cannot play this game."""
    policy_for("mcts", rules)
    if effort.depth is not None:
        raise PolicyNotAvailable("mcts looks as far ahead as the game goes; depth is for uci")
    if effort.iterations is None and isinstance(rules.engine, ChoosesActions):
        raise PolicyNotAvailable(
            f"{rules.name} brings a bot of its own that counts iterations, not time"
        )
