"""Plays for minutes, and looks whether the server keeps what it should have let go.

    python -m benchmarks.soak --minutes 10 --matches 300

Memory and file descriptors are read once a minute, each time when the server has come to rest. It
fails if the last minute ends with more than the first did, but for what a heap of that size moves
by itself. Writes docs/soak.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks import machine
from benchmarks.__main__ import allow_many_files
from benchmarks.adapters.base import Table
from benchmarks.adapters.meeple import Meeple
from benchmarks.load import Load
from benchmarks.measure import quiet
from benchmarks.servers import Cores, Server

DOCUMENT = Path(__file__).parents[1] / "docs" / "soak.md"
#: By how much memory may have grown in the end, as a share of that after the first minute.
GROWTH = 0.10
#: File descriptors that may be open in the end beyond those after the first minute.
DESCRIPTORS = 4


class Minute(NamedTuple):
    """What was seen at the end of a minute; latencies in ms."""

    actions: int
    p50: float
    p99: float
    mib: float
    descriptors: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, play, report; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument("--matches", type=int, default=300, help="matches at once (300)")
    parser.add_argument("--rate", type=float, default=2_000, help="actions a second (2000)")
    parser.add_argument("--no-write", action="store_true", help="print, but write no document")
    given = parser.parse_args(arguments)
    allow_many_files()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        meeple = Meeple()
        environment = meeple.environment(folder)
        with Server(meeple.command(""), environment, folder, Cores.chosen()) as server:
            load = Load()
            table = meeple.open(load, server.url, given.matches)
            minutes = [
                _minute(server, load, table, given.rate, min(60.0, given.minutes * 60))
                for _ in range(max(2, round(given.minutes)))
            ]
            table.close()
    faults = _faults(minutes)
    text = _report(minutes, faults, given)
    print(text)
    if not given.no_write:
        DOCUMENT.write_text(text)
    return 1 if faults else 0


def _minute(server: Server, load: Load, table: Table, rate: float, seconds: float) -> Minute:
    latencies: list[float] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        table.deal()
        latencies += load.play(table.matches, rate).latencies
    quiet(load, server)
    cuts = statistics.quantiles(latencies, n=100)
    return Minute(
        len(latencies),
        cuts[49] * 1e3,
        cuts[98] * 1e3,
        server.memory() / 2**20,
        sum(process.num_fds() for process in _processes(server)),
    )


def _processes(server: Server) -> list[psutil.Process]:
    main = psutil.Process(server.pid)
    return [main, *main.children(recursive=True)]


def _faults(minutes: Sequence[Minute]) -> list[str]:
    first, last = minutes[0], minutes[-1]
    faults = []
    if last.mib > first.mib * (1 + GROWTH):
        faults.append(f"memory grew from {first.mib:.0f} to {last.mib:.0f} MiB")
    if last.descriptors > first.descriptors + DESCRIPTORS:
        faults.append(f"descriptors grew from {first.descriptors} to {last.descriptors}")
    return faults


def _sound(minutes: Sequence[Minute]) -> str:
    first, last = minutes[0], minutes[-1]
    middle = minutes[len(minutes) // 2]
    return (
        f"From the first minute to the last: {last.mib / first.mib - 1:+.1%} of memory,"
        f" {last.descriptors - first.descriptors:+d} file descriptors."
        f" From the middle to the last: {last.mib / middle.mib - 1:+.1%} of memory. It fails beyond"
        f" {GROWTH:+.0%} and {DESCRIPTORS:+d} from the first to the last."
    )


def _report(minutes: Sequence[Minute], faults: Sequence[str], given: argparse.Namespace) -> str:
    total = sum(minute.actions for minute in minutes)
    rows = [
        f"| {number} | {one.actions:,} | {one.p50:.1f} | {one.p99:.1f} | {one.mib:.1f} |"
        f" {one.descriptors} |"
        for number, one in enumerate(minutes, 1)
    ]
    lines = [
        "# Soak",
        "",
        f"{given.matches} matches of tic-tac-toe at once, one game after the other, on SQLite:"
        f" {total:,} actions, {total / (60 * len(minutes)):,.0f} a second, games made and joined"
        f" meanwhile. (While a game is played, {given.rate:.0f} actions a second are sent.)",
        "",
        *(f"- {line}" for line in machine.describe(Path(tempfile.gettempdir()))),
        "",
        "| minute | actions | p50, ms | p99, ms | memory, MiB | file descriptors |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        *(faults or [_sound(minutes)]),
        "",
        "Made by `make soak`.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
