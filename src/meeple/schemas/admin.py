"""The bodies of requests and answers under ``/admin``, beside those that services make."""

from __future__ import annotations

from typing import Annotated

import msgspec

from meeple.protocols import Act, Sanction
from meeple.schemas.rest import Body

#: A reason that an admin gives, which stays in the audit log for ever.
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class Because(Body, frozen=True):
    """Why an admin does something."""

    reason: Reason = ""


class NewSanction(Body, frozen=True):
    """``PUT /admin/users/{id}/sanctions/{kind}``: for so many seconds, or for good."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    seconds: Annotated[int, msgspec.Meta(ge=1, le=10 * 366 * 86_400)] | None = None


class SanctionList(msgspec.Struct, frozen=True):
    """``GET /admin/sanctions``: those that hold, newest first; ``total`` may be more."""

    sanctions: list[Sanction]
    total: int


class AuditPage(msgspec.Struct, frozen=True):
    """``GET /admin/audit``, newest first; ``cursor`` asks for the next page, null: no more."""

    acts: list[Act]
    cursor: str | None


class Done(msgspec.Struct, frozen=True):
    """It was done, or is about to be."""

    ok: bool = True
