"""Bots as ordinary clients: they see what a player sees, and say what a player says.

`open_bot` makes one by the name of its policy, and `play` lets it play at a table.
"""

from meeple.client.bots.base import Bot, BotFailed, Effort
from meeple.client.bots.choosing import open_bot
from meeple.client.bots.lobby import Lobby
from meeple.client.bots.play import play

__all__ = ["Bot", "BotFailed", "Effort", "Lobby", "open_bot", "play"]
