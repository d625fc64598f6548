"""Durable actions a second, server CPU per action, memory per idle connection.

The server runs as a user would run it (SQLite with an fsync for every commit, JWT sessions, real
rules), on one core; the load on another. Every action is acked and seen by both players before the
next one of its match.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from meeple.client import Rest

#: A game of tic-tac-toe that fills the board without a winner.
DRAW = (0, 1, 2, 4, 3, 5, 7, 6, 8)
#: The seq of a two-player game's start.
STARTED = 3
STATE_SEQ = re.compile(r'"seq":(\d+)')


class Figures(NamedTuple):
    """What one run gives."""

    actions_per_second: float
    cpu_us_per_action: float
    p50_ms: float
    p99_ms: float


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[str, psutil.Process]]:
    """A server process on the first core that this process may use."""
    environment = {
        **os.environ,
        "MEEPLE_DATA": str(folder),
        "MEEPLE_RATE": "1000000",
        "MEEPLE_BURST": "1000000",
        "MEEPLE_LOG_LEVEL": "info",
        "MEEPLE_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "meeple", "serve", "--port", "0"]
    with (folder / "server.log").open("w+") as output:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=output)
        try:
            url = None
            deadline = time.monotonic() + 30
            while url is None and time.monotonic() < deadline:
                found = re.search(r'"url": "([^"]+)"', (folder / "server.log").read_text())
                url = found.group(1) if found else None
                await asyncio.sleep(0.02)
            if url is None:
                raise RuntimeError((folder / "server.log").read_text())
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()
            await process.wait()


async def arrive(stack: AsyncExitStack, url: str, token: str) -> ClientConnection:
    """A WebSocket in the /game namespace."""
    address = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    socket = await stack.enter_async_context(connect(address, ping_interval=None, compression=None))
    await socket.recv()
    await socket.send("40/game," + json.dumps({"token": token}))
    await socket.recv()
    return socket


async def expect(socket: ClientConnection, prefix: str, seq: int) -> None:
    """Read until a frame with that beginning and that seq."""
    while True:
        frame = str(await socket.recv())
        if frame == "2":
            await socket.send("3")
        elif frame.startswith(prefix):
            found = STATE_SEQ.search(frame)
            if found is None:
                raise RuntimeError(frame)
            if int(found.group(1)) == seq:
                return


async def play(sockets: list[ClientConnection], games: list[str], latencies: list[float]) -> int:
    """Play the games one after the other; gives how many actions were played."""
    for game_id in games:
        for socket in sockets:
            await socket.send(f'42/game,0["game:join",{{"game_id":"{game_id}"}}]')
            await expect(socket, '42/game,["game:state"', STARTED)
        for move, action in enumerate(DRAW):
            mover, other = sockets[move % 2], sockets[1 - move % 2]
            seq = STARTED + 1 + move
            payload = f'{{"game_id":"{game_id}","action":{action},"action_id":"{move}"}}'
            sent = time.perf_counter()
            await mover.send(f'42/game,{move + 1}["game:action",{payload}]')
            await expect(mover, f"43/game,{move + 1}[", seq)
            await expect(mover, '42/game,["game:state"', seq)
            await expect(other, '42/game,["game:state"', seq)
            latencies.append(time.perf_counter() - sent)
    return len(games) * len(DRAW)


async def measure_actions(url: str, server: psutil.Process, matches: int, rounds: int) -> Figures:
    """All matches at once, each playing ``rounds`` games."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(Rest(url))
        tokens = [(await one.guest("Ann")).token, (await one.guest("Ben")).token]
        first, second = [await stack.enter_async_context(Rest(url, token)) for token in tokens]
        games: list[list[str]] = []
        for _ in range(matches):
            row = []
            for _ in range(rounds):
                row.append((await first.create_game("tic-tac-toe")).game_id)
                await second.take_seat(row[-1])
            games.append(row)
        sockets = [[await arrive(stack, url, token) for token in tokens] for _ in range(matches)]
        latencies: list[float] = []
        before, started = sum(server.cpu_times()[:2]), time.perf_counter()
        played = await asyncio.gather(*map(play, sockets, games, itertools.repeat(latencies)))
        elapsed = time.perf_counter() - started
        cpu = sum(server.cpu_times()[:2]) - before
        actions = sum(played)
    cuts = statistics.quantiles(latencies, n=100)
    return Figures(
        actions / elapsed, cpu / actions * 1e6, statistics.median(latencies) * 1e3, cuts[98] * 1e3
    )


async def measure_idle(url: str, server: psutil.Process, connections: int) -> float:
    """KiB of server memory for each connection that does nothing."""
    async with AsyncExitStack() as stack:
        async with Rest(url) as rest:
            token = (await rest.guest("Idle")).token
        await arrive(stack, url, token)
        before = server.memory_info().rss
        for _ in range(connections):
            await arrive(stack, url, token)
        return float(server.memory_info().rss - before) / connections / 1024


async def run(matches: int, rounds: int, idle: int) -> None:
    """One run, printed."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    with tempfile.TemporaryDirectory() as folder:
        async with serving(Path(folder)) as (url, server):
            if len(cores) > 1:
                server.cpu_affinity(cores[:1])
                os.sched_setaffinity(0, cores[1:2])
            per_connection = await measure_idle(url, server, idle)
            figures = await measure_actions(url, server, matches, rounds)
    print(f"matches at once                {matches}")
    print(f"durable actions a second       {figures.actions_per_second:,.0f}")
    print(f"server CPU per action          {figures.cpu_us_per_action:,.0f} µs")
    print(f"action seen by both, p50/p99   {figures.p50_ms:.1f} / {figures.p99_ms:.1f} ms")
    print(f"memory per idle connection     {per_connection:.0f} KiB (of {idle})")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--matches", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5, help="games that each match plays")
    parser.add_argument("--idle", type=int, default=500, help="idle connections to open")
    given = parser.parse_args()
    uvloop.run(run(given.matches, given.rounds, given.idle))


if __name__ == "__main__":
    main()
