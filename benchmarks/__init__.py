"""Measurements of a real server process: ``make bench``."""
