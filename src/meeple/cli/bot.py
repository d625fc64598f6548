"""``meeple bot``: what it is told on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from meeple.cli.house_rules import house_rules

#: The exit code of a command that Ctrl-C has ended.
INTERRUPTED = 130


def bot(
    url: Annotated[str, typer.Argument(help="Address of the server.")] = "http://127.0.0.1:8000",
    engine: Annotated[str, typer.Option(help="What to play.")] = "tic-tac-toe",
    policy: Annotated[
        str, typer.Option(help="random, mcts, or uci:PATH for a chess engine.")
    ] = "random",
    level: Annotated[
        int | None, typer.Option(min=1, max=10, help="How hard to think; 5 if nothing is given.")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Simulated games, or a chess engine's nodes.")
    ] = None,
    movetime: Annotated[
        int | None, typer.Option(min=1, help="Milliseconds to think about an action.")
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=1, help="Half-moves that a chess engine looks ahead.")
    ] = None,
    game: Annotated[str | None, typer.Option(help="A game to join; a new one if none.")] = None,
    any_table: Annotated[
        bool, typer.Option("--any", help="Wait for an open table of the engine, and join it.")
    ] = False,
    games: Annotated[
        int, typer.Option(min=0, help="How many to play, one after the other; 0: no end.")
    ] = 1,
    option: Annotated[
        list[str] | None, typer.Option(help="A house rule of a new game, NAME=VALUE (JSON).")
    ] = None,
    seats: Annotated[int | None, typer.Option(min=1, help="How many play a new game.")] = None,
    name: Annotated[str, typer.Option(help="The bot's name.")] = "Bot",
    seed: Annotated[int | None, typer.Option(help="Seed of its chance.")] = None,
    player_token: Annotated[
        str | None, typer.Option("--token", help="The bot's token; a guest's if none.")
    ] = None,
) -> None:
    """Let a bot play: it makes tables, or joins them, and plays to the end."""
    if level is not None and (iterations, movetime, depth) != (None, None, None):
        raise typer.BadParameter("--level stands for --iterations; give one limit or the other")
    if game is not None and (any_table or option or seats or games != 1):
        raise typer.BadParameter("--game is one game, with its own house rules")
    if any_table and (option or seats):
        raise typer.BadParameter("--any takes tables as they are; --option and --seats make one")
    from meeple.cli.bot_games import BotGames
    from meeple.client.bots import Effort

    told = BotGames(
        url=url,
        engine=engine,
        policy=policy,
        effort=Effort.of(level, iterations, movetime, depth),
        game=game,
        any_table=any_table,
        games=games,
        options=house_rules(option or ()),
        seats=seats,
        name=name,
        seed=seed,
        token=player_token,
    )
    try:
        told.run()
    except KeyboardInterrupt:
        typer.echo("\nThe bot left.")
        raise typer.Exit(INTERRUPTED) from None
