"""What the servers take of a player's time is given back, and the log says so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from meeple import backends, bootstrap
from meeple.client import Client, Rest, TableClient
from meeple.config import Settings
from meeple.engine.game import Game, fold_all
from meeple.engine.log import Entry, EntryKind, GameStatus
from meeple.services.clock import SystemClock
from meeple.services.tables import Tables
from meeple.services.timekeeper import BEAT
from meeple.services.timing import COMING_BACK
from meeple.services.tokens import TokenIssuer
from tests.chaos.cluster import SECRET, Cluster, cluster

#: Less than any of the outages here takes; with the lag that may be forgiven it is 3.5 seconds.
CONTROL = {"kind": "fischer", "initial": 3, "increment": 0, "first_move": None}
#: What a busy machine needs for anything, in ms.
BUSY = 1_000

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]


class Play:
    """A game of Ann's against Ben, who are connected, by the balancer, for as long as it lasts."""

    def __init__(self, whole: Cluster, game_id: str, tables: list[TableClient]) -> None:
        self.whole = whole
        self.game_id = game_id
        self.tables = tables

    async def logged(self) -> tuple[list[Entry], list[Game]]:
        """The game's log, and the game after each of its entries."""
        async with backends.open_log(Settings(database=self.whole.database)) as log:
            entries = await log.read(self.game_id)
            tables = Tables(bootstrap.engine_factory(), log)
            return entries, [step.game for step in fold_all(entries, tables.rules)]


@asynccontextmanager
async def playing(folder: Path, nodes: int, control: Any) -> AsyncIterator[Play]:
    """Ann is to act; all that is between the clients and the log is real."""
    issuer = TokenIssuer(SECRET)
    tokens = [issuer.issue(uuid4(), name, 3600)[0] for name in ("Ann", "Ben")]
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(cluster(folder, nodes, random.Random(3)))
        clients = [
            await stack.enter_async_context(Client(whole.clients.url, token, answer_timeout=3))
            for token in tokens
        ]
        async with Rest(whole.urls[0], tokens[0]) as rest:
            made = await rest.create_game("tic-tac-toe", time_control=control)
        async with Rest(whole.urls[-1], tokens[1]) as rest:
            await rest.take_seat(made.game_id)
        tables = [await client.join(made.game_id) for client in clients]
        try:
            yield Play(whole, made.game_id, tables)
        except BaseException:
            print(whole.output[-10_000:])
            raise


def check_given_back(entries: list[Entry], games: list[Game], since: int, until: int) -> None:
    """The clocks stood, from a beat before it at the earliest, until both had come back."""
    assert not any(entry.kind is EntryKind.TIMED_OUT for entry in entries)
    assert games[-1].status is GameStatus.LIVE
    pauses = [entry.payload for entry in entries if entry.kind is EntryKind.PAUSED]
    assert {pause["reason"] for pause in pauses} == {"downtime"}
    assert since - BEAT - BUSY <= pauses[0]["since"] <= since
    assert until < pauses[-1]["until"] <= until + COMING_BACK + 2 * BEAT + BUSY
    # Before and after it, they had a moment each.
    assert left_of(games, 0) > 3_000 - BEAT - BUSY
    assert left_of(games, 1) > 3_000 - BUSY


def now() -> int:
    return SystemClock().now_ms()


def left_of(games: list[Game], seat: int) -> int:
    clock = games[-1].clock
    assert clock is not None
    return clock.seats[seat].bank.main


async def test_nobody_pays_for_the_time_in_which_all_nodes_were_dead(tmp_path: Path) -> None:
    async with playing(tmp_path, 3, CONTROL) as play:
        nodes = play.whole.nodes
        await asyncio.gather(*(node.kill() for node in nodes))
        down = now()
        # The outage itself: nothing happens in it that could be waited for.
        await asyncio.sleep(4)
        await asyncio.gather(*(node.start() for node in nodes))
        up = now()
        await play.tables[0].act(0)
        await play.tables[1].act(4)
        check_given_back(*await play.logged(), down, up)


async def test_nobody_pays_for_the_time_in_which_the_database_was_down(tmp_path: Path) -> None:
    async with playing(tmp_path, 2, CONTROL) as play:
        postgres = play.whole.postgres
        await asyncio.to_thread(postgres.kill)
        down = now()
        acting = asyncio.create_task(play.tables[0].act(0))
        await asyncio.sleep(8)
        await asyncio.to_thread(postgres.start)
        up = now()
        await acting
        await play.tables[1].act(4)
        entries, games = await play.logged()
        check_given_back(entries, games, down, up)
        assert [entry.kind for entry in entries].count(EntryKind.ACTION) == 2


async def test_the_clocks_stand_for_a_planned_restart_and_the_game_goes_on_elsewhere(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path, 2, {**CONTROL, "initial": 60}) as play:
        ann, ben = play.tables
        for turn, node in enumerate(play.whole.nodes):
            node.up = False
            assert await node.stop() == 0
            await ann.act(2 * turn)
            await ben.act(2 * turn + 1)
            await ann.wait_for(lambda one: one.seq >= ben.seq)
            await node.start()
            node.up = True
        entries, games = await play.logged()
        pauses = [entry for entry in entries if entry.kind is EntryKind.PAUSED]
        assert 1 <= len(pauses) <= 2  # the two may have been on one node
        assert {entry.payload["reason"] for entry in pauses} == {"restart"}
        assert [entry.kind for entry in entries].count(EntryKind.ACTION) == 4
        for pause in pauses:
            before, after = (games[seq].clock for seq in (pause.seq, pause.seq + 1))
            assert before is not None
            assert after is not None
            # Who was to act, did so before the clocks ran again.
            [seat] = games[pause.seq].to_act
            was, now_is = before.seats[seat], after.seats[seat]
            assert now_is.bank.main >= was.bank.main - was.used
