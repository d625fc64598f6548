"""Bans and mutes in time, and an audit log that comes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from meeple.errors import Banned, InvalidMessage, Unavailable
from meeple.protocols import Act, Sanction, SanctionKind
from meeple.services.audit import Audit
from meeple.services.moderation import Moderation
from meeple.services.tokens import Identity, TokenVerifier
from meeple.store.memory_admin import MemoryAdminStore

ROOT, ANN, BEN = (UUID(int=number) for number in (1, 2, 3))
ADMIN = Identity(ROOT, "Root", None, admin=True)


class HandClock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def now_ms(self) -> int:
        return self.now


class Down(MemoryAdminStore):
    """A database that does not answer."""

    async def append_act(self, act: Act) -> None:
        raise Unavailable

    async def impose(self, sanction: Sanction) -> None:
        raise Unavailable


def sanction(user_id: UUID = ANN, kind: SanctionKind = SanctionKind.BAN, **fields: Any) -> Sanction:
    given: dict[str, Any] = {
        "user_id": user_id,
        "kind": kind,
        "since": 1_000_000,
        "until": 1_060_000,
        "why": "rude",
        "admin_id": ROOT,
        "admin_name": "Root",
    }
    return Sanction(**given | fields)


async def test_a_ban_ends_by_itself() -> None:
    clock = HandClock()
    moderation = Moderation(MemoryAdminStore(), clock)
    await moderation.impose(sanction())
    clock.now += 59_999
    with pytest.raises(Banned, match="until 1970-01-01 00:17 UTC"):
        moderation.check(ANN)
    moderation.check(BEN)
    clock.now += 1
    moderation.check(ANN)
    assert (moderation.of(ANN), moderation.all()) == ([], [])


async def test_a_mute_is_no_ban_and_a_ban_no_mute() -> None:
    moderation = Moderation(MemoryAdminStore(), HandClock())
    await moderation.impose(sanction(ANN, SanctionKind.MUTE))
    await moderation.impose(sanction(BEN))
    moderation.check(ANN)
    assert not moderation.may_chat(ANN)
    assert moderation.may_chat(BEN)


async def test_a_node_hears_of_what_another_imposes_and_lifts() -> None:
    store, clock = MemoryAdminStore(), HandClock()
    here, there = Moderation(store, clock), Moderation(store, clock)
    dropped: list[UUID] = []
    there.serve(lambda user_id, error: dropped.append(user_id))
    await here.impose(sanction())
    there.check(ANN)
    await there.refresh()
    with pytest.raises(Banned):
        there.check(ANN)
    assert dropped == [ANN]
    # Once more each time: one may have come in while its ban was on the way.
    await there.refresh()
    assert dropped == [ANN, ANN]
    await here.lift(ANN, SanctionKind.BAN)
    await there.refresh()
    there.check(ANN)


async def test_a_ban_that_could_not_be_kept_does_not_hold() -> None:
    moderation = Moderation(Down(), HandClock())
    with pytest.raises(Unavailable):
        await moderation.impose(sanction())
    moderation.check(ANN)


@pytest.mark.parametrize(
    "wrap", [lambda one: one, lambda one: Identity(one, "Ann", None)], ids=["UUID", "Identity"]
)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
async def test_whatever_verifies_a_token_it_is_not_taken_from_who_is_banned(
    wrap: Callable[[UUID], Any], later: bool
) -> None:
    def at_once(token: str) -> Any:
        return wrap(UUID(int=int(token))) if token else None

    async def awaited(token: str) -> Any:
        return at_once(token)

    moderation = Moderation(MemoryAdminStore(), HandClock())
    verify: TokenVerifier = moderation.verifier(awaited if later else at_once)
    await moderation.impose(sanction())

    async def verified(token: str) -> Any:
        verdict: Any = verify(token)
        return await verdict

    assert await verified("3") == wrap(BEN)
    assert await verified("") is None
    with pytest.raises(Banned):
        await verified("2")


# --- the audit log ----------------------------------------------------------------------------


async def test_what_cannot_be_noted_is_not_done() -> None:
    audit, done = Audit(Down(), HandClock()), False
    with pytest.raises(Unavailable):
        async with audit.act(ADMIN, "abort", "g"):
            done = True
    assert not done
    audit = Audit(MemoryAdminStore(), HandClock())
    with pytest.raises(InvalidMessage):
        async with audit.act(ADMIN, "abort", "g", "\0"):
            done = True
    assert not done


async def test_acts_of_one_moment_stand_in_the_order_in_which_they_were_done() -> None:
    clock = HandClock()
    audit = Audit(MemoryAdminStore(), clock)
    for number in range(20):
        # A clock that was set back makes no difference.
        clock.now -= number == 10
        async with audit.act(ADMIN, "abort", str(number), cause=number):
            pass
    acts = (await audit.acts()).acts[::-1]
    assert [one.target for one in acts] == [str(number) for number in range(20)]
    assert [one.details["cause"] for one in acts] == list(range(20))
    assert {one.at for one in acts} == {1_000_000}
