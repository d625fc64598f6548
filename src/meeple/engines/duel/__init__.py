"""Duel: a card game of our own, and the one to read before writing a card game.

Cards are data (`cards`), made of a closed set of parts (`effects`); `resolve` carries the parts out
through a queue in the state, which stops where somebody must choose (`choices`).
"""

from meeple.engines.duel.engine import Duel

__all__ = ["Duel"]
