"""Goofspiel: everybody bids at once, with the same cards, for prizes in a random order.

The rules are those of https://www.pagat.com/misc/gops.html: each player has the cards 1 to 13 and
plays one a round, face down, for the prize turned up; the highest bid takes it. If the highest bid
is tied, nobody takes the prize and it is carried over: the next round is for both. What is at
stake in the last round goes to nobody if that round is tied.

What is hidden: a bid, until everybody has bid, and the order of the prizes still to come.
"""

from collections.abc import Mapping
from random import Random
from typing import Annotated, Any

import msgspec

from meeple.engine import EngineOptions, IllegalAction, Outcome


class Round(msgspec.Struct, frozen=True):
    """A round that is over: what was turned up, who bid what, who won (None: a tie)."""

    prize: int
    bids: tuple[int, ...]
    winner: int | None


class State(msgspec.Struct, frozen=True):
    """The whole table, secrets included.

    Attributes:
        prizes: every prize, in the order in which they are turned up.
        hands: the cards of each seat; a pending bid is still among them.
        bids: the pending bid of each seat; None where there is none yet.
        rounds: the rounds that are over.
        scores: the points of each seat.
        carried: the prizes carried over from tied rounds.
    """

    prizes: tuple[int, ...]
    hands: tuple[tuple[int, ...], ...]
    bids: tuple[int | None, ...]
    rounds: tuple[Round, ...]
    scores: tuple[int, ...]
    carried: tuple[int, ...]


class Goofspiel:
    """Bid your cards in secret for prizes; everybody bids at once and the highest bid takes all."""

    seats = range(2, 7)

    class Options(EngineOptions, frozen=True):
        """House rules."""

        cards: Annotated[int, msgspec.Meta(ge=2, le=13, description="cards in each hand")] = 13

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> State:
        """Deal everybody the same hand and shuffle the prizes."""
        hand = tuple(range(1, options["cards"] + 1))
        prizes = list(hand)
        rng.shuffle(prizes)
        return State(
            prizes=tuple(prizes),
            hands=(hand,) * seats,
            bids=(None,) * seats,
            rounds=(),
            scores=(0,) * seats,
            carried=(),
        )

    def to_act(self, state: State) -> list[int]:
        """Everybody who has not bid yet."""
        if len(state.rounds) == len(state.prizes):
            return []
        return [seat for seat, bid in enumerate(state.bids) if bid is None]

    def legal_actions(self, state: State, seat: int) -> list[int]:
        """The cards of the seat's hand, unless it has bid."""
        return list(state.hands[seat]) if state.bids[seat] is None else []

    def apply(self, state: State, seat: int, action: Any, rng: Random) -> State:
        """Lay down a bid; the last one ends the round."""
        # True equals 1 in Python, so the type is asked for as well.
        if type(action) is not int or action not in self.legal_actions(state, seat):
            raise IllegalAction("Bid one card of your hand, once a round.")
        pending = (*state.bids[:seat], action, *state.bids[seat + 1 :])
        bids = tuple(bid for bid in pending if bid is not None)
        if len(bids) < len(pending):
            return msgspec.structs.replace(state, bids=pending)
        return _reveal(state, bids)

    def view(self, state: State, seat: int | None) -> dict[str, Any]:
        """What lies open, and for a player the own hand and the own pending bid."""
        number = len(state.rounds)
        view: dict[str, Any] = {
            "prize": state.prizes[number] if number < len(state.prizes) else None,
            "carried": list(state.carried),
            "prizes_left": max(0, len(state.prizes) - number - 1),
            # Who has bid is public, so the sizes may say it too.
            "hand_sizes": [
                len(hand) - (bid is not None)
                for hand, bid in zip(state.hands, state.bids, strict=True)
            ],
            "scores": list(state.scores),
            "rounds": [
                {"prize": past.prize, "bids": list(past.bids), "winner": past.winner}
                for past in state.rounds
            ],
        }
        if seat is not None:
            bid = state.bids[seat]
            view["hand"] = [card for card in state.hands[seat] if card != bid]
            view["bid"] = bid
        return view

    def outcome(self, state: State) -> Outcome | None:
        """Most points win, once every prize has been bid for; if all are level it is a draw."""
        if len(state.rounds) < len(state.prizes):
            return None
        best = max(state.scores)
        leaders = tuple(seat for seat, score in enumerate(state.scores) if score == best)
        return Outcome(
            winners=leaders if len(leaders) < len(state.scores) else (),
            reason="scores",
            scores=state.scores,
        )

    def auto_action(self, state: State, seat: int, rng: Random) -> int:
        """A bid by chance, for one who does not bid in time: nobody can foresee it."""
        return rng.choice(state.hands[seat])

    def redeal(self, state: State, seat: int | None, rng: Random) -> State:
        """A state that ``seat`` cannot tell from this one: other secret bids, other prizes."""
        turned_up = len(state.rounds) + 1
        # Sorted first: their true order may not show in what the seat is dealt.
        to_come = sorted(state.prizes[turned_up:])
        rng.shuffle(to_come)
        bids = tuple(
            bid if bid is None or other == seat else rng.choice(state.hands[other])
            for other, bid in enumerate(state.bids)
        )
        prizes = (*state.prizes[:turned_up], *to_come)
        return msgspec.structs.replace(state, prizes=prizes, bids=bids)


def _reveal(state: State, bids: tuple[int, ...]) -> State:
    """The state after a round in which everybody has bid."""
    prize = state.prizes[len(state.rounds)]
    stake = (*state.carried, prize)
    best = max(bids)
    winner = bids.index(best) if bids.count(best) == 1 else None
    last = len(state.rounds) + 1 == len(state.prizes)
    return State(
        prizes=state.prizes,
        hands=tuple(
            tuple(card for card in hand if card != bid)
            for hand, bid in zip(state.hands, bids, strict=True)
        ),
        bids=(None,) * len(bids),
        rounds=(*state.rounds, Round(prize, bids, winner)),
        scores=tuple(
            score + (sum(stake) if seat == winner else 0) for seat, score in enumerate(state.scores)
        ),
        carried=stake if winner is None and not last else (),
    )
