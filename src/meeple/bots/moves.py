"""Playing by an engine's rules in thought: what can be done, and doing it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from random import Random
from typing import Any

import msgspec

from meeple.engine.base import JSON, ActionCodec, SamplesActions
from meeple.engine.rules import Rules
from meeple.errors import PolicyNotAvailable

_SCALARS = (int, str)


class Moves:
    """One engine's actions, listed or sampled, in the engine's own form."""

    def __init__(self, rules: Rules) -> None:
        self.engine = rules.engine
        self._rules = rules
        self._has_codec = isinstance(rules.engine, ActionCodec)
        self._sampler = rules.engine if isinstance(rules.engine, SamplesActions) else None

    def listed(self, state: Any, seat: int) -> Sequence[Any] | None:
        """What the seat may do; None if that is too much to list."""
        return self.engine.legal_actions(state, seat)

    def sample(self, state: Any, seat: int, rng: Random) -> Any:
        """One action of a seat that has too many to list.

        Raises:
            PolicyNotAvailable: the engine cannot give one.
        """
        if self._sampler is None:
            raise PolicyNotAvailable(
                f"{self._rules.name} has too many actions to list, and no sample_action"
            )
        return self._sampler.sample_action(state, seat, rng)

    def any(self, state: Any, seat: int, rng: Random) -> Any:
        """One action by chance; raises `PolicyNotAvailable` as `sample` does."""
        listed = self.engine.legal_actions(state, seat)
        if listed is None:
            return self.sample(state, seat, rng)
        return listed[int(rng.random() * len(listed))]  # a third of the time of rng.choice

    def play(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        """The state after an action that was listed or sampled; raises `IllegalAction`."""
        if not self._has_codec and type(action) not in _SCALARS:
            # An engine gets its actions as JSON: where it lists a tuple, a list comes back.
            action = msgspec.json.decode(msgspec.json.encode(action))
        return self.engine.apply(state, seat, action, rng)

    def as_json(self, action: Any) -> JSON:
        """The action as a client would send it."""
        return msgspec.json.decode(msgspec.json.encode(self._rules.encode_action(action)))

    def key(self, action: Any) -> Hashable:
        """The same for the same action, different for others."""
        if type(action) in _SCALARS:
            return action  # type: ignore[no-any-return]
        return msgspec.json.encode(self._rules.encode_action(action), order="sorted")
