"""When the servers lived: what a `GameLog.beat` makes of the beats before it."""

from __future__ import annotations

from meeple.protocols import Outage


class Lives:
    """The last beat that is known here.

    A server that does not write its beats, because no game has a deadline, knows by itself that it
    lived; one that starts knows only what was written.
    """

    def __init__(self) -> None:
        self.last: int | None = None

    def beat(
        self, at: int, longest_gap: int, *, watched: bool, written: int | None = None
    ) -> Outage | None:
        """Take note of a beat; gives the outage that it ends.

        Args:
            at: server time of the beat, in ms.
            longest_gap: between two beats, in ms.
            watched: whether any game has a deadline: without, nobody missed the server.
            written: the last beat that the log holds, of this server or another.
        """
        known = [one for one in (self.last, written) if one is not None]
        before = max(known, default=at)
        self.last = max(at, before)
        return Outage(before, at) if watched and at - before > longest_gap else None
