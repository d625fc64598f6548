"""The load: plain sockets, frames made beforehand, and a loop that polls and never sleeps.

A load that sleeps is woken by the server's sends, and on a virtual machine the server is charged
for the waking. What the server says is not decoded: a marker in its bytes tells that a move was
seen, and everything else is let go by, but for heartbeats, which are answered.
"""

from __future__ import annotations

import gc
import select
import time
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from benchmarks import websocket

#: Seconds without any progress after which the run is given up.
STALLED = 15.0
#: Seconds that a poll in vain takes at most; if it took longer, another process had the core.
VAIN = 5e-6
ENGINE_PONG = websocket.frame(b"3")
PLAYERS = 2


class Stalled(Exception):
    """The server did not answer, or not with what it should have."""


class Wire:
    """One connection.

    Attributes:
        prefix, marker: what a frame must begin with, and contain, to be the one that is awaited;
            no marker: none is.
    """

    __slots__ = ("came", "marker", "match", "prefix", "rest", "socket")

    def __init__(self, url: str, path: str) -> None:
        self.socket, self.rest = websocket.connect(url, path)
        self.match: Match | None = None
        self.prefix = b""
        self.marker: bytes | None = None
        self.came = b""

    def send(self, data: bytes) -> None:
        """Send a frame."""
        if self.socket.send(data) != len(data):
            raise Stalled("the server does not read")

    def read(self) -> bool:
        """Take what came; True if the awaited frame was in it."""
        return self.take(self.socket.recv(65536))

    def again(self) -> bool:
        """Look once more at what was kept; as `read`."""
        kept, self.rest = self.rest, b""
        return bool(kept) and self.take(kept)

    def take(self, data: bytes) -> bool:
        """Take these bytes; True if the awaited frame was completed by them."""
        if not data:
            raise Stalled(f"the server hung up; it last said {self.came[-300:]!r}")
        self.came = data
        if self.rest:
            data = self.rest + data
        size = len(data)
        at = 0
        found = False
        while size - at >= 2:
            length = data[at + 1]
            start = at + 2
            if length == 126:
                length = int.from_bytes(data[start : start + 2], "big")
                start += 2
            elif length == 127:
                length = int.from_bytes(data[start : start + 8], "big")
                start += 8
            end = start + length
            if end > size:
                break
            if (
                self.marker is not None
                and data.startswith(self.prefix, start)
                and data.find(self.marker, start, end) >= 0
            ):
                self.marker = None
                found = True
            elif data[at] != 0x81 or length == 1:
                self._heed(data[at], data[start:end])
            at = end
        self.rest = data[at:] if at < size else b""
        return found

    def _heed(self, first: int, payload: bytes) -> None:
        """Answer a heartbeat: Engine.IO's is a text, a WebSocket's a frame of its own."""
        if first == 0x81 and payload == b"2":
            self.send(ENGINE_PONG)
        elif first == 0x89:
            self.send(websocket.frame(payload, websocket.PONG))
        elif first == 0x88:
            raise Stalled(f"the server closed the connection: {payload!r}")


class Step(NamedTuple):
    """One action: who takes it, the frame, and what both players are then to see."""

    mover: int
    frame: bytes
    marker: bytes


class Match:
    """Two connections and the actions that they are to take, one after the other."""

    __slots__ = ("at", "due", "missing", "owed", "steps", "wires")

    def __init__(self, wires: Sequence[Wire]) -> None:
        self.wires = wires
        self.steps: Sequence[Step] = ()
        self.at = 0
        self.missing = 0
        self.due = 0.0
        self.owed: deque[float] = deque()
        for wire in wires:
            wire.match = self

    def begin(self, steps: Sequence[Step]) -> None:
        """Take these steps next."""
        self.steps = steps
        self.at = self.missing = 0
        self.owed.clear()

    def act(self, due: float) -> None:
        """Take the next step, which is due since then."""
        mover, frame, marker = self.steps[self.at]
        self.at += 1
        self.due = due
        self.missing = PLAYERS
        for wire in self.wires:
            wire.marker = marker
        self.wires[mover].send(frame)


class Window(NamedTuple):
    """What a stretch of play gave.

    Attributes:
        work: seconds of processor time that the load needed, without those of polls in vain.
    """

    actions: int
    elapsed: float
    latencies: list[float]
    work: float


