"""The game log on SQLite, and in memory."""
