"""The house's bots against a client that plays by chance, over sockets of a real server.

``python -m tests.bots.against_chance ENGINE [LEVEL [GAMES]]`` prints how they fare.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from math import comb
from pathlib import Path
from random import Random
from typing import NamedTuple

from meeple.client import Client, Rest
from meeple.schemas.rest import BotSeat
from tests.harness import server_process

#: What random players may send a second.
SETTINGS = {"rate": "100000", "burst": "100000"}


class Score(NamedTuple):
    """Games of the bot's."""

    won: int
    drawn: int
    lost: int

    @property
    def chance(self) -> float:
        """How likely it is to win so many of the decided games, or more, by luck alone."""
        decided = self.won + self.lost
        return float(sum(comb(decided, won) for won in range(self.won, decided + 1)) / 2**decided)


async def match(url: str, engine: str, level: int, games: int) -> Score:
    """So many games, the seats in turn."""
    async with Rest(url) as rest:
        account = await rest.guest("Chance")
    won, drawn, lost = 0, 0, 0
    async with Rest(url, account.token) as rest, Client(url, account.token) as client:
        for number in range(games):
            bot = BotSeat("mcts", level)
            seats: list[str | BotSeat | None] = ["me", bot] if number % 2 else [bot, "me"]
            winners = await play(rest, client, engine, seats, Random(number))
            won += bool(winners) and seats.index(bot) in winners
            lost += bool(winners) and seats.index(bot) not in winners
            drawn += not winners
    return Score(won, drawn, lost)


async def play(
    rest: Rest, client: Client, engine: str, seats: list[str | BotSeat | None], rng: Random
) -> tuple[int, ...]:
    """One game; gives the winners."""
    table = await client.join((await rest.create_game(engine, seats=seats)).game_id)
    while True:
        await table.wait_for(lambda one: one.outcome is not None or one.my_turn, seconds=60)
        if table.outcome is not None:
            await client.leave(table.game_id)
            return table.outcome.winners
        assert table.state.legal_actions
        await table.act(rng.choice(table.state.legal_actions))


async def main(engine: str, level: str = "5", games: str = "20") -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder), **SETTINGS) as server:
            started = time.monotonic()
            score = await match(server.url, engine, int(level), int(games))
            seconds = time.monotonic() - started
            assert "bot plays by chance" not in server.output, server.output
    print(f"{engine} level {level}: {score}, by luck {score.chance:.2g}, {seconds:.0f} s")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
