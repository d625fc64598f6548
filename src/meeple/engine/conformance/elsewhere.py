"""The other process of `meeple.engine.conformance.processes`: a task comes in, a finding goes out.

It is run as ``python -m meeple.engine.conformance.elsewhere``.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from meeple.engine.conformance.position import portrait
from meeple.engine.conformance.probe import GameStopped, Probe
from meeple.engine.conformance.processes import Finding
from meeple.engine.conformance.replay import Record, positions


def find(engine: Any, records: Sequence[Record]) -> Finding:
    """The first position that is another one than in the records."""
    probe = Probe(engine)
    for number, record in enumerate(records):
        try:
            for step, position in enumerate(positions(probe, record)):
                if position.digest != record.trail[step]:
                    return Finding(game=number, step=step, looks=portrait(position))
        except GameStopped:
            return Finding(game=number, step=probe.step, problems=probe.problems)
    return Finding()


def main() -> None:
    """Do the task on stdin, which the kit wrote, and write the finding on stdout."""
    packed, records = pickle.loads(sys.stdin.buffer.read())
    out, sys.stdout = sys.stdout, sys.stderr  # an engine that prints does not print into it
    try:
        engine = pickle.loads(packed)
    except Exception as error:  # noqa: BLE001 - a module may raise anything when it is imported
        finding = Finding(unreachable=f"{type(error).__name__}: {error}")
    else:
        finding = find(engine, records)
    out.buffer.write(msgspec.json.encode(finding))
    out.flush()


if __name__ == "__main__":
    main()
