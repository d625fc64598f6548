"""Token buckets: how much one client may ask for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

#: Entries that are folded for one token: what shows how a game was, folds it from its beginning.
FOLDED = 20


class TokenBucket:
    """Lets ``burst`` requests through at once, and ``rate`` a second in the long run."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def take(self, now: float, tokens: float = 1) -> bool:
        """Take tokens at ``now`` (seconds of a clock that never runs backwards), if there is one.

        What there are too few of is owed, so that what costs much can be had, and not often.
        """
        if self._at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= tokens
        return True


class RateLimiter:
    """A token bucket for each of many clients; those heard of least lately are forgotten.

    Args:
        rate, burst: as for `TokenBucket`.
        clients: how many are remembered at once.
    """

    def __init__(self, rate: float, burst: float, *, clients: int = 10_000) -> None:
        self._rate = rate
        self._burst = burst
        self._clients = clients
        self._buckets: OrderedDict[Hashable, TokenBucket] = OrderedDict()

    def take(self, client: Hashable, now: float, tokens: float = 1) -> bool:
        """Take tokens of the client's at ``now``; see `TokenBucket.take`."""
        bucket = self._buckets.get(client)
        if bucket is None:
            bucket = self._buckets[client] = TokenBucket(self._rate, self._burst)
            if len(self._buckets) > self._clients:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(client)
        return bucket.take(now, tokens)