class Load:
    """All connections, and the loop that serves them."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._wires: dict[int, Wire] = {}

    def connect(self, url: str, path: str) -> Wire:
        """Open a connection."""
        wire = Wire(url, path)
        self._wires[wire.socket.fileno()] = wire
        self._poll.register(wire.socket.fileno(), select.EPOLLIN)
        return wire

    def close(self, wires: Iterable[Wire] | None = None) -> None:
        """Drop these connections, or all."""
        for wire in list(self._wires.values() if wires is None else wires):
            fileno = wire.socket.fileno()
            del self._wires[fileno]
            self._poll.unregister(fileno)
            wire.socket.close()

    def pump(self, seconds: float = 0.0) -> None:
        """Answer heartbeats, and let everything else go by, for that long."""
        until = time.perf_counter() + seconds
        while True:
            events = self._poll.poll(0)
            for fileno, _ in events:
                self._wires[fileno].read()
            if not events and time.perf_counter() >= until:
                return

    def wait(
        self, wires: Collection[Wire], prefix: bytes, marker: bytes, data: bytes = b""
    ) -> None:
        """Send ``data`` on all of them; return when each has got that frame."""
        for wire in wires:
            wire.prefix, wire.marker = prefix, marker
            if data:
                wire.send(data)
        self.gather(wires)

    def gather(self, wires: Collection[Wire]) -> None:
        """Return when each of them has got the frame that it awaits."""
        # What came with the handshake's answer has not been looked at yet.
        missing = sum(not wire.again() for wire in wires)
        progress = time.perf_counter()
        while missing:
            for fileno, _ in self._poll.poll(0):
                if self._wires[fileno].read():
                    missing -= 1
                    progress = time.perf_counter()
            if time.perf_counter() - progress > STALLED:
                raise self._stalled(wires)

    def play(self, matches: Sequence[Match], rate: float | None = None) -> Window:
        """Play all matches to the end of their steps.

        Args:
            rate: actions a second over all matches, at even distances; without it, each step is
                taken once the one before was seen by both players. A latency counts from when the
                action was due, so a server that is late cannot hide it by holding up the load.
        """
        gc.collect()
        gc.disable()
        try:
            return self._play(matches, rate)
        finally:
            gc.enable()

    def _play(self, matches: Sequence[Match], rate: float | None) -> Window:
        clock, poll, wires = time.perf_counter, self._poll.poll, self._wires
        used = time.thread_time()
        latencies: list[float] = []
        left = total = sum(len(match.steps) for match in matches)
        spare, empty, seen_before = 0.0, 0, total
        scheduled, gap = total, 0.0
        started = progress = clock()
        if rate is None:
            for match in matches:
                match.act(started)
        else:
            scheduled, gap = 0, 1 / rate
        last, vain = started, False
        while left:
            now = clock()
            if vain:
                spare += min(now - last, VAIN)
                vain = False
            last = now
            while scheduled < total and started + scheduled * gap <= now:
                match = matches[scheduled % len(matches)]
                due = started + scheduled * gap
                if match.missing:
                    match.owed.append(due)
                else:
                    match.act(due)
                scheduled += 1
            events = poll(0)
            if not events:
                vain = True
                empty += 1
                if not empty & 0xFFFF:
                    if left != seen_before:
                        seen_before, progress = left, clock()
                    elif clock() - progress > STALLED:
                        raise self._stalled([w for match in matches for w in match.wires])
                continue
            for fileno, _ in events:
                wire = wires[fileno]
                if not wire.read() or wire.match is None:
                    continue
                match = wire.match
                match.missing -= 1
                if match.missing:
                    continue
                now = clock()
                latencies.append(now - match.due)
                left -= 1
                if match.at == len(match.steps):
                    continue
                if rate is None:
                    match.act(now)
                elif match.owed:
                    match.act(match.owed.popleft())
        elapsed = clock() - started
        return Window(total, elapsed, latencies, time.thread_time() - used - spare)

    @staticmethod
    def _stalled(wires: Iterable[Wire]) -> Stalled:
        for wire in wires:
            if wire.marker is not None:
                return Stalled(f"{wire.marker!r} did not come; last was {wire.came[-300:]!r}")
        return Stalled("nothing came")
