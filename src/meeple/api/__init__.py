"""The REST side, under /api/v1."""
