"""The clocks of a game, as a fold of its log: how much each seat has left, and since when it runs.

A seat is on the clock from the first position in which it is to act to its action. Times are server
times in ms since 1970, and spans of ms; "now" is whatever the caller says.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec.structs import replace

from meeple.engine.time_controls import (
    Bank,
    ByoYomi,
    Correspondence,
    PerAction,
    Shown,
    TimeControl,
)

#: The way of an action over the net is not its player's time. What may be forgiven is bounded, for
#: a client can pretend: so many ms at the start and at most, and so many more after each action.
LAG_QUOTA, LAG_REFILL = 500, 100
#: How often in a row an engine acts for an absent seat, before that loses.
MAX_ABSENT = 3
#: A warning is due when so many ms are left, or this share of what the seat started with.
WARN_MS, WARN_SHARE = 10_000, 0.2


class SeatClock(msgspec.Struct, frozen=True, gc=False):
    """The clock of one seat.

    Attributes:
        bank: what it had when it came to act last.
        acted: whether it has acted yet: the first action may be free.
        since: from when the clock runs (which may be after a pause); None while it stands.
        used: ms of this turn that ran before ``since``.
        lag: ms that may be forgiven.
        absent: how often in a row its time ran out, since it acted itself.
        given: ms that it was given for its present or next action, where each has its own time.
    """

    bank: Bank
    acted: bool = False
    since: int | None = None
    used: int = 0
    lag: int = LAG_QUOTA
    absent: int = 0
    given: int = 0

    def spent(self, now: int) -> int:
        """How long this turn has run, without pauses."""
        return 0 if self.since is None else self.used + max(0, now - self.since)


class Clocks(msgspec.Struct, frozen=True, gc=False):
    """The clocks of all seats.

    Attributes:
        control: the time control.
        seats: one clock a seat.
        paused_until: the end of the last pause; 0: there was none.
    """

    control: TimeControl
    seats: tuple[SeatClock, ...]
    paused_until: int = 0

    # --- folding ------------------------------------------------------------------------------

    def turn(
        self,
        to_act: Collection[int],
        at: int,
        actor: int | None = None,
        lag: int = 0,
        absent: bool = False,
    ) -> Clocks:
        """The clocks after an entry.

        Args:
            to_act: the seats that are to act now.
            at: the time of the entry.
            actor: the seat that acted; None: nobody did.
            lag: ms of the action's way that are forgiven.
            absent: whether the engine acted in place of the absent player.
        """
        seats = list(self.seats)
        start = max(at, self.paused_until)
        for seat, clock in enumerate(seats):
            acted = seat == actor
            if clock.since is not None and (acted or seat not in to_act):
                clock = self._stopped(clock, at, acted, lag, absent)
            if clock.since is None and seat in to_act:
                clock = replace(clock, since=start, used=0)
            seats[seat] = clock
        return replace(self, seats=tuple(seats))

    def _stopped(self, clock: SeatClock, at: int, acted: bool, lag: int, absent: bool) -> SeatClock:
        spent, bank, quota, given = clock.spent(at), clock.bank, clock.lag, clock.given
        if not self.first(clock):
            if acted:
                lag = min(lag, quota, spent)
                spent -= lag
                quota = min(LAG_QUOTA, quota - lag + LAG_REFILL)
            # Who did not act keeps what is left of it: the action that it is for is yet to come.
            given = 0 if acted else max(0, min(given, self.budget(clock) - spent))
            bank = self.control.debit(bank, spent, acted)
        return SeatClock(
            bank,
            clock.acted or acted,
            None,
            0,
            quota,
            0 if acted and not absent else clock.absent,
            given,
        )

    def paused(self, since: int, until: int) -> Clocks:
        """The same, but that what runs stands still from ``since`` to ``until``.

        The same pause twice is one, and of two that overlap no moment counts twice.
        """
        seats = tuple(
            clock
            if clock.since is None or until <= clock.since
            else replace(clock, used=clock.used + max(0, since - clock.since), since=until)
            for clock in self.seats
        )
        return replace(self, seats=seats, paused_until=max(self.paused_until, until))

    def credited(self, seat: int, ms: int, at: int) -> Clocks:
        """The seat has been given so much more time, at ``at``; its time left grows by just that.

        Where every action has its own time, it is for the present one, or else the next that is
        not free; everywhere else it is main time. A byo-yomi period that was wholly used stays
        lost.
        """
        clock = self.seats[seat]
        if isinstance(self.control, (PerAction, Correspondence)):
            return self._with(seat, replace(clock, given=clock.given + ms))
        bank, used = clock.bank, clock.used
        if isinstance(self.control, ByoYomi) and not self.first(clock):
            # What the turn took so far is paid now; a period that was begun goes on to run.
            before, bank = bank, self.control.debit(bank, clock.spent(at), False)
            used -= self.control.budget(before) - self.control.budget(bank)
        bank = bank._replace(main=bank.main + ms)
        return self._with(seat, replace(clock, bank=bank, used=used))

    def credited_once(self, seat: int, ms: int) -> Clocks:
        """The same as logs understand it that do not say ``kept``.

        What a clock was given that stood was lost where every action has its own time, and main
        time could bring a byo-yomi period back.
        """
        clock = self.seats[seat]
        if isinstance(self.control, (PerAction, Correspondence)):
            used = clock.used if clock.since is None else clock.used - ms
            return self._with(seat, replace(clock, used=used))
        bank = clock.bank._replace(main=clock.bank.main + ms)
        return self._with(seat, replace(clock, bank=bank))

    def missed(self, seat: int) -> Clocks:
        """The seat's time has run out once more."""
        clock = self.seats[seat]
        return self._with(seat, replace(clock, absent=clock.absent + 1))

    def _with(self, seat: int, clock: SeatClock) -> Clocks:
        return replace(self, seats=(*self.seats[:seat], clock, *self.seats[seat + 1 :]))

    # --- asking -------------------------------------------------------------------------------

    @property
    def running(self) -> tuple[int, ...]:
        """The seats that are on the clock."""
        return tuple(seat for seat, one in enumerate(self.seats) if one.since is not None)

    def first(self, clock: SeatClock) -> bool:
        """Whether what the seat does next costs it nothing, for it is its first action."""
        return not clock.acted and self.control.first_move is not None

    def no_show(self, seat: int) -> bool:
        """Whether the seat would be one that never came, were its time to run out now."""
        return self.first(self.seats[seat])

    def budget(self, clock: SeatClock) -> int:
        """How long the turn may last in all, in ms."""
        if self.first(clock):
            return (self.control.first_move or 0) * 1000
        return self.control.budget(clock.bank) + clock.given

    def deadline(self, seat: int) -> int | None:
        """When the seat's time runs out; None while its clock stands."""
        clock = self.seats[seat]
        if clock.since is None:
            return None
        return clock.since + self.budget(clock) - clock.used

    def due_at(self) -> int | None:
        """When the first seat's time will have run out whatever may still be forgiven."""
        return min(
            (
                clock.since + self.budget(clock) - clock.used + clock.lag
                for clock in self.seats
                if clock.since is not None
            ),
            default=None,
        )

    def out(self, at: int) -> tuple[int, ...]:
        """The seats whose time has run out, whatever may still be forgiven."""
        return tuple(
            seat
            for seat, clock in enumerate(self.seats)
            if clock.since is not None and clock.spent(at) - clock.lag >= self.budget(clock)
        )

    def forgiven(self, seat: int, at: int, lag: int) -> int:
        """How many ms of a way of ``lag`` ms an action of the seat's is forgiven."""
        clock = self.seats[seat]
        return max(0, min(lag, clock.lag, clock.spent(at)))

    def in_time(self, seat: int, at: int, lag: int) -> bool:
        """Whether the seat may still act at ``at``, ``lag`` ms being forgiven."""
        clock = self.seats[seat]
        return clock.spent(at) - lag < self.budget(clock)

    def shown(self, seat: int, now: int) -> Shown:
        """What the seat's clock shows; it stands still during a first action that is free."""
        clock = self.seats[seat]
        spent = 0 if self.first(clock) else clock.spent(now)
        shown = self.control.shown(clock.bank, spent - clock.given)
        return shown if clock.since is not None else shown._replace(delay=0)

    def left(self, seat: int, now: int) -> int:
        """How many ms the seat has until its time runs out; its whole budget while it stands."""
        clock = self.seats[seat]
        return max(0, self.budget(clock) - clock.spent(now))

    def warnings(self) -> list[tuple[int, int]]:
        """When each seat on the clock is to be warned, with the seat, earliest first."""
        start = self.control.budget(self.control.bank())
        before = int(min(WARN_MS, start * WARN_SHARE))
        found = [
            (deadline - before, seat)
            for seat, clock in enumerate(self.seats)
            if (deadline := self.deadline(seat)) is not None and self.budget(clock) > before
        ]
        return sorted(found)

    @property
    def real_time(self) -> bool:
        """Whether players are expected to stay at the table: not in correspondence."""
        return not isinstance(self.control, Correspondence)


def new_clocks(control: TimeControl, seats: int) -> Clocks:
    """Clocks that stand, before the start."""
    return Clocks(control, (SeatClock(control.bank()),) * seats)
