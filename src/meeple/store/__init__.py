"""The game log: `meeple.store.sqlite` on SQLite, `meeple.store.memory` in memory.

What they share: `records` (values to and from rows), `heads` (where each log ends) and
`group_commit` (many appends, one transaction).
"""
