"""Where each game's log ends, kept in memory so that an append reads nothing.

Only the process that owns the whole log can trust what it remembers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from meeple.errors import DuplicateAction, SequenceConflict
from meeple.store.records import EntryValues


class Head:
    """The end of one game's log.

    Attributes:
        next_seq: the seq of the entry that comes next.
        action_ids: every action_id in the log, with the seq of its entry.
        users: the ids of the users who have a seat according to the index row.
    """

    __slots__ = ("action_ids", "next_seq", "users")

    def __init__(
        self,
        next_seq: int = 0,
        action_ids: dict[str, int] | None = None,
        users: frozenset[str] = frozenset(),
    ) -> None:
        self.next_seq = next_seq
        self.action_ids = {} if action_ids is None else action_ids
        self.users = users

    def admit(self, expected_seq: int, entries: list[EntryValues]) -> None:
        """Move on by ``entries`` if they may be appended; stay as it is if not.

        Raises:
            DuplicateAction: an action_id of theirs is in the log, or twice among them.
            SequenceConflict: the log does not end just before them.
        """
        fresh: dict[str, int] = {}
        for _, seq, _, _, _, action_id, _ in entries:
            if action_id is not None:
                first = self.action_ids.get(action_id, fresh.get(action_id))
                if first is not None:
                    raise DuplicateAction(first)
                fresh[action_id] = seq
        if expected_seq != self.next_seq:
            raise SequenceConflict
        self.action_ids.update(fresh)
        self.next_seq += len(entries)


class Heads:
    """The heads of the games used last.

    Args:
        capacity: how many `trim` leaves; at least 1. A head takes about half a kilobyte, and a
            hundred bytes more for each action_id.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}.")
        self._capacity = capacity
        self._heads: OrderedDict[str, Head] = OrderedDict()

    def __len__(self) -> int:
        return len(self._heads)

    def __contains__(self, game_id: object) -> bool:
        return game_id in self._heads

    def __getitem__(self, game_id: str) -> Head:
        """The head of a game, which becomes the one used last; `KeyError` if it is not here."""
        head = self._heads[game_id]
        self._heads.move_to_end(game_id)
        return head

    def __setitem__(self, game_id: str, head: Head) -> None:
        self._heads[game_id] = head

    def forget(self, game_ids: Iterable[str]) -> None:
        """Drop what is remembered of these games."""
        for game_id in game_ids:
            self._heads.pop(game_id, None)

    def trim(self) -> None:
        """Drop the heads that were not used for longest, down to the capacity.

        It is not done on insertion, because a head that is ahead of the database (its batch is
        not committed yet) must stay.
        """
        while len(self._heads) > self._capacity:
            self._heads.popitem(last=False)
