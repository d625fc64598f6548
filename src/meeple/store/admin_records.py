"""Acts and sanctions as the databases keep them, and the SQL that both have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meeple.protocols import Act, ActPage, Sanction
from meeple.store.records import MAX_INT64, MIN_INT64, encode_cursor

ACT_COLUMNS = Act.__struct_fields__
SANCTION_COLUMNS = Sanction.__struct_fields__

_ACT = ", ".join(ACT_COLUMNS)
_SANCTION = ", ".join(SANCTION_COLUMNS)

#: Each of these may be run twice, and comes to the same. ``{}`` stands for a parameter.
APPEND_ACT = (
    f"INSERT INTO acts ({_ACT}) VALUES ({', '.join(['{}'] * len(ACT_COLUMNS))})"
    " ON CONFLICT (id) DO NOTHING"
)
IMPOSE = (
    f"INSERT INTO sanctions ({_SANCTION}) VALUES ({', '.join(['{}'] * len(SANCTION_COLUMNS))})"
    " ON CONFLICT (user_id, kind) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in SANCTION_COLUMNS[2:])
)
LIFT = "DELETE FROM sanctions WHERE user_id = {} AND kind = {}"
SANCTIONS = (
    f"SELECT {_SANCTION} FROM sanctions WHERE until IS NULL OR until > {{}}"
    " ORDER BY since, user_id, kind"
)


def page_of_acts(target: str | None, before: str | None, limit: int) -> tuple[str, list[Any]]:
    """The query for so many acts, newest first, and its parameters."""
    given = [("target =", target), ("id <", before)]
    conditions = [f"{condition} {{}}" for condition, value in given if value is not None]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    sql = f"SELECT {_ACT} FROM acts{where} ORDER BY id DESC LIMIT {limit:d}"
    return sql, [value for _, value in given if value is not None]


def act_page(rows: Sequence[Sequence[Any]], limit: int) -> ActPage:
    """A page of at most ``limit``, of rows that may be one more."""
    acts = [decode_act(row) for row in rows[:limit]]
    return ActPage(acts, encode_cursor(acts[-1].id) if len(rows) > limit else None)


def encode_act(act: Act) -> tuple[Any, ...]:
    """The columns of an act; raises `ValueError` if something cannot be stored."""
    try:
        details = msgspec.json.encode(act.details).decode()
    except (TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"details: {error}") from error
    texts = (act.admin_name, act.what, act.target, act.why)
    for text in (act.id, *texts):
        _check_text(text)
    _check_time(act.at)
    return (act.id, act.at, str(act.admin_id), *texts, details)


def decode_act(row: Sequence[Any]) -> Act:
    """The act of a row."""
    fields = dict(zip(ACT_COLUMNS, row, strict=True))
    return msgspec.convert(fields | {"details": msgspec.json.decode(row[-1])}, Act)


def encode_sanction(sanction: Sanction) -> tuple[Any, ...]:
    """The columns of a sanction; raises `ValueError` if something cannot be stored."""
    for text in (sanction.why, sanction.admin_name):
        _check_text(text)
    for time in (sanction.since, sanction.until or 0):
        _check_time(time)
    return (
        str(sanction.user_id),
        sanction.kind.value,
        sanction.since,
        sanction.until,
        sanction.why,
        str(sanction.admin_id),
        sanction.admin_name,
    )


def decode_sanction(row: Sequence[Any]) -> Sanction:
    """The sanction of a row."""
    return msgspec.convert(dict(zip(SANCTION_COLUMNS, row, strict=True)), Sanction)


def storable(text: str) -> bool:
    """Whether every database can keep the text."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _check_text(text: str) -> None:
    if not storable(text):
        raise ValueError("a text holds a character that cannot be stored")


def _check_time(at: int) -> None:
    if not MIN_INT64 <= at <= MAX_INT64:
        raise ValueError(f"{at} is no time")
