"""Connect four: discs fall into the columns of an upright board."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from meeple.engine import IllegalAction, Outcome

COLUMNS = 7
ROWS = 6
#: The four ways a line can run, each as (columns, rows) from one cell to the next.
DIRECTIONS = ((1, 0), (0, 1), (1, 1), (1, -1))


class State(NamedTuple):
    """The board: for each column the seats of its discs, from the bottom up."""

    columns: tuple[tuple[int, ...], ...]
    last: int | None  # the column of the last disc, which is the one on top of it


class ConnectFour:
    """Drop discs in turn; four in a row, in any direction, win."""

    perfect_information = True
    takebacks = True

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> State:
        """An empty board."""
        return State(columns=((),) * COLUMNS, last=None)

    def to_act(self, state: State) -> list[int]:
        """The seats take turns, seat 0 first."""
        return [] if self.outcome(state) else [sum(map(len, state.columns)) % 2]

    def legal_actions(self, state: State, seat: int) -> list[int]:
        """The columns, 0 to 6 from the left, that have room."""
        if seat not in self.to_act(state):
            return []
        return [number for number, column in enumerate(state.columns) if len(column) < ROWS]

    def apply(self, state: State, seat: int, action: Any, rng: Random) -> State:
        """Drop a disc into a column."""
        # True equals 1 in Python, so the type is asked for as well.
        if type(action) is not int or action not in self.legal_actions(state, seat):
            raise IllegalAction("Choose a column that has room, 0 to 6.")
        columns = list(state.columns)
        columns[action] += (seat,)
        return State(tuple(columns), last=action)

    def view(self, state: State, seat: int | None) -> dict[str, Any]:
        """The grid as rows from the top, and the cell of the last disc; the same for everybody."""
        grid = [
            [column[height] if height < len(column) else None for column in state.columns]
            for height in reversed(range(ROWS))
        ]
        if state.last is None:
            return {"grid": grid, "last": None}
        row = ROWS - len(state.columns[state.last])
        return {"grid": grid, "last": {"row": row, "column": state.last}}

    def outcome(self, state: State) -> Outcome | None:
        """A line of four, or a full board."""
        if state.last is None:
            return None
        # Only the last disc can have made a line: every earlier position was looked at before.
        seat = state.columns[state.last][-1]
        if any(self._line_length(state, *direction) >= 4 for direction in DIRECTIONS):
            return Outcome(winners=(seat,), reason="line")
        if all(len(column) == ROWS for column in state.columns):
            return Outcome(winners=(), reason="board_full")
        return None

    def _line_length(self, state: State, across: int, up: int) -> int:
        """How many discs of one seat stand in line with the last disc, itself included."""
        one_way = sum(1 for _ in self._same(state, across, up))
        return 1 + one_way + sum(1 for _ in self._same(state, -across, -up))

    def _same(self, state: State, across: int, up: int) -> Iterator[int]:
        """The discs of the same seat that follow the last disc in one direction."""
        assert state.last is not None
        number = state.last
        height = len(state.columns[number]) - 1
        seat = state.columns[number][height]
        while True:
            number, height = number + across, height + up
            if not (0 <= number < COLUMNS and 0 <= height < len(state.columns[number])):
                return
            if state.columns[number][height] != seat:
                return
            yield seat
