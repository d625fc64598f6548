"""An asynchronous Python client: joins, acts, comes back by itself, and never plays twice."""

from meeple.client.client import Client
from meeple.client.errors import ConnectionLost, Refused
from meeple.client.rest import Rest
from meeple.client.table import TableClient
from meeple.services.projection import GameOverMessage, GamePresence, GameState

__all__ = [
    "Client",
    "ConnectionLost",
    "GameOverMessage",
    "GamePresence",
    "GameState",
    "Refused",
    "Rest",
    "TableClient",
]
