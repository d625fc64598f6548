"""Every setting, with its default. Read from the environment; imported by bootstrap and the CLI."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from meeple.errors import ConfigurationError
from meeple.services.loopback import is_loopback

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Positive = Annotated[float, msgspec.Meta(gt=0)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one server; ``MEEPLE_PORT`` in the environment sets ``port``, and so on.

    Attributes:
        host, port: where to listen; port 0 takes a free one.
        workers: processes that serve the port together; several need a PostgreSQL and a Redis.
        data: folder of the embedded default's files: database, secret.
        database: path of the SQLite file, or the ``postgresql://`` URL of a database;
            ``meeple.sqlite3`` in ``data`` if empty.
        redis: ``memory://`` for the embedded one, or the URL of a Redis or Valkey: a server,
            Sentinels or a cluster, as `meeple.bus.address` describes them.
        secret: HS256 key of tokens, at least 32 bytes; made and kept in ``data`` if empty, unless
            another key is set.
        public_key: PEM, or the path of a PEM file, of RS256, ES256 or EdDSA tokens.
        jwks_url: where the public keys of tokens are published.
        audience, issuer: what tokens must say in ``aud`` and ``iss``; not checked if empty.
        guests: whether anybody may get a guest account.
        guest_ttl: seconds that a guest's token is good for.
        expiry_grace: seconds that a client has to send a fresh token once its own has expired.
        cors_origins: origins of pages that may use the server, separated by commas; ``*`` for all.
        presence_ttl: seconds until the connections of a dead node are seen offline.
        ping_interval, ping_timeout: seconds between heartbeats, and to wait for an answer.
        rate, burst: events a second that one connection may send, in the long run and at once.
        max_live: games kept in memory.
        drain_seconds: how long it may take on a stop until the last client was sent away.
        engine_seconds: how long an engine may take for one action before it is ended.
        bot_workers: processes in which the house's bots think; 0: there are no such bots; -1: one
            for each processor but one.
        bot_seconds: how long a bot may think about one action.
        traces: where traces go, such as ``http://127.0.0.1:4318/v1/traces`` (OTLP over HTTP); none
            are made if empty.
        log_level, log_format: what is logged, and whether as ``text`` or ``json``.
        dev: whether authors of games have the debug panel, which shows every secret.
        dev_anywhere: whether it may be reached from other machines too.
        dev_engines: games to try without installing them, each a ``MODULE:CLASS``, separated by
            commas; only with ``dev``.
    """

    host: str = "127.0.0.1"
    port: Port = 8000
    workers: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    data: str = "~/.meeple"
    database: str = ""
    redis: str = "memory://"
    secret: str = ""
    public_key: str = ""
    jwks_url: str = ""
    audience: str = ""
    issuer: str = ""
    guests: bool = True
    guest_ttl: Positive = 30 * 24 * 3600
    expiry_grace: Positive = 30
    cors_origins: str = "*"
    presence_ttl: Positive = 30
    ping_interval: Positive = 25
    ping_timeout: Positive = 20
    rate: Positive = 50
    burst: Annotated[float, msgspec.Meta(ge=1)] = 200
    max_live: Annotated[int, msgspec.Meta(ge=1)] = 10_000
    drain_seconds: Annotated[float, msgspec.Meta(ge=0)] = 2
    engine_seconds: Positive = 2
    bot_workers: Annotated[int, msgspec.Meta(ge=-1, le=256)] = -1
    bot_seconds: Positive = 5
    traces: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    dev: bool = False
    dev_anywhere: bool = False
    dev_engines: str = ""

    @property
    def data_folder(self) -> Path:
        """The folder of the embedded default's files."""
        return Path(self.data).expanduser()

    @property
    def database_path(self) -> Path:
        """The SQLite file.

        Raises:
            ConfigurationError: ``database`` is the URL of something else.
        """
        if "://" in self.database and not self.database.startswith("sqlite:///"):
            scheme = self.database.partition("://")[0]
            raise ConfigurationError(
                f"database: {scheme} is no file; give a file's path or a postgresql:// URL"
            )
        path = self.database.removeprefix("sqlite:///")
        return Path(path).expanduser() if path else self.data_folder / "meeple.sqlite3"

    @property
    def postgres_url(self) -> str | None:
        """The URL of the PostgreSQL database, password and all; None if it is a SQLite file."""
        return self.database if self.database.startswith(("postgresql://", "postgres://")) else None

    @property
    def bot_processes(self) -> int:
        """How many processes the house's bots think in."""
        return self.bot_workers if self.bot_workers >= 0 else max(1, (os.cpu_count() or 1) - 1)

    @property
    def tried_engines(self) -> list[str]:
        """The games to try without installing them, one by one."""
        return [one.strip() for one in self.dev_engines.split(",") if one.strip()]

    @property
    def origins(self) -> list[str]:
        """The allowed origins, one by one."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]


def unknown(environment: Mapping[str, str] | None = None) -> dict[str, str | None]:
    """The variables ``MEEPLE_…`` that are no settings, each with the most similar one, if any."""
    environment = os.environ if environment is None else environment
    known = [name.upper() for name in Settings.__struct_fields__]
    given = sorted(name[7:] for name in environment if name.startswith("MEEPLE_"))
    similar = {name: get_close_matches(name, known, 1) for name in given if name not in known}
    return {
        f"MEEPLE_{name}": f"MEEPLE_{found[0]}" if found else None for name, found in similar.items()
    }


def check_dev(settings: Settings) -> None:
    """Raises `ConfigurationError` if the settings would show secrets to others than the author."""
    if not settings.dev:
        if settings.tried_engines:
            raise ConfigurationError("engine: a game is tried without installing it with --dev")
        return
    if settings.workers > 1:
        raise ConfigurationError("dev: the debug panel needs a server of one process (--workers 1)")
    if not settings.dev_anywhere and not is_loopback(settings.host):
        raise ConfigurationError(
            f"dev: the debug panel shows every secret, so it does not listen on {settings.host};"
            " give --host 127.0.0.1, or set MEEPLE_DEV_ANYWHERE=1 if you trust whoever comes"
        )


def load(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """The settings: what is ``given`` (and not None), else ``MEEPLE_…``, else the default.

    Raises:
        ConfigurationError: a value is not of its setting's form; the message names it.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {
        name: environment[key]
        for name in Settings.__struct_fields__
        if (key := f"MEEPLE_{name.upper()}") in environment
    }
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"settings: {error}") from error
