"""Every command of the command line.

What a command needs is imported when it runs: a server is much to load for a word of help.
"""

from __future__ import annotations

import asyncio
import fnmatch
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal
from uuid import UUID, uuid4

import msgspec
import typer
from rich.console import Console
from rich.table import Table

import meeple
from meeple import config
from meeple.cli.bot import bot
from meeple.cli.house_rules import house_rules
from meeple.config import Settings
from meeple.errors import ConfigurationError

app = typer.Typer(
    name="meeple",
    help="A real-time server for online turn-based games: bring your rules, Meeple runs the table.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Every setting of the server is also MEEPLE_… in the environment, such as MEEPLE_PORT.",
)

Data = Annotated[
    str | None, typer.Option(help="Folder of database and secret; ~/.meeple if not given.")
]
Database = Annotated[
    str | None,
    typer.Option(help="Path of the SQLite file, if not in --data, or a postgresql:// URL."),
]
Redis = Annotated[str | None, typer.Option(help="URL of a Redis or Valkey; memory:// by default.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"meeple {meeple.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    data: Data = None,
    database: Database = None,
    redis: Redis = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that serve the port together.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json.")] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="With a debug panel for authors, which shows all secrets.")
    ] = False,
    engine: Annotated[
        list[str] | None,
        typer.Option(help="With --dev: a game to try, MODULE:CLASS; may be given again."),
    ] = None,
) -> None:
    """Serve games, until Ctrl-C or SIGTERM. With no option at all, everything is embedded."""
    settings = config.load(
        host=host,
        port=port,
        data=data,
        database=database,
        redis=redis,
        workers=workers,
        log_level=log_level,
        log_format=log_format,
        dev=dev or None,
        dev_engines=",".join(engine) if engine else None,
    )
    config.check_dev(settings)
    if settings.workers > 1:
        from meeple.cli.workers import serve_workers

        serve_workers(settings)
    else:
        from meeple.cli.serve import serve as run

        run(settings)


@app.command(hidden=True)
def worker(name: str, folder: Path, port: int, ready: int) -> None:
    """One of the processes of serve --workers, which starts them."""
    from meeple.cli.serve import serve_worker

    serve_worker(config.load(), name, folder, port, ready)


@app.command(hidden=True)
def guard(folder: Path, sockets: Path) -> None:
    """Ends the services of serve --workers, which starts it, once stdin ends."""
    from meeple.cli.guard import guard as run

    run(folder, sockets)


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="The player's name.")] = "Player",
    user: Annotated[
        UUID | None, typer.Option(help="The player's id; a new one if not given.")
    ] = None,
    ttl: Annotated[int, typer.Option(min=1, help="Seconds that the token is good for.")] = 86_400,
    admin: Annotated[
        bool, typer.Option("--admin", help="An admin's: it may do everything under /admin.")
    ] = False,
    data: Data = None,
) -> None:
    """Print a token of a player, or of an admin, signed with the server's secret."""
    from meeple import keys

    issuer = keys.token_issuer(config.load(data=data))
    if issuer is None:
        raise ConfigurationError("tokens come from elsewhere: no secret is set (MEEPLE_SECRET)")
    text, _ = issuer.issue(user or uuid4(), name, ttl, admin=admin)
    typer.echo(text)


@app.command()
def engines(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the options.")] = False,
) -> None:
    """List the games on offer."""
    from meeple import bootstrap

    rules = list(bootstrap.engine_factory())
    if as_json:
        listed = [
            {
                "name": one.name,
                "summary": one.summary,
                "seats": [one.seats[0], one.seats[-1]],
                "options": one.options_schema,
            }
            for one in rules
        ]
        typer.echo(msgspec.json.format(msgspec.json.encode(listed)).decode())
        return
    table = Table("engine", "players", "what it is", box=None)
    for one in rules:
        few, many = one.seats[0], one.seats[-1]
        table.add_row(one.name, str(few) if few == many else f"{few}-{many}", one.summary)
    Console().print(table)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What to call it, such as my-game.")],
) -> None:
    """Write a package with a game that works, in a folder of its own, to change into yours."""
    from meeple.cli.new import new as run

    folder = run(name, Path())
    typer.echo(f"{folder} holds a small game that works; its rules are for you to change.\n")
    typer.echo(f"  cd {folder}")
    typer.echo("  pip install -e .")
    typer.echo("  meeple serve")
    typer.echo(f"  meeple play --engine {name}    # in another terminal\n")
    typer.echo("Its README.md says more.")


