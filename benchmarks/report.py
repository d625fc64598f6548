"""The figures as one table, with ratios to Meeple, for the console and for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.adapters import Adapter
from benchmarks.measure import Plan, Result

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MEEPLE = "meeple"
GOAL_MATCHES = 200

Results = Mapping[str, Result]


class Goal(NamedTuple):
    """What Meeple is to be: a figure of its own over that of a peer, at most this."""

    peer: str
    what: str
    figure: Callable[[Result], float | None]
    most: float


def _cpu(result: Result) -> float | None:
    found = result.throughput.get(GOAL_MATCHES)
    return None if found is None else found.cpu_us


def _p99(result: Result) -> float | None:
    return None if result.paced is None else result.paced.p99


def _idle(result: Result) -> float | None:
    return result.idle_kib


CPU = f"µs per action at {GOAL_MATCHES} matches"
GOALS = (
    Goal("boardgame", CPU, _cpu, 0.33),
    Goal("boardgame-files", CPU, _cpu, 0.05),
    Goal("colyseus", CPU, _cpu, 1.5),
    Goal("socketio-python", CPU, _cpu, 0.15),
    Goal("socketio-node", "memory per idle connection", _idle, 0.25),
    Goal("colyseus", "p99 at a paced load", _p99, 1.0),
)


def render(
    results: Results,
    adapters: Sequence[Adapter],
    plan: Plan,
    runs: int,
    machine: Sequence[str],
    versions: Mapping[str, str],
    missing: Sequence[str],
) -> str:
    """The document."""
    measured = [adapter for adapter in adapters if adapter.name in results]
    parts = [
        "# Benchmarks",
        "Written by `make bench` (`python -m benchmarks`); what is changed here by hand is lost "
        "with the next run.",
        _method(plan, runs),
        "## The machine",
        "\n".join(f"- {line}" for line in machine),
        "## Figures",
        _figures(results, measured, plan),
        _databases(results, measured, plan),
        _notes(results, measured, plan),
        "## Ratios",
        "Meeple's figure over the other's: below 1, Meeple needs less.",
        _ratios(results, measured, plan),
        _goals(results, {adapter.name: adapter.title for adapter in adapters}),
        "## What each server does for an action",
        _promises(measured),
        "## Versions",
        "\n".join(f"- {adapter.title}: {versions[adapter.name]}" for adapter in measured),
        "\n".join(f"Not measured: {reason}." for reason in missing),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _method(plan: Plan, runs: int) -> str:
    what = []
    if plan.matches:
        counts = ", ".join(map(str, plan.matches))
        what.append(
            f"tic-tac-toe at {counts} matches at once, each taking its next action when both "
            "players have seen the one before"
        )
    if plan.paced:
        what.append(
            f"{plan.rate:,.0f} actions a second over {plan.paced} matches, where the latency "
            "counts from when an action was due until both players have seen it"
        )
    if plan.idle:
        what.append(f"{plan.idle:,} connections that do nothing")
    return (
        "The same work for every server, one after the other, the server on one core and the load "
        "on another: "
        + "; ".join(what)
        + ". "
        + (f"Medians of {runs} runs. " if runs > 1 else "One run. ")
        + "µs per action is the processor time, user and system, of all the server's processes "
        "over the moves only, until it is idle again; making games and joining them is not in it. "
        "The load is plain sockets in a loop that polls and never sleeps: the wake-ups of a load "
        "that sleeps would be charged to the server."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _figures(results: Results, adapters: Sequence[Adapter], plan: Plan) -> str:
    head = ["server", *(f"µs per action, {count} matches" for count in plan.matches)]
    head += [f"actions/s, {count}" for count in plan.matches]
    head += ["paced p50, ms", "paced p99, ms"] if plan.paced else []
    head += ["KiB per idle connection"] if plan.idle else []
    rows = []
    for adapter in adapters:
        result = results[adapter.name]
        row = [adapter.title]
        row += [_number(result.throughput[count].cpu_us) for count in plan.matches]
        row += [f"{result.throughput[count].per_second:,.0f}" for count in plan.matches]
        if result.paced is not None:
            row += [f"{result.paced.p50:.2f}", f"{result.paced.p99:.2f}"]
        if result.idle_kib is not None:
            row.append(_number(result.idle_kib))
        rows.append(row)
    return _table(head, rows)


def _databases(results: Results, adapters: Sequence[Adapter], plan: Plan) -> str:
    """What a database of its own, beside the server, costs."""
    rows = []
    for adapter in adapters:
        figures = [results[adapter.name].throughput[count] for count in plan.matches]
        if any(figure.database_us for figure in figures):
            rows.append([adapter.title, *(_number(figure.database_us) for figure in figures)])
    if not rows:
        return ""
    head = ["server", *(f"its database's µs per action, {count}" for count in plan.matches)]
    return (
        "A database beside a server is not in its figures; it runs on the server's core, and "
        "takes of it:\n\n" + _table(head, rows)
    )


def _notes(results: Results, adapters: Sequence[Adapter], plan: Plan) -> str:
    """Where actions a second say more of the disk or the load than of the server."""
    if not plan.matches:
        return ""
    head = ["server", *(f"its core busy, {count}" for count in plan.matches)]
    head += [f"load's µs per action, {count}" for count in plan.matches]
    rows = []
    for adapter in adapters:
        figures = [results[adapter.name].throughput[count] for count in plan.matches]
        busy = [f"{figure.busy:.0%}" for figure in figures]
        rows.append([adapter.title, *busy, *(_number(figure.load_us) for figure in figures)])
    return (
        "Where the server did not use its core nearly all the time, its actions a second were "
        "bounded by something else: its disk, other processes on its core, or the load:\n\n"
        + _table(head, rows)
    )


def _ratios(results: Results, adapters: Sequence[Adapter], plan: Plan) -> str:
    ours = results.get(MEEPLE)
    peers = [adapter for adapter in adapters if adapter.name != MEEPLE]
    if ours is None or not peers:
        return "Meeple and a peer were not in the same run."
    head = ["Meeple ÷", *(f"µs per action, {count}" for count in plan.matches)]
    head += ["paced p50", "paced p99"] if plan.paced else []
    head += ["idle connection"] if plan.idle else []
    rows = []
    for adapter in peers:
        theirs = results[adapter.name]
        row = [adapter.title]
        row += [
            _ratio(ours.throughput[count].cpu_us, theirs.throughput[count].cpu_us)
            for count in plan.matches
        ]
        if ours.paced is not None and theirs.paced is not None:
            row.append(_ratio(ours.paced.p50, theirs.paced.p50))
            row.append(_ratio(ours.paced.p99, theirs.paced.p99))
        if ours.idle_kib is not None and theirs.idle_kib is not None:
            row.append(_ratio(ours.idle_kib, theirs.idle_kib))
        rows.append(row)
    return _table(head, rows)


def _goals(results: Results, titles: Mapping[str, str]) -> str:
    rows = []
    for goal in GOALS:
        if MEEPLE not in results or goal.peer not in results:
            continue
        ours, theirs = goal.figure(results[MEEPLE]), goal.figure(results[goal.peer])
        if ours is None or not theirs:
            continue
        met = "met" if ours / theirs <= goal.most else "missed"
        peer = titles[goal.peer]
        rows.append([f"{goal.what}, ÷ {peer}", f"{goal.most}", _ratio(ours, theirs), met])
    return "What Meeple is to be:\n\n" + _table(["", "at most", "is", ""], rows) if rows else ""


def _promises(adapters: Sequence[Adapter]) -> str:
    head = ["server", "checks the rules", "keeps it", "knows a player by", "acks"]
    lines = [head, ["---"] * len(head), *([a.title, *a.promise] for a in adapters)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}" if theirs > 0 else "–"
