"""Who may see what: the text of a state for one viewer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pyspiel

#: Observers kept; one takes some milliseconds to make.
KEPT = 64
#: Games whose observation leaves out what lies open on the table; their information state has it.
FROM_INFORMATION_STATE = frozenset({"universal_poker"})
IMPERFECT = pyspiel.GameType.Information.IMPERFECT_INFORMATION


def observed(spiel: Any, seat: int | None) -> str | None:
    """The viewer's text: the seat's own observation, or the public one (seat None).

    None if the library has no public one of this game.
    """
    if seat is None and _hides(spiel):
        return _public(spiel)
    kind = spiel.get_game().get_type()
    if kind.provides_observation_string and kind.short_name not in FROM_INFORMATION_STATE:
        return str(spiel.observation_string(seat or 0))
    return str(spiel.information_state_string(seat or 0))


def _hides(spiel: Any) -> bool:
    # Whoever plays alone has nobody to hide anything from. The type is the loaded game's: an option
    # may have made it another.
    information = spiel.get_game().get_type().information
    return bool(information == IMPERFECT and spiel.num_players() > 1)


def _public(spiel: Any) -> str | None:
    observation = _observation(str(spiel.get_game()))
    return None if observation is None else observation.string_from(spiel, 0)


@lru_cache(maxsize=KEPT)
def _observation(game: str) -> Any:
    """What shows public things only, of a game with its parameters; None if there is no such."""
    # It loads numpy.
    from open_spiel.python.observation import make_observation

    wanted = pyspiel.IIGObservationType(
        public_info=True, perfect_recall=False, private_info=pyspiel.PrivateInfoType.NONE
    )
    return make_observation(pyspiel.load_game(game), wanted)