@app.command()
def check(
    engine: Annotated[
        str, typer.Argument(help="MODULE:CLASS, or a name on offer; openspiel:* means all such.")
    ],
    games: Annotated[int, typer.Option(min=1, help="Random games to play.")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the random games.")] = 0,
    seats: Annotated[
        int | None, typer.Option(min=1, help="How many play; if not by chance.")
    ] = None,
    options: Annotated[
        str | None, typer.Option(help="House rules, as a JSON object; else by chance.")
    ] = None,
    max_actions: Annotated[
        int, typer.Option(min=1, help="Actions after which a game counts as endless.")
    ] = 10_000,
    skip: Annotated[
        list[str] | None, typer.Option(help="A leak check that does not suit this game.")
    ] = None,
) -> None:
    """Check that an engine keeps to the rules of engines; says what to mend."""
    from meeple.engine.conformance import check_engine

    failed = False
    for name, found in _load_engines(engine):
        try:
            report = check_engine(
                found,
                games=games,
                seed=seed,
                seats=seats,
                options=None if options is None else _json_object(options),
                max_actions=max_actions,
                skip=tuple(skip or ()),
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        typer.echo(str(msgspec.structs.replace(report, engine=name)))
        failed = failed or not report.ok
    if failed:
        raise typer.Exit(1)


def _json_object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise typer.BadParameter(f"{text!r} is no JSON object: {error}") from error


def _load_engines(name: str) -> Iterator[tuple[str, Any]]:
    """The engines of that name, or all those on offer that it is a pattern of."""
    from meeple import bootstrap

    catalog = bootstrap.engine_factory()
    known = fnmatch.filter(catalog.names(), name)
    if ":" in name and not known:
        engine = _load_class(name)
        yield type(engine).__name__, engine
    for one in known or ([] if ":" in name else [name]):
        engine = catalog(one)
        # The engines of a family share a class.
        yield one if ":" in one else type(engine).__name__, engine


def _load_class(name: str) -> Any:
    module, _, attribute = name.partition(":")
    # A module that lies where the command is run, as for `python -m`.
    sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), attribute)
        return found() if isinstance(found, type) else found
    except Exception as error:
        # Whatever a module does when it is imported, its author is told in one line.
        raise ConfigurationError(f"{name}: {type(error).__name__}: {error}") from error


@app.command()
def verify(data: Data = None, database: Database = None) -> None:
    """Fold every game's log again and compare; no server must be running on it."""
    from meeple.cli.verify import verify as run

    settings = _with_games(data, database)
    games, faults = asyncio.run(run(settings))
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{games} games, {len(faults)} faults")
    if faults:
        raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; - for the standard output.")],
    game: Annotated[
        list[str] | None, typer.Option(help="Only this game; may be given again.")
    ] = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Write games as JSON lines, secrets included; a SQLite database must not be in use."""
    from meeple import backends
    from meeple.cli import archive

    settings = _with_games(data, database)

    async def work() -> int:
        async with backends.open_log(settings) as log:
            return await archive.export(log, stream, game or ())

    with _opened(file, "wb") as stream:
        typer.echo(f"{asyncio.run(work())} games", err=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="What export wrote; - for the standard input.")],
    data: Data = None,
    database: Database = None,
) -> None:
    """Append exported games; those that are there already stay as they are."""
    from meeple import backends, bootstrap
    from meeple.cli import archive

    async def work() -> archive.Imported:
        async with backends.open_log(config.load(data=data, database=database)) as log:
            return await archive.import_games(log, bootstrap.engine_factory(), stream)

    with _opened(file, "rb") as stream:
        done = asyncio.run(work())
    for fault in done.faults:
        typer.echo(fault, err=True)
    typer.echo(f"{done.games} games, {done.entries} entries, {len(done.faults)} faults", err=True)
    if done.faults:
        raise typer.Exit(1)


def _with_games(data: str | None, database: str | None) -> Settings:
    """The settings; raises `ConfigurationError` if there is no such database."""
    settings = config.load(data=data, database=database)
    if not settings.postgres_url and not settings.database_path.exists():
        raise ConfigurationError(f"there is no database {settings.database_path}")
    return settings


def _opened(file: Path, mode: Literal["rb", "wb"]) -> AbstractContextManager[BinaryIO]:
    if str(file) == "-":
        return nullcontext(sys.stdin.buffer if mode == "rb" else sys.stdout.buffer)
    try:
        # What it holds is for its owner only: seeds, and what players hide.
        return os.fdopen(os.open(file, _FLAGS[mode], 0o600), mode)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error


_FLAGS = {"rb": os.O_RDONLY, "wb": os.O_WRONLY | os.O_CREAT | os.O_TRUNC}


@app.command()
def play(
    game: Annotated[str | None, typer.Argument(help="A game to join; a new one if none.")] = None,
    url: Annotated[str, typer.Option(help="Address of the server.")] = "http://127.0.0.1:8000",
    engine: Annotated[str, typer.Option(help="What to play, in a new game.")] = "tic-tac-toe",
    name: Annotated[str, typer.Option(help="Your name.")] = "Player",
    option: Annotated[
        list[str] | None, typer.Option(help="A house rule of a new game, NAME=VALUE (JSON).")
    ] = None,
    bot: Annotated[
        str | None, typer.Option(help="Play against the house's bots: mcts or random.")
    ] = None,
    level: Annotated[int, typer.Option(min=1, max=10, help="How well they play.")] = 5,
    player_token: Annotated[
        str | None, typer.Option("--token", help="Your token; a guest's if none.")
    ] = None,
) -> None:
    """Play in this terminal; the other player joins from another one, or is a bot."""
    from meeple.cli.play import play as run
    from meeple.schemas.rest import BotSeat

    if bot is not None and game is not None:
        raise typer.BadParameter("a bot sits down when a table is made: give no game")
    try:
        options = house_rules(option or ())
        asyncio.run(
            run(
                url,
                game=game,
                engine=engine,
                options=options,
                name=name,
                token=player_token,
                bot=None if bot is None else BotSeat(bot, level),
            )
        )
    except KeyboardInterrupt:
        typer.echo("\nYou left the table.")


app.command()(bot)
