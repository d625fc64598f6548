"""Does a bot that thinks delay anybody's move? ``python -m benchmarks.house_bots [ACTIONS]``.

It prints how long the ack of an action takes in games between people, in milliseconds: while no bot
thinks, and while bots of the highest level think all the time.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from meeple.client import Client, Rest
from meeple.schemas.rest import BotSeat
from tests.harness import server_process

#: Tables of connect four at once, and tables at which two bots play each other.
TABLES, BOT_TABLES = 4, 6
#: What the players may send a second.
SETTINGS = {"rate": "100000", "burst": "100000"}


async def game(url: str, tokens: list[str], actions: int) -> list[float]:
    """Seconds of each ack in games between two people."""
    taken: list[float] = []
    async with (
        Rest(url, tokens[0]) as one,
        Rest(url, tokens[1]) as other,
        Client(url, tokens[0]) as ann,
        Client(url, tokens[1]) as ben,
    ):
        while len(taken) < actions:
            game_id = (await one.create_game("connect-four")).game_id
            await other.take_seat(game_id)
            tables = [await ann.join(game_id), await ben.join(game_id)]
            for move in range(36):
                table = tables[move % 2]
                await table.wait_for(lambda table: table.my_turn or table.outcome is not None)
                if table.outcome is not None:
                    break
                started = time.perf_counter()
                await table.act(move // 6)
                taken.append(time.perf_counter() - started)
            await ann.leave(game_id)
            await ben.leave(game_id)
    return taken


async def measure(url: str, actions: int) -> str:
    async with Rest(url) as rest:
        tokens = [(await rest.guest("Player")).token for _ in range(2 * TABLES)]
    pairs = [tokens[at : at + 2] for at in range(0, len(tokens), 2)]
    found = await asyncio.gather(*(game(url, pair, actions // TABLES) for pair in pairs))
    every = [seconds * 1000 for taken in found for seconds in taken]
    cuts = quantiles(every, n=100)
    return f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms of {len(every)} actions"


async def bots_only(url: str) -> str:
    """A new table at which bots of the highest level play each other, of a user of its own."""
    async with Rest(url) as rest:
        account = await rest.guest("Host")
    bot = BotSeat("mcts", 10)
    async with Rest(url, account.token) as rest:
        return (await rest.create_game("openspiel:othello", seats=[bot, bot])).game_id


async def main(actions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder), **SETTINGS) as server:
            await measure(server.url, actions // 4)  # to warm up
            print("no bot thinks:  ", await measure(server.url, actions))
            made = [await bots_only(server.url) for _ in range(BOT_TABLES)]
            print("bots think:     ", await measure(server.url, actions))
            async with Rest(server.url) as rest:
                moves = [(await rest.game(game_id)).seq - 3 for game_id in made]
    print(f"moves of the bots meanwhile: {sum(moves)}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000))
