"""Meeple beside its peers: server CPU per action, latency, memory per idle connection.

Each server runs as a user would run it, on one core, and the load on another, one server after the
other. Prints the figures and writes them to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, peers, report
from benchmarks.adapters import ADAPTERS, Adapter
from benchmarks.measure import Plan, Result, measure, medians
from benchmarks.servers import Cores

QUICK = Plan(
    matches=(200,),
    actions=5_000,
    seconds=1.0,
    patience=4.0,
    warm_up=4_000,
    paced_actions=1_800,
    idle=500,
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, report."""
    given = _parser().parse_args(arguments)
    plan = QUICK if given.quick else Plan()
    if given.matches is not None:
        plan = plan._replace(matches=tuple(given.matches))
    if given.no_paced:
        plan = plan._replace(paced=0)
    if given.no_idle:
        plan = plan._replace(idle=0)
    runs = given.runs or (1 if given.quick else 3)
    chosen = [a for a in ADAPTERS if not given.only or a.name in given.only]

    base = Path(given.folder or tempfile.gettempdir())
    about = machine.describe(base)
    if machine.file_system(base) in ("tmpfs", "ramfs"):
        print(f"{base} is in memory: nothing there is durable; give another --folder")
    allow_many_files()
    cores = Cores.chosen()
    if cores is None:
        print("one core for server and load: the figures are for their ratios only")

    chosen, node, missing = _runnable(chosen)
    if node:
        about.append(f"Node {peers.node_version(node)}")
    results = _run(chosen, plan, runs, node, cores, base)
    versions = {adapter.name: adapter.version() for adapter in chosen}
    text = report.render(results, chosen, plan, runs, about, versions, missing)
    print(text)
    if not given.no_write:
        report.DOCUMENT.write_text(text)


def _parser() -> argparse.ArgumentParser:
    names = [adapter.name for adapter in ADAPTERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, metavar="SERVER", help=", ".join(names))
    parser.add_argument("--runs", type=int, help="medians of so many (3; quick: 1)")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--matches", type=int, nargs="*", help="matches at once (50 200 500)")
    parser.add_argument("--no-paced", action="store_true", help="leave the latency out")
    parser.add_argument("--no-idle", action="store_true", help="leave the memory out")
    parser.add_argument("--no-write", action="store_true", help="print, but write no document")
    parser.add_argument("--folder", help="where servers keep their files; a disk, not memory")
    return parser


def _runnable(chosen: list[Adapter]) -> tuple[list[Adapter], str, list[str]]:
    """Those that can be run here, the Node for them, and why others cannot."""
    if not any(adapter.node for adapter in chosen):
        return chosen, "", []
    try:
        node = peers.node()
        peers.install()
    except peers.NoPeers as error:
        print(f"without the peers on Node: {error}", file=sys.stderr)
        left = [adapter for adapter in chosen if not adapter.node]
        gone = ", ".join(adapter.title for adapter in chosen if adapter.node)
        return left, "", [f"{gone}: {error}"]
    return chosen, node, []


def _run(
    chosen: Sequence[Adapter], plan: Plan, runs: int, node: str, cores: Cores | None, base: Path
) -> dict[str, Result]:
    """All servers in turn, that many times, so that what comes and goes hits all of them."""
    results: dict[str, list[Result]] = {adapter.name: [] for adapter in chosen}
    for run in range(runs):
        for adapter in chosen:
            started = time.monotonic()
            result = measure(adapter, plan, node, cores, base)
            results[adapter.name].append(result)
            figures = [f"{t.cpu_us:.1f} µs at {n}" for n, t in result.throughput.items()]
            if result.paced is not None:
                figures.append(f"p50/p99 {result.paced.p50:.2f}/{result.paced.p99:.2f} ms")
            if result.idle_kib is not None:
                figures.append(f"{result.idle_kib:.1f} KiB idle")
            took = time.monotonic() - started
            print(
                f"{run + 1}/{runs} {adapter.title}: {', '.join(figures)} ({took:.0f} s)",
                file=sys.stderr,
            )
    return {name: medians(each) for name, each in results.items()}


def allow_many_files() -> None:
    """Open files, for the load and for the servers, which inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(hard, 16_384)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
