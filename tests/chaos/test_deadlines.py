"""One-second clocks on three nodes, one of which is killed: each runs out once, and in time.

    MEEPLE_CHAOS_GAMES=500 python -m pytest tests/chaos/test_deadlines.py

is as many as the promise is meant for (`make chaos`); `make test` takes fewer.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from meeple import backends, bootstrap
from meeple.client import Rest
from meeple.config import Settings
from meeple.engine.game import fold_all
from meeple.engine.log import Entry, EntryKind
from meeple.protocols import GameLog
from meeple.services.clock import SystemClock
from meeple.services.tables import Tables
from meeple.services.tokens import TokenIssuer
from tests.chaos.cluster import SECRET, Cluster, cluster

GAMES = int(os.environ.get("MEEPLE_CHAOS_GAMES", "100"))
#: Requests under way at each node.
AT_ONCE = 8
#: A deadline is the second, and what may be forgiven of lag. Nodes look once a second for those of
#: a node that died; and this machine has its games to end and their entries to write, all at once.
TAKEOVER_MS = 1_000
MACHINE_MS = 1_000

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]

CONTROLS = [
    {"kind": "per_action", "seconds": 1, "first_move": None},
    {"kind": "fischer", "initial": 1, "increment": 0, "first_move": None},
]


async def shared_out(
    nodes: Sequence[list[Rest]], games: Sequence[Any], do: Callable[[Rest, Any], Awaitable[str]]
) -> list[str]:
    """Do something with each of the games: each node's share at the same time as the others'."""
    done: list[str] = []

    async def work(rest: Rest, share: list[Any]) -> None:
        while share:
            done.append(await do(rest, share.pop()))

    shares = [list(games[number :: len(nodes)]) for number in range(len(nodes))]
    await asyncio.gather(
        *(work(rest, share) for node, share in zip(nodes, shares, strict=True) for rest in node)
    )
    return done


async def begin(whole: Cluster) -> list[str]:
    """The games are made, and then all of them begin, as good as at once."""
    issuer = TokenIssuer(SECRET)

    async def make(rest: Rest, control: Any) -> str:
        return (await rest.create_game("tic-tac-toe", time_control=control)).game_id

    async def sit(rest: Rest, game_id: str) -> str:
        return (await rest.take_seat(game_id)).game_id

    async with AsyncExitStack() as stack:

        async def lines(name: str) -> list[list[Rest]]:
            token = issuer.issue(uuid4(), name, 3600)[0]
            rests = [[Rest(url, token, timeout=30) for _ in range(AT_ONCE)] for url in whole.urls]
            return [[await stack.enter_async_context(one) for one in node] for node in rests]

        ann, ben = await lines("Ann"), await lines("Ben")
        games = await shared_out(ann, [CONTROLS[n % 2] for n in range(GAMES)], make)
        return await shared_out(ben, games, sit)


async def over(log: GameLog, games: Sequence[str]) -> list[list[Entry]]:
    """The logs of the games once all have ended."""
    async with asyncio.timeout(30):
        while await log.due_games(1 << 62, 1):  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.2)
    return [await log.read(game_id) for game_id in games]


async def test_every_timeout_happens_once_and_in_time_though_a_node_is_killed(
    tmp_path: Path,
) -> None:
    catalog = bootstrap.engine_factory()
    late = []
    async with cluster(tmp_path, 3, random.Random(1)) as whole:
        async with backends.open_log(Settings(database=whole.database)) as log:
            games = await begin(whole)
            await whole.nodes[0].kill()
            killed_at = SystemClock().now_ms()
            logs = await over(log, games)
            tables = Tables(catalog, log)
        assert len(logs) == GAMES
        for entries in logs:
            kinds = [entry.kind for entry in entries]
            # Nothing was given back either: the death of one node is no outage.
            assert kinds[-3:] == [EntryKind.STARTED, EntryKind.TIMED_OUT, EntryKind.ENDED]
            [*_, begun, _, _] = fold_all(entries, tables.rules)
            assert begun.game.clock is not None
            due_at = begun.game.clock.due_at()
            assert due_at is not None
            assert due_at == entries[-3].at + 1_500
            late.append(entries[-1].at - due_at)
    after = sum(entries[-1].at > killed_at for entries in logs)
    print(f"{GAMES} games, {after} ran out after the kill, {max(late)} ms late at most")
    assert after >= GAMES / 5
    assert min(late) >= 0
    assert max(late) <= TAKEOVER_MS + MACHINE_MS
