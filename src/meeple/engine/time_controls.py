"""Time controls: how long players may think, and what one action takes from it.

Fischer, Bronstein and simple delay are the "modes" of the FIDE Laws of Chess (glossary, article
6.3) and of the US Chess rules (5F); byo-yomi is the Japanese form, as in the rules of go servers
and of the AGA. All times here are in milliseconds, those of the controls in seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

import msgspec

from meeple.errors import InvalidMessage

DAY = 24 * 3600

Seconds = Annotated[int, msgspec.Meta(ge=1, le=DAY)]
Bonus = Annotated[int, msgspec.Meta(ge=0, le=3600)]
FirstMove = Annotated[int, msgspec.Meta(ge=1, le=3600)] | None


class Bank(NamedTuple):
    """What a seat has: main time in ms, and byo-yomi periods."""

    main: int
    periods: int = 0


class Shown(NamedTuple):
    """What a clock shows.

    Attributes:
        remaining: ms of main time; of the present period once there is no more.
        delay: ms until the main time starts to run.
        periods: byo-yomi periods left, the present one included.
        in_period: whether ``remaining`` is that of a period.
    """

    remaining: int
    delay: int = 0
    periods: int = 0
    in_period: bool = False


class _Control(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True
):
    """Base of the controls.

    Attributes:
        first_move: seconds that each seat has for its first action, which costs it nothing;
            null: clocks run from the start.
    """

    first_move: FirstMove = 30

    def bank(self) -> Bank:
        """What every seat starts with."""
        raise NotImplementedError

    def budget(self, bank: Bank) -> int:
        """How long the next action may take, in ms: as long as that is too long."""
        return bank.main

    def debit(self, bank: Bank, spent: int, acted: bool) -> Bank:
        """What is left after ``spent`` ms, at the end of which the seat ``acted``, or not."""
        raise NotImplementedError

    def shown(self, bank: Bank, spent: int) -> Shown:
        """What the clock shows when ``spent`` ms of the turn are over."""
        return Shown(max(0, bank.main - spent))


class PerAction(_Control, frozen=True, kw_only=True, tag="per_action"):
    """So many ``seconds`` for every action."""

    seconds: Seconds

    def bank(self) -> Bank:
        """See `_Control`."""
        return Bank(self.seconds * 1000)

    def debit(self, bank: Bank, spent: int, acted: bool) -> Bank:
        """Nothing: the next action has its own time."""
        return bank


class Correspondence(_Control, frozen=True, kw_only=True, tag="correspondence"):
    """So many ``days`` for every action."""

    days: Annotated[int, msgspec.Meta(ge=1, le=30)]
    first_move: FirstMove = None

    def bank(self) -> Bank:
        """See `_Control`."""
        return Bank(self.days * DAY * 1000)

    def debit(self, bank: Bank, spent: int, acted: bool) -> Bank:
        """Nothing: the next action has its own time."""
        return bank


class Fischer(_Control, frozen=True, kw_only=True, tag="fischer"):
    """``initial`` seconds, and ``increment`` more after every action."""

    initial: Seconds
    increment: Bonus = 0

    def bank(self) -> Bank:
        """See `_Control`."""
        return Bank(self.initial * 1000)

    def debit(self, bank: Bank, spent: int, acted: bool) -> Bank:
        """What was spent goes, the increment comes."""
        return Bank(max(0, bank.main - spent) + (self.increment * 1000 if acted else 0))


class Bronstein(_Control, frozen=True, kw_only=True, tag="bronstein"):
    """``initial`` seconds; after every action what it took comes back, up to ``delay`` seconds."""

    initial: Seconds
    delay: Bonus

    def bank(self) -> Bank:
        """See `_Control`."""
        return Bank(self.initial * 1000)

    def debit(self, bank: Bank, spent: int, acted: bool) -> Bank:
        """Never more than there was before the action."""
        spent = min(spent, bank.main)
        return Bank(bank.main - spent + (min(spent, self.delay * 1000) if acted else 0))


class Delay(_Control, frozen=True, kw_only=True, tag="delay"):
    """``initial`` seconds, which start to run ``delay`` seconds into every action."""

    initial: Seconds
    delay: Bonus

    def bank(self) -> Bank:
        """See `_Control`."""
        return Bank(self.initial * 1000)

    def budget(self, bank: Bank) -> int:
        """The delay, then the main time."""
        return bank.main + self.delay * 1000

    def debit(self, bank: Bank, spent: int, acted: bool) -> Bank:
        """What was spent beyond the delay."""
        return Bank(max(0, bank.main - max(0, spent - self.delay * 1000)))

    def shown(self, bank: Bank, spent: int) -> Shown:
        """See `_Control`."""
        return Shown(self.debit(bank, spent, False).main, max(0, self.delay * 1000 - spent))


class ByoYomi(_Control, frozen=True, kw_only=True, tag="byo_yomi"):
    """``main`` seconds, then ``periods`` of ``period`` seconds, each lost if wholly used."""

    main: Annotated[int, msgspec.Meta(ge=0, le=DAY)]
    periods: Annotated[int, msgspec.Meta(ge=1, le=100)]
    period: Seconds

    def bank(self) -> Bank:
        """See `_Control`."""
        return Bank(self.main * 1000, self.periods)

    def budget(self, bank: Bank) -> int:
        """The main time and all periods."""
        return bank.main + bank.periods * self.period * 1000

    def debit(self, bank: Bank, spent: int, acted: bool) -> Bank:
        """The main time first, then whole periods; one that was begun is whole the next time."""
        if spent < bank.main:
            return Bank(bank.main - spent, bank.periods)
        lost = (spent - bank.main) // (self.period * 1000)
        return Bank(0, max(0, bank.periods - lost))

    def shown(self, bank: Bank, spent: int) -> Shown:
        """See `_Control`."""
        left = self.debit(bank, spent, False)
        if left.main:
            return Shown(left.main, 0, left.periods, False)
        period = self.period * 1000
        over = (spent - bank.main) % period
        return Shown(period - over if left.periods else 0, 0, left.periods, True)


class NoControl(
    msgspec.Struct, frozen=True, tag_field="kind", tag="none", forbid_unknown_fields=True
):
    """Nobody looks at the clock."""


TimeControl: TypeAlias = PerAction | Fischer | Bronstein | Delay | ByoYomi | Correspondence


def time_control(data: Any) -> TimeControl | None:
    """The control that JSON describes; None for null and the kind ``none``.

    Raises:
        InvalidMessage: it describes none, or one out of bounds.
    """
    if isinstance(data, (_Control, NoControl)):
        data = msgspec.to_builtins(data)
    try:
        control: TimeControl | NoControl | None = msgspec.convert(
            data, TimeControl | NoControl | None
        )
    except msgspec.ValidationError as error:
        raise InvalidMessage(f"time_control: {error}") from error
    return None if isinstance(control, NoControl) else control
