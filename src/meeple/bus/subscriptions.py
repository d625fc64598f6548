"""What a node wants to hear of, what it has asked for, and what it does hear."""

from __future__ import annotations

import asyncio
from collections import Counter


class Subscriptions:
    """The games of one node. It sends nothing: `take` says what is to be asked for.

    A game may be wanted, not wanted and wanted again while the first answer is under way, so it
    counts as heard when the last answer that is owed has come.
    """

    def __init__(self) -> None:
        self._connected = False
        self._wanted: set[str] = set()
        #: Games of which the server is still to be told that they are wanted, or are no more.
        self._changed: set[str] = set()
        #: Games of which the server knows that they are wanted, as far as it was told.
        self._asked: set[str] = set()
        #: How many answers the server owes for a game.
        self._owed: Counter[str] = Counter()
        self._heard: set[str] = set()
        self._waiting: dict[str, asyncio.Event] = {}

    def __contains__(self, game_id: str) -> bool:
        """Whether the game is wanted."""
        return game_id in self._wanted

    @property
    def pending(self) -> bool:
        """Whether there is something to `take`."""
        return bool(self._changed)

    def want(self, game_id: str, wanted: bool) -> None:
        """From now on, the game is wanted, or is no more."""
        if wanted == (game_id in self._wanted):
            return
        (self._wanted.add if wanted else self._wanted.discard)(game_id)
        self._heard.discard(game_id)
        if self._connected:  # else all that is wanted is asked for on connecting
            self._changed.add(game_id)

    def heard(self, game_id: str) -> bool:
        """Whether the server has confirmed that the game is heard, on this connection."""
        return game_id in self._heard

    async def confirmed(self, game_id: str, patience: float) -> bool:
        """Wait until a wanted game is heard, for so many seconds at most; gives `heard`."""
        if self._connected and game_id not in self._heard:
            waiting = self._waiting.setdefault(game_id, asyncio.Event())
            try:
                async with asyncio.timeout(patience):
                    await waiting.wait()
            except TimeoutError:
                return False
        return game_id in self._heard

    # --- the connection -----------------------------------------------------------------------

    def connected(self) -> None:
        """The server knows nothing yet."""
        self._connected = True
        self._asked.clear()
        self._changed = set(self._wanted)

    def disconnected(self) -> None:
        """Nothing is heard any more; whoever waits need not."""
        self._connected = False
        self._changed.clear()
        self._heard.clear()
        self._owed.clear()
        for waiting in self._waiting.values():
            waiting.set()
        self._waiting.clear()

    def take(self) -> tuple[list[str], list[str]]:
        """The games that are to be subscribed to, and those to be unsubscribed from, now."""
        changed, self._changed = self._changed, set()
        come = [game for game in changed if game in self._wanted and game not in self._asked]
        gone = [game for game in changed if game not in self._wanted and game in self._asked]
        self._asked.update(come)
        self._asked.difference_update(gone)
        self._owed.update(come)
        self._owed.update(gone)
        return come, gone

    def answered(self, game_id: str, subscribed: bool) -> None:
        """The server has done what it was asked.

        Raises:
            ConnectionError: it was not asked: a slot has moved to another node of the cluster.
        """
        if not self._owed[game_id]:
            raise ConnectionError("a channel has moved")
        self._owed[game_id] -= 1
        if self._owed[game_id]:
            return
        del self._owed[game_id]
        if subscribed and game_id in self._wanted:
            self._heard.add(game_id)
            waiting = self._waiting.pop(game_id, None)
            if waiting is not None:
                waiting.set()
