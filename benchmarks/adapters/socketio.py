"""Socket.IO as a client that knows what it wants to say, and little of what it hears."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from benchmarks import websocket
from benchmarks.load import Load, Wire

PATH = "/socket.io/?EIO=4&transport=websocket"
#: Connections opened before the heartbeats of the others are looked at.
BATCH = 100


def connect(load: Load, url: str, namespace: str, auths: Sequence[Any]) -> list[Wire]:
    """Connections in that namespace, one for each auth."""
    wires: list[Wire] = []
    for first in range(0, len(auths), BATCH):
        batch = [load.connect(url, PATH) for _ in auths[first : first + BATCH]]
        load.wait(batch, b"0{", b"sid")
        for wire, auth in zip(batch, auths[first : first + BATCH], strict=True):
            wire.prefix, wire.marker = f"40{namespace},".encode(), b"sid"
            wire.send(packet(f"40{namespace}," + ("" if auth is None else json.dumps(auth))))
        load.gather(batch)
        wires += batch
    return wires


def packet(text: str) -> bytes:
    """A packet, framed."""
    return websocket.frame(text.encode())


def event(namespace: str, ack: int | None, name: str, *arguments: Any) -> bytes:
    """An event, framed, with a request for an ack if it has a number."""
    body = json.dumps([name, *arguments], separators=(",", ":"))
    return packet(f"42{namespace},{'' if ack is None else ack}{body}")
