"""Whatever is killed, stopped, frozen, cut or wiped: every ack is in the log once, and all saw it.

    MEEPLE_CHAOS_SECONDS=120 MEEPLE_CHAOS_MATCHES=30 python -m pytest tests/chaos

plays as long and as broadly as the promise is meant (`make chaos`); `make test` plays less of it.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from meeple import backends, bootstrap
from meeple.config import Settings
from tests.chaos.cluster import SECRET, Cluster, cluster
from tests.chaos.history import History
from tests.chaos.players import Match
from tests.proxy import Proxy

SECONDS = float(os.environ.get("MEEPLE_CHAOS_SECONDS", "6"))
MATCHES = int(os.environ.get("MEEPLE_CHAOS_MATCHES", "6"))
SEED = int(os.environ.get("MEEPLE_CHAOS_SEED", "20"))
FREEZE = 10.0 if SECONDS > 60 else 4.0

CLOCK = {"kind": "fischer", "initial": 60, "increment": 1, "first_move": None}

pytestmark = [pytest.mark.process, pytest.mark.timeout(SECONDS + 240)]

#: Breaks something, heals it, and comes back when it is whole again.
Fault = Callable[[Cluster, random.Random], Awaitable[None]]


async def killed(whole: Cluster, rng: random.Random) -> None:
    node = rng.choice(whole.nodes)
    await node.kill()
    await asyncio.sleep(rng.random() * 2)
    await node.start()


async def stopped(whole: Cluster, rng: random.Random) -> None:
    node = rng.choice(whole.nodes)
    assert await node.stop() == 0
    await node.start()


async def frozen(whole: Cluster, rng: random.Random) -> None:
    """A node stands still and wakes up with stale state; the balancer takes it for alive."""
    node = rng.choice(whole.nodes)
    node.freeze()
    try:
        await asyncio.sleep(FREEZE)
    finally:
        node.thaw()


async def database_restarted(whole: Cluster, rng: random.Random) -> None:
    await whole.restart_postgres(kill=False)


async def database_killed(whole: Cluster, rng: random.Random) -> None:
    await whole.restart_postgres(kill=True)


async def presence_gone(whole: Cluster, rng: random.Random) -> None:
    await asyncio.to_thread(whole.valkey.stop)
    await asyncio.sleep(FREEZE)
    await asyncio.to_thread(whole.valkey.start)


async def presence_wiped(whole: Cluster, rng: random.Random) -> None:
    async with Redis.from_url(whole.valkey.url) as valkey:
        await valkey.flushall()


async def presence_restarted(whole: Cluster, rng: random.Random) -> None:
    await asyncio.to_thread(whole.valkey.stop)
    await asyncio.to_thread(whole.valkey.start)


async def database_line(whole: Cluster, rng: random.Random) -> None:
    await _line(rng.choice(whole.nodes).to_postgres, rng)


async def presence_line(whole: Cluster, rng: random.Random) -> None:
    await _line(rng.choice(whole.nodes).to_valkey, rng)


async def _line(proxy: Proxy, rng: random.Random) -> None:
    kind = rng.choice(["cut", "requests", "answers", "black hole"])
    if kind == "requests":
        proxy.requests.clear()
    elif kind == "answers":
        proxy.answers.clear()
    elif kind == "black hole":
        proxy.black_hole()
    try:
        await asyncio.sleep(rng.random() * 3)
    finally:
        proxy.heal()
    if kind == "cut" or rng.random() < 0.5:
        proxy.cut()


async def clients_line(whole: Cluster, rng: random.Random) -> None:
    kind = rng.choice(["cut", "delay", "black hole"])
    if kind == "cut":
        whole.clients.cut(rng.random())
    elif kind == "delay":
        whole.clients.delay = 0.3
        await asyncio.sleep(3)
        whole.clients.delay = 0.0
    else:
        whole.clients.through.clear()
        await asyncio.sleep(rng.random() * 3)
        whole.clients.through.set()


async def keep_breaking(
    whole: Cluster, faults: list[Fault], until: asyncio.Event, rng: random.Random
) -> int:
    """One fault after the other, each at least once; gives how many there were."""
    happened = 0
    while not until.is_set() or happened < len(faults):
        await asyncio.sleep(0.5 + rng.random() * 1.5)
        await (faults[happened] if happened < len(faults) else rng.choice(faults))(whole, rng)
        happened += 1
    return happened


@asynccontextmanager
async def playing(
    whole: Cluster, history: History, rng: random.Random
) -> AsyncIterator[asyncio.Event]:
    """Matches go on until the event is set; afterwards the history is compared with the log."""
    over = asyncio.Event()
    engines = ["tic-tac-toe", "connect-four", "goofspiel"]
    matches = [
        Match(
            whole.clients.url,
            SECRET,
            engines,
            history,
            random.Random(rng.random()),
            # Half of them with clocks, which nobody may be cheated of.
            time_control=CLOCK if number % 2 else None,
        )
        for number in range(MATCHES)
    ]
    tasks = [asyncio.create_task(match.play(over)) for match in matches]
    try:
        yield over
        over.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 150)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    settings = Settings(database=whole.database)
    async with backends.open_log(settings) as log:
        faults = await history.faults(log, bootstrap.engine_factory())
    assert faults == []


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([killed, stopped, frozen], id="nodes"),
        pytest.param([database_restarted, database_killed], id="database"),
        pytest.param([presence_wiped, presence_restarted, presence_gone], id="presence"),
        pytest.param([database_line, presence_line, clients_line] * 2, id="lines"),
    ],
)
async def test_every_ack_is_in_the_log_once_and_all_saw_it(
    tmp_path: Path, faults: list[Fault]
) -> None:
    rng = random.Random(SEED)
    history = History()
    async with cluster(tmp_path, 3, rng) as whole:
        try:
            async with playing(whole, history, rng) as over:
                ends = asyncio.get_running_loop().call_later(SECONDS, over.set)
                happened = await keep_breaking(whole, faults, over, rng)
                ends.cancel()
        except BaseException:
            print(whole.output[-20_000:])
            raise
    print(f"{history.acked} acks, {happened} faults, {len(history.views)} last views")
    assert history.acked > 10 * MATCHES
