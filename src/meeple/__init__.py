"""Meeple: a real-time server for online turn-based games; you bring the rules."""

__version__ = "0.1.0"
