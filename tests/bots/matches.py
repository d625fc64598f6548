"""Whole games between bots over sockets, a server in this process between them.

``python -m tests.bots.matches ENGINE POLICY POLICY… --games N`` plays a longer match and says
who won; ``POLICY@200`` thinks 200 iterations, or nodes, long.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from math import comb
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from meeple.cli.serve import configure_logging
from meeple.client import Client, Rest, TableClient
from meeple.client.bots import Bot, Effort, Lobby, open_bot, play
from meeple.config import Settings
from meeple.engine import Outcome
from meeple.services.engine_catalog import EngineCatalog
from tests.harness import server_here
from tests.node import node

SECRET = "a secret that is for these matches only"
STOCKFISH = Path(__file__).parent.parent / "js/node_modules/stockfish/src/stockfish.js"


def stockfish() -> str:
    """The policy of the chess engine that the tests have."""
    assert STOCKFISH.is_file(), "run `make test`, which installs it"
    return f"uci:{node()} {STOCKFISH}"


class Contestant(NamedTuple):
    """A bot with a connection of its own."""

    bot: Bot
    lobby: Lobby
    client: Client

    async def table(self, game_id: str) -> TableClient:
        await self.lobby.sit(game_id)
        return await self.client.join(game_id)


@asynccontextmanager
async def contestant(
    url: str,
    policy: str,
    engine: str,
    *,
    effort: Effort | None = None,
    seed: int = 0,
    catalog: EngineCatalog | None = None,
    options: Mapping[str, Any] | None = None,
) -> AsyncIterator[Contestant]:
    async with Rest(url) as rest:
        token = (await rest.guest("Bot")).token
    async with Rest(url, token) as rest:
        lobby = Lobby(rest)
        async with (
            open_bot(
                policy,
                engine,
                lobby.log,
                catalog=catalog or EngineCatalog(),
                options=options or {},
                effort=effort or Effort.of(),
                rng=Random(seed),
            ) as bot,
            Client(url, token) as client,
        ):
            yield Contestant(bot, lobby, client)


async def one_game(
    bots: Sequence[Contestant], engine: str, options: Mapping[str, Any] | None = None
) -> Outcome:
    """A game that the first one makes; all must hear of the same end."""
    game_id = await bots[0].lobby.make(engine, options or {}, len(bots))
    tables = [await one.table(game_id) for one in bots]
    outcomes = await asyncio.gather(
        *(play(table, one.bot) for table, one in zip(tables, bots, strict=True))
    )
    assert [table.seat for table in tables] == list(range(len(bots)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    for one in bots:
        await one.client.leave(game_id)
    return outcomes[0]


async def match(
    url: str,
    engine: str,
    policies: Sequence[str],
    games: int,
    *,
    efforts: Sequence[Effort] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[int]:
    """How many games each policy won; the seats go round."""
    won = Counter[int]()
    async with AsyncExitStack() as stack:
        bots = [
            await stack.enter_async_context(
                contestant(url, policy, engine, effort=effort, seed=number, options=options)
            )
            for number, (policy, effort) in enumerate(
                zip(policies, efforts or [Effort.of()] * len(policies), strict=True)
            )
        ]
        for number in range(games):
            first = number % len(bots)
            outcome = await one_game([*bots[first:], *bots[:first]], engine, options)
            won.update((seat + first) % len(bots) for seat in outcome.winners)
    return [won[number] for number in range(len(policies))]


def chance_of(wins: int, games: int) -> float:
    """How likely so many wins or more would be if each were a toss of a coin."""
    return float(sum(comb(games, number) for number in range(wins, games + 1)) / 2**games)


def told(contestant: str) -> tuple[str, Effort]:
    """``POLICY`` or ``POLICY@ITERATIONS``."""
    policy, at, iterations = contestant.rpartition("@")
    return (policy, Effort.of(iterations=int(iterations))) if at else (contestant, Effort.of())


async def main(engine: str, contestants: Sequence[str], games: int) -> None:
    policies, efforts = zip(*map(told, contestants), strict=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=folder, secret=SECRET, rate=1e6)
        async with server_here(settings) as (url, _):
            won = await match(url, engine, policies, games, efforts=efforts)
    drawn = games - sum(won)
    for name, wins in zip(contestants, won, strict=True):
        print(f"{name}: {wins} of {games} won (p = {chance_of(wins, games):.2g}); {drawn} drawn")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine")
    parser.add_argument("contestants", nargs="+", help="POLICY, or POLICY@ITERATIONS")
    parser.add_argument("--games", type=int, default=20)
    given = parser.parse_args()
    configure_logging(Settings(log_level="warning"))
    asyncio.run(main(given.engine, given.contestants, given.games))
