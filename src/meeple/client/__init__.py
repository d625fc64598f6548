"""An asynchronous Python client: joins, acts, comes back by itself, and never plays twice."""

from meeple.client.client import Client
from meeple.client.errors import ConnectionLost, Refused
from meeple.client.rest import Rest
from meeple.client.table import TableClient
from meeple.engine.offers import Offer, OfferKind
from meeple.services.projection import ChatLine, GameOverMessage, GamePresence, GameState

__all__ = [
    "ChatLine",
    "Client",
    "ConnectionLost",
    "GameOverMessage",
    "GamePresence",
    "GameState",
    "Offer",
    "OfferKind",
    "Refused",
    "Rest",
    "TableClient",
]
