"""What may be shown of the URL of a PostgreSQL database. Apart, as it needs no driver."""

from __future__ import annotations

from urllib.parse import urlsplit

from meeple.errors import ConfigurationError


def label(url: str) -> str:
    """The URL as it may be shown: scheme, hosts and database, and nothing secret.

    Raises:
        ConfigurationError: it is no URL of a PostgreSQL database.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("postgresql", "postgres"):
        raise ConfigurationError("database: give a file's path or a postgresql:// URL")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
