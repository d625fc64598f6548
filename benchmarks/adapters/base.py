"""What the benchmark needs to know of a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from benchmarks.load import Load, Match, Wire

#: A game of tic-tac-toe that fills the board without a winner.
DRAW = (0, 1, 2, 4, 3, 5, 7, 6, 8)


class Promise(NamedTuple):
    """What a server does for an action, and so what its figures pay for."""

    rules: str
    durable: str
    identity: str
    ack: str


class Adapter(Protocol):
    """One kind of server: how to start it, and how to speak to it.

    Attributes:
        name: to choose it by.
        title: for the table.
        promise: what it guarantees.
        node: whether it runs on Node.
    """

    name: str
    title: str
    promise: Promise
    node: bool

    def command(self, node: str) -> Sequence[str]:
        """What starts it, on a port of its choice."""

    def environment(self, folder: Path) -> Mapping[str, str]:
        """What it gets in the environment; it may keep its files in that folder."""

    def version(self) -> str:
        """Of what it is made."""

    def open(self, load: Load, url: str, count: int) -> Table:
        """That many matches, each with its two players connected."""

    def idle(self, load: Load, url: str, count: int) -> list[Wire]:
        """That many connections that are let in and then do nothing."""


class Table(Protocol):
    """Matches at one server."""

    matches: list[Match]

    def deal(self) -> None:
        """Set up the next game of every match, ready for its first move."""

    def close(self) -> None:
        """Drop the connections."""
