"""What this node knows of the ends of the logs, among other nodes that append to them too.

A log never changes where it was written, so what is known is true for ever; only whether there is
more can be known to the database alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from meeple.errors import DuplicateAction, SequenceConflict
from meeple.store.records import Append, EntryValues, RowValues


class Known:
    """The beginning of one game's log, as far as this node has seen it committed.

    Attributes:
        game_id: the game.
        next_seq: how far that is.
        action_ids: every action_id in it, with the seq of its entry.
        waiting: appends of this node's that are on their way.
    """

    __slots__ = ("action_ids", "game_id", "next_seq", "waiting")

    def __init__(self, game_id: str) -> None:
        self.game_id = game_id
        self.next_seq = 0
        self.action_ids: dict[str, int] = {}
        self.waiting = 0

    def check(self, append: Append) -> None:
        """Whether that may be appended to a log that ends here.

        Raises:
            DuplicateAction: an action_id of its is in the log, or twice in it.
            SequenceConflict: the log does not end just before it.
        """
        fresh: dict[str, int] = {}
        for entry in append.entries:
            action_id = entry[5]
            if action_id is not None:
                first = self.action_ids.get(action_id, fresh.get(action_id))
                if first is not None:
                    raise DuplicateAction(first)
                fresh[action_id] = entry[1]
        if append.expected_seq != self.next_seq:
            raise SequenceConflict

    def learn(self, seq: int, action_id: str | None) -> None:
        """Take note of a committed entry; those that are known already are passed over."""
        if seq == self.next_seq:
            self.next_seq += 1
            if action_id is not None:
                self.action_ids[action_id] = seq


class Heads:
    """What is known of the games used last.

    Args:
        capacity: how many, at most. One takes half a kilobyte and a hundred bytes more for each
            action_id.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}.")
        self._capacity = capacity
        self._heads: OrderedDict[str, Known] = OrderedDict()

    def of(self, game_id: str) -> Known:
        """What is known of a game, which becomes the one used last."""
        known = self._heads.get(game_id)
        if known is None:
            known = self._heads[game_id] = Known(game_id)
            if len(self._heads) > self._capacity:
                self._heads.popitem(last=False)
        else:
            self._heads.move_to_end(game_id)
        return known

    def clear(self) -> None:
        """Forget everything: another server may answer, which was behind the one before."""
        self._heads.clear()


class Chain:
    """The appends to one game that go in one transaction, each on top of the one before.

    Attributes:
        entries: what they come to.
        row, users: of the last append that has a row; None if none has.
        due: the deadline that the last append with one sets, in a list; empty if none has.
    """

    __slots__ = ("_action_ids", "due", "entries", "known", "row", "users")

    def __init__(self, known: Known) -> None:
        self.known = known
        self.entries: list[EntryValues] = []
        self.row: RowValues | None = None
        self.users: frozenset[str] = frozenset()
        self.due: list[int | None] = []
        self._action_ids: set[str] = set()

    def add(self, append: Append) -> bool:
        """Put it on top, if it fits there as far as is known."""
        if append.expected_seq != self.known.next_seq + len(self.entries):
            return False
        for entry in append.entries:
            action_id = entry[5]
            if action_id is not None:
                if action_id in self.known.action_ids or action_id in self._action_ids:
                    return False
                # Also if a later one is refused: it is asked about again, which costs only time.
                self._action_ids.add(action_id)
        self.entries += append.entries
        if append.row is not None:
            self.row, self.users = append.row, append.users
        if append.due_at is None or isinstance(append.due_at, int):
            self.due = [append.due_at]
        return True

    @property
    def first_seq(self) -> int:
        """The seq that decides about all of it."""
        return self.entries[0][1]

    def committed(self) -> None:
        """Its entries are in the log."""
        for entry in self.entries:
            self.known.learn(entry[1], entry[5])


def chains(batch: Iterable[Append], heads: Heads) -> tuple[list[Chain], list[Chain | None]]:
    """What of a batch can go together: its chains by game id, and in which one each append is.

    None: it does not fit on what is known; only the database can say why.
    """
    found: dict[str, Chain] = {}
    places: list[Chain | None] = []
    for append in batch:
        chain = found.get(append.game_id)
        if chain is None:
            chain = Chain(heads.of(append.game_id))
        if chain.add(append):
            found[append.game_id] = chain
            places.append(chain)
        else:
            places.append(None)
    return [found[game_id] for game_id in sorted(found)], places
