"""A bot at a table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from meeple.client.bots.base import Bot, BotFailed
from meeple.client.errors import Refused
from meeple.client.table import TableClient
from meeple.engine.base import Outcome

#: Seconds to wait for the others.
PATIENCE = 7 * 24 * 3600
#: Refusals that say that the table has changed while the bot thought.
LATE = frozenset({"stale_seq", "game_over"})


async def play(table: TableClient, bot: Bot) -> Outcome:
    """Play for this client's seat until the game is over.

    Raises:
        BotFailed: the bot has no action, or the server refused it, or nobody moved for a week.
        Refused: the server shows this table no more.
        ConnectionLost: the server did not come back in time.
    """
    while True:
        await _until(table, lambda one: one.my_turn or one.outcome is not None)
        if table.outcome is not None:
            return table.outcome
        state = table.state
        action = await bot.choose(state)
        try:
            await table.act(action, seq=state.seq)
        except Refused as refused:
            if refused.code not in LATE:
                raise BotFailed(
                    f"the server refused {action!r:.200} at seq {state.seq} of {state.game_id}:"
                    f" {refused}"
                ) from refused
            await _until(table, partial(_is_after, state.seq))


def _is_after(seq: int, table: TableClient) -> bool:
    return table.seq > seq


async def _until(table: TableClient, condition: Callable[[TableClient], object]) -> None:
    try:
        await table.wait_for(condition, seconds=PATIENCE)
    except TimeoutError as error:
        raise BotFailed(f"nobody has moved in {table.game_id} for a week") from error
