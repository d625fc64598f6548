"""Plays recorded games again in other processes, where hashes are other ones.

Two servers that fold the same log are two processes: what depends on the order of a set, on `hash`
or on `id` is the same again within one of them, and another in the next.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from meeple.engine.conformance.position import portrait
from meeple.engine.conformance.probe import GameStopped, Probe
from meeple.engine.conformance.replay import Record, positions
from meeple.engine.conformance.report import Problem

#: Games that are played again, and how many actions they may come to.
GAMES = 30
ACTIONS = 10_000
#: Seconds that the other processes get.
PATIENCE = 300
#: How much a report shows of what is here and what is there.
SHOWN = 300


class Unreachable(Exception):
    """Another process cannot make the engine; the message says why."""


class Finding(msgspec.Struct):
    """What another process found.

    Attributes:
        unreachable: why it cannot make the engine; None if it can.
        game, step: the number of the first game that is another one there, and from when on.
        looks: what it looks like there, by method; empty if it cannot be played there.
        problems: why not.
    """

    unreachable: str | None = None
    game: int | None = None
    step: int = 0
    looks: dict[str, str] = {}
    problems: tuple[Problem, ...] = ()


def packed(engine: object) -> bytes:
    """The engine as it is now, to be made again in another process.

    Raises:
        Unreachable: that is not possible.
    """
    module = type(engine).__module__
    if module == "__main__":
        raise Unreachable(f"{type(engine).__name__} is in the module that was run, not imported")
    try:
        return pickle.dumps(engine)
    except Exception as error:
        # What cannot be pickled raises what it likes.
        raise Unreachable(f"{error}; an engine's class has to be at the top of a module") from error


def check_processes(
    probe: Probe, engine: bytes, records: Sequence[Record], hash_seeds: Sequence[int]
) -> None:
    """Play the games again, in one process for each hash seed; what differs is noted.

    Raises:
        Unreachable: another process cannot make the engine.
    """
    some = list(_bounded(records))
    task = pickle.dumps((engine, some))
    children = [_start(number) for number in hash_seeds]
    try:
        for number, child in zip(hash_seeds, children, strict=True):
            out, err = _communicate(child, task)
            if child.returncode:
                raise Unreachable(err.decode(errors="replace").strip()[-SHOWN:])
            _note(probe, msgspec.json.decode(out, type=Finding), some, number)
    finally:
        for child in children:
            child.kill()
            child.communicate()


def _bounded(records: Sequence[Record]) -> Iterator[Record]:
    actions = 0
    for record in records[:GAMES]:
        actions += len(record.turns)
        if actions > ACTIONS:
            return
        yield record


def _start(hash_seed: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": str(hash_seed),
        # What can be imported here can be imported there.
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "meeple.engine.conformance.elsewhere"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _communicate(child: subprocess.Popen[bytes], task: bytes) -> tuple[bytes, bytes]:
    try:
        return child.communicate(task, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"it was not done in {PATIENCE} seconds") from error


def _note(probe: Probe, finding: Finding, records: Sequence[Record], hash_seed: int) -> None:
    if finding.unreachable is not None:
        raise Unreachable(finding.unreachable)
    if finding.game is None:
        return
    there = f"in another process (PYTHONHASHSEED={hash_seed})"
    record = records[finding.game]
    compared = _compare(probe, finding, record)
    probe.begin(record.setting)
    probe.step = finding.step
    for problem in finding.problems:
        message = f"This is found {there} only:\n{problem.message}"
        probe.note(problem.check, "another process", message)
    if finding.looks:
        message = (
            f"From here on the game is another one {there}.\n{compared}"
            "Sort what comes out of a set, and use neither `hash()` nor `id()`."
        )
        probe.note("determinism", "processes", message)


def _compare(probe: Probe, finding: Finding, record: Record) -> str:
    """The first thing that differs, as it is here and as it is there."""
    try:
        position = next(islice(positions(probe, record), finding.step, None))
    except GameStopped:
        return ""
    here = portrait(position)
    for name in {**here, **finding.looks}:
        one, other = here.get(name, "nothing"), finding.looks.get(name, "nothing")
        if one != other:
            return f"{name}:\nhere:  {one:.{SHOWN}}\nthere: {other:.{SHOWN}}\n"
    return ""
