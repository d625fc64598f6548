"""Whether the parts that a node depends on do their work."""

from __future__ import annotations

from meeple.errors import Unavailable
from meeple.protocols import Bus, GameLog
from meeple.services.connection_manager import ConnectionManager


async def check_parts(
    log: GameLog, connections: ConnectionManager, bus: Bus | None
) -> dict[str, str]:
    """Each part: ``ok``, or what is wrong with it. Without ``bus``, there is but this node."""
    parts = {}
    for name, check in (("log", log.check), ("presence", connections.check)):
        try:
            await check()
            parts[name] = "ok"
        except Unavailable as error:
            parts[name] = error.message
    if bus is not None:
        parts["bus"] = "ok" if bus.up else "bus: Redis does not answer"
    return parts
