"""Meeple: a real-time server for online turn-based games. Bring your rules, Meeple runs the table."""

__version__ = "0.1.0"
