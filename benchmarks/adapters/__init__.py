"""The servers that are measured, Meeple first."""

from benchmarks.adapters.base import Adapter, Promise, Table
from benchmarks.adapters.boardgame import Boardgame
from benchmarks.adapters.colyseus import Colyseus
from benchmarks.adapters.meeple import Meeple, MeepleOnPostgres
from benchmarks.adapters.relay import NodeRelay, PythonRelay

ADAPTERS: tuple[Adapter, ...] = (
    Meeple(),
    MeepleOnPostgres(),
    Boardgame(files=False),
    Boardgame(files=True),
    Colyseus(),
    NodeRelay(),
    PythonRelay(),
)

__all__ = ["ADAPTERS", "Adapter", "Promise", "Table"]
