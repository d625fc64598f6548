"""The game that follows another: the same in everything, but that the seats have moved on by one.

It is derived from the log that agreed to it, so any node can make it, and at any time: also if the
one that was about to has died. Who makes it is decided by the log, as it is for any game.
"""

from __future__ import annotations

from hashlib import blake2b

from meeple.engine.game import Game, Step, create
from meeple.engine.log import Entry, EntryKind, Player, bot_user_id
from meeple.engine.rng import SEED_BYTES
from meeple.services import commands


def rematch_steps(created: Entry, game: Game, at: int) -> list[Step]:
    """The entries of the rematch of ``game``, up to its start.

    Args:
        created: the first entry of ``game``, whose settings are taken over, whatever they are.
        game: a game that is over, and whose players have agreed to a rematch.
        at: the time in ms.

    Raises:
        EngineError: the engine failed to start it.
    """
    assert game.rematch is not None
    seed = _seed(game.seed, game.rematch)
    payload = created.payload | {"seed": seed.hex(), "rematch_of": game.game_id}
    entry = Entry(game.rematch, 0, EntryKind.CREATED, None, payload, None, at)
    steps = [Step(entry, create(entry, lambda _: game.rules))]
    seated = [*game.players[1:], game.players[0]]
    for seat, player in enumerate(seated):
        assert player is not None
        steps += commands.sit(steps[-1].game, _moved(player, seat), seat, at)
    return steps


def _moved(player: Player, seat: int) -> Player:
    # A bot's id is that of its seat.
    if player.bot is None:
        return player
    return Player(bot_user_id(seat), player.name, player.bot)


def _seed(seed: bytes, game_id: str) -> bytes:
    """The secret of the rematch: any node makes the same, and nobody can who has not the first."""
    return blake2b(
        game_id.encode(), key=seed, person=b"meeple rematch", digest_size=SEED_BYTES
    ).digest()
