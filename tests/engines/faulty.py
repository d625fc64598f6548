"""Engines with one fault each. The docstring's first words name the check that must find it."""

from __future__ import annotations

import itertools
import random
from random import Random
from typing import Any

from meeple.engine import EngineOptions, IllegalAction, Outcome
from meeple.engines.goofspiel import Goofspiel
from meeple.engines.tic_tac_toe import TicTacToe
from tests.engines.good import DealtKuhn, Essay, Kuhn, Race, Walker

# --- chance ---------------------------------------------------------------------------------------


class DrawsFromGlobalRandom(TicTacToe):
    """global_random"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        random.random()
        return super().apply(state, seat, action, rng)


class SeedsGlobalRandom(TicTacToe):
    """global_random"""

    def view(self, state: Any, seat: int | None) -> Any:
        random.seed(7)
        return {**super().view(state, seat), "lucky": random.randint(0, 9)}


class SamplesFromTheSystem(Essay):
    """determinism"""

    def sample_action(self, state: Any, seat: int, rng: Random) -> Any:
        return str(random.SystemRandom().random())


class BringsABotThatTossesItsOwnCoins(DealtKuhn):
    """determinism"""

    def choose_action(self, state: Any, seat: int, iterations: int, rng: Random) -> Any:
        return random.SystemRandom().choice(self.legal_actions(state, seat))


class DrawsFromTheSystem(Kuhn):
    """determinism"""

    def new_game(self, seats: int, options: Any, rng: Random) -> Any:
        return super().new_game(seats, options, random.SystemRandom())


class CountsOnTheEngine(TicTacToe):
    """mutation"""

    def __init__(self) -> None:
        self.moves = itertools.count()

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        after = super().apply(state, seat, action, rng)
        self.last = next(self.moves)
        return after

    def view(self, state: Any, seat: int | None) -> Any:
        return {**super().view(state, seat), "moves": getattr(self, "last", None)}


class ReadsGlobalRandomWithoutTrace(TicTacToe):
    """determinism"""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"lucky": random.getstate()[1][5]}


class KeepsTheGenerator(TicTacToe):
    """exception"""

    def new_game(self, seats: int, options: Any, rng: Random) -> Any:
        self.rng = rng
        return super().new_game(seats, options, rng)

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        self.rng.random()
        return super().apply(state, seat, action, rng)


# --- what is another one in another process -------------------------------------------------------


class ShowsASetInItsOrder(Race):
    """determinism"""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"said": list({f"number {number}" for number in state["said"]})}


class ListsActionsInTheOrderOfASet(Kuhn):
    """determinism"""

    def legal_actions(self, state: Any, seat: int) -> Any:
        return list(frozenset(super().legal_actions(state, seat)))


class DrawsLotsByHash(Kuhn):
    """determinism"""

    def new_game(self, seats: int, options: Any, rng: Random) -> Any:
        cards, said = super().new_game(seats, options, rng)
        return (tuple(sorted(cards, key=hash)), said)


# --- states ---------------------------------------------------------------------------------------


class ChangesTheListItIsHanded(Race):
    """mutation"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        super().apply(state, seat, action, rng)
        state["said"].append(action)
        return state


class ChangesTheStateOfWhatItRefuses(Race):
    """mutation"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        state["tried"] = repr(action)
        return super().apply(state, seat, action, rng)


class SharesAListWithTheStateBefore(Race):
    """mutation"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        super().apply(state, seat, action, rng)
        said = state["said"]
        said.append(action)
        return {**state, "said": said}


class ChangesAStateWithoutEquality(Walker):
    """mutation"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        after = super().apply(state, seat, action, rng)
        state.x = after.x
        return after


class CountsLooks(Race):
    """mutation"""

    def view(self, state: Any, seat: int | None) -> Any:
        state["looks"] = state.get("looks", 0) + 1
        return super().view(state, seat)


class Unpicklable:
    """A state that can neither be compared nor copied."""

    def __init__(self) -> None:
        self.said = [0]

    def __reduce__(self) -> Any:
        raise TypeError("no copies")


class ChangesAStateThatCannotBeCopied(Race):
    """mutation"""

    def new_game(self, seats: int, options: Any, rng: Random) -> Any:
        return {**super().new_game(seats, options, rng), "box": Unpicklable()}

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        state["box"].said.append(action)
        return super().apply(state, seat, action, rng)

    def view(self, state: Any, seat: int | None) -> Any:
        return len(state["box"].said) if len(state["said"]) > 1 else 0


class ChangesTheOptions(Race):
    """mutation"""

    def new_game(self, seats: int, options: Any, rng: Random) -> Any:
        state = super().new_game(seats, options, rng)
        options["extra"] = True
        return state


# --- JSON -----------------------------------------------------------------------------------------


class ShowsASet(TicTacToe):
    """json"""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"free": {cell for cell in range(9) if state[cell] is None}}


class ShowsNotANumber(TicTacToe):
    """json"""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"chance": [float("nan")]}


class ShowsKeysThatAreNumbers(TicTacToe):
    """json"""

    def view(self, state: Any, seat: int | None) -> Any:
        return dict(enumerate(state))


class ShowsAHugeNumber(TicTacToe):
    """json"""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"bits": 2**53}


class ShowsHalfACharacter(TicTacToe):
    """json"""

    def view(self, state: Any, seat: int | None) -> Any:
        return "\ud83d"


class ShowsItself(TicTacToe):
    """json"""

    def view(self, state: Any, seat: int | None) -> Any:
        view: list[Any] = []
        view.append(view)
        return view


class ShowsAnObject(TicTacToe):
    """json"""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"outcome": Outcome((), "")}


class ListsBytes(TicTacToe):
    """json"""

    def legal_actions(self, state: Any, seat: int) -> Any:
        return [bytes([cell]) for cell in super().legal_actions(state, seat)]


# --- who is to act, and the end -------------------------------------------------------------------


class NamesNobodyBeforeTheEnd(TicTacToe):
    """to_act"""

    def to_act(self, state: Any) -> Any:
        return [] if state.count(None) < 7 else super().to_act(state)


class NamesSomebodyAfterTheEnd(TicTacToe):
    """to_act"""

    def to_act(self, state: Any) -> Any:
        return super().to_act(state) or [0]


class NamesASeatThatIsNotThere(TicTacToe):
    """to_act"""

    def to_act(self, state: Any) -> Any:
        return [seat + 1 for seat in super().to_act(state)]


class NamesASeatTwice(TicTacToe):
    """to_act"""

    def to_act(self, state: Any) -> Any:
        return super().to_act(state) * 2


class NamesASeatAlone(TicTacToe):
    """to_act"""

    def to_act(self, state: Any) -> Any:
        return sum(super().to_act(state))


class NeverEnds(TicTacToe):
    """termination"""

    def outcome(self, state: Any) -> Outcome | None:
        return None

    def to_act(self, state: Any) -> Any:
        return [0]

    def legal_actions(self, state: Any, seat: int) -> Any:
        return list(range(9))

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if type(action) is not int or not 0 <= action < 9:
            raise IllegalAction("Choose 0 to 8.")
        return state


class NeverComesBack(TicTacToe):
    """termination"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        while state.count(None) < 7:
            try:
                state.index("a move that wins")
            except ValueError:
                continue
        return super().apply(state, seat, action, rng)


class NamesAWinnerWhoDoesNotPlay(TicTacToe):
    """outcome"""

    def outcome(self, state: Any) -> Outcome | None:
        return super().outcome(state) and Outcome((2,), "line")


class NamesAWinnerTwice(TicTacToe):
    """outcome"""

    def outcome(self, state: Any) -> Outcome | None:
        return super().outcome(state) and Outcome((1, 1), "line")


class GivesNoReason(TicTacToe):
    """outcome"""

    def outcome(self, state: Any) -> Outcome | None:
        return super().outcome(state) and Outcome((), "")


class GivesTooFewScores(TicTacToe):
    """outcome"""

    def outcome(self, state: Any) -> Outcome | None:
        return super().outcome(state) and Outcome((), "line", (1.0,))


class GivesScoresWithoutEnd(TicTacToe):
    """outcome"""

    def outcome(self, state: Any) -> Outcome | None:
        return super().outcome(state) and Outcome((), "line", (1.0, float("inf")))


class GivesAnotherKindOfOutcome(TicTacToe):
    """outcome"""

    def outcome(self, state: Any) -> Any:
        return super().outcome(state) and "line"


# --- what is legal --------------------------------------------------------------------------------


class RefusesAListedAction(TicTacToe):
    """legality"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if action == 4:
            raise IllegalAction("not the middle")
        return super().apply(state, seat, action, rng)


class RefusesOneOfMany(Race):
    """legality"""

    seats = range(1, 2)

    def legal_actions(self, state: Any, seat: int) -> Any:
        return range(0 if len(state["said"]) == 1 else state["goal"], 40)

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if action == 27 or type(action) is not int or action not in self.legal_actions(state, seat):
            raise IllegalAction
        return {**state, "said": [*state["said"], max(state["goal"], action)]}

    def to_act(self, state: Any) -> Any:
        return [] if len(state["said"]) == 2 else [0]

    def outcome(self, state: Any) -> Outcome | None:
        return None if self.to_act(state) else Outcome((0,), "goal")


class ListsTuples(TicTacToe):
    """legality"""

    def legal_actions(self, state: Any, seat: int) -> Any:
        return [divmod(cell, 3) for cell in super().legal_actions(state, seat)]

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if action not in self.legal_actions(state, seat):
            raise IllegalAction
        return super().apply(state, seat, action[0] * 3 + action[1], rng)


class TakesTrueForOne(TicTacToe):
    """legality"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if action not in self.legal_actions(state, seat):
            raise IllegalAction
        return super().apply(state, seat, int(action), rng)


class TakesAFloatForAnInteger(TicTacToe):
    """legality"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if type(action) is float and action.is_integer():
            action = int(action)
        return super().apply(state, seat, action, rng)


class TakesAnOccupiedCell(TicTacToe):
    """legality"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if type(action) is not int or not 0 <= action < 9:
            raise IllegalAction
        return (*state[:action], seat, *state[action + 1 :])


class TakesRubbish(TicTacToe):
    """legality"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        return state if action is None else super().apply(state, seat, action, rng)


class ListsAnActionTwice(TicTacToe):
    """legality"""

    def legal_actions(self, state: Any, seat: int) -> Any:
        return super().legal_actions(state, seat) * 2


class ListsNothing(TicTacToe):
    """legality"""

    def legal_actions(self, state: Any, seat: int) -> Any:
        return []


class ListsASet(TicTacToe):
    """legality"""

    def legal_actions(self, state: Any, seat: int) -> Any:
        return set(super().legal_actions(state, seat))


class ListsNoActionsAndSamplesNone(Essay):
    """legality"""

    sample_action = None  # type: ignore[assignment]


# --- exceptions -----------------------------------------------------------------------------------


class RaisesValueErrorOnRubbish(TicTacToe):
    """exception"""

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if not isinstance(action, int):
            raise ValueError("not a cell")
        return super().apply(state, seat, action, rng)


class RaisesOnDecoding(Walker):
    """exception"""

    def decode_action(self, data: Any) -> Any:
        return self.legal_actions(None, 0)[self.names.index(data)]  # type: ignore[arg-type]


class RaisesInAView(TicTacToe):
    """exception"""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"mine": state[seat]}


class RefusesToSayTheOutcome(TicTacToe):
    """exception"""

    def outcome(self, state: Any) -> Outcome | None:
        raise IllegalAction


# --- what is hidden -------------------------------------------------------------------------------


class ShowsPendingBids(Goofspiel):
    """leak_simultaneous"""

    def view(self, state: Any, seat: int | None) -> dict[str, Any]:
        return {**super().view(state, seat), "bids": list(state.bids)}


class ShowsSpectatorsPendingBids(Goofspiel):
    """leak_simultaneous"""

    def view(self, state: Any, seat: int | None) -> dict[str, Any]:
        view = super().view(state, seat)
        return {**view, "bids": list(state.bids)} if seat is None else view


class ShowsTheRemainingHands(Goofspiel):
    """leak_simultaneous"""

    def view(self, state: Any, seat: int | None) -> dict[str, Any]:
        left = [
            [card for card in hand if card != bid]
            for hand, bid in zip(state.hands, state.bids, strict=True)
        ]
        return {**super().view(state, seat), "hands": left}


class TellsABidByTheOrderOfTheKeys(Goofspiel):
    """leak_simultaneous"""

    def view(self, state: Any, seat: int | None) -> dict[str, Any]:
        view = super().view(state, seat)
        return dict(reversed(view.items())) if state.bids[0] == 1 else view


class TellsABidByWhoIsToAct(Goofspiel):
    """leak_simultaneous"""

    seats = range(3, 5)

    def to_act(self, state: Any) -> list[int]:
        left = super().to_act(state)
        return left[-1:] if (state.bids[0] or 1) % 2 == 0 else left


class TellsABidByWhatIsLegal(Goofspiel):
    """leak_simultaneous"""

    def legal_actions(self, state: Any, seat: int) -> list[int]:
        return sorted(super().legal_actions(state, seat), reverse=state.bids[0] == 1)


class ShowsThePrizesToCome(Goofspiel):
    """leak_redeal"""

    def view(self, state: Any, seat: int | None) -> dict[str, Any]:
        return {**super().view(state, seat), "deck": list(state.prizes)}


class ShowsSpectatorsTheCards(Kuhn):
    """leak_same_past"""

    def view(self, state: Any, seat: int | None) -> Any:
        return {"cards": list(state[0])} if seat is None else super().view(state, seat)


class TellsACardByWhatIsLegal(Kuhn):
    """leak_same_past"""

    def legal_actions(self, state: Any, seat: int) -> Any:
        listed = super().legal_actions(state, seat)
        return listed[::-1] if state[0][1 - seat] == "king" else listed


class TellsACardByWhatIsForced(Kuhn):
    """leak_same_past"""

    def forced(self, state: Any, seat: int) -> Any:
        return {"beware": state[0][1 - seat] == "king"}


class TellsByWhatIsForcedWhatItRedeals(DealtKuhn):
    """leak_redeal"""

    def forced(self, state: Any, seat: int) -> Any:
        return {"beware": state[0][1 - seat] == "king"}


class HoldsTheDeckInAView(DealtKuhn):
    """leak_redeal"""

    def view(self, state: Any, seat: int | None) -> Any:
        deck = [card for card in ("jack", "queen", "king") if card not in state[0]]
        return {**super().view(state, seat), "deck": deck}


class RedealsByWhatIsHidden(DealtKuhn):
    """redeal"""

    def redeal(self, state: Any, seat: int | None, rng: Random) -> Any:
        if seat != 0:
            return super().redeal(state, seat, rng)
        # The hidden cards are shuffled as they happen to lie.
        rest = [card for card in ("jack", "queen", "king") if card not in state[0]]
        return ((state[0][0], rng.choice([state[0][1], *rest])), state[1])


class RedealsWhatCannotBePlayed(DealtKuhn):
    """redeal"""

    def redeal(self, state: Any, seat: int | None, rng: Random) -> Any:
        return (*super().redeal(state, seat, rng), "dealt")

    def legal_actions(self, state: Any, seat: int) -> Any:
        return super().legal_actions(state[:2], seat)

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if len(state) == 3:
            raise IllegalAction
        return super().apply(state, seat, action, rng)

    def outcome(self, state: Any) -> Outcome | None:
        return super().outcome(state[:2])


class BringsABotThatCheats(DealtKuhn):
    """leak_bot"""

    def choose_action(self, state: Any, seat: int, iterations: int, rng: Random) -> Any:
        return self.legal_actions(state, seat)[state[0][1 - seat] == "king"]


class BringsABotThatDoesWhatIsIllegal(DealtKuhn):
    """bot"""

    def choose_action(self, state: Any, seat: int, iterations: int, rng: Random) -> Any:
        return "raise"


class DoesForTheAbsentWhatIsIllegal(DealtKuhn):
    """absent"""

    def auto_action(self, state: Any, seat: int, rng: Random) -> Any:
        return "cheat"


class ThrowsADieOfItsOwnForTheAbsent(Goofspiel):
    """determinism"""

    def __init__(self) -> None:
        self._rng = Random(1)

    def auto_action(self, state: Any, seat: int, rng: Random) -> Any:
        return self._rng.choice(state.hands[seat])


class NamesAWinnerOnTimeWhoDoesNotPlay(Goofspiel):
    """absent"""

    def timeout_outcome(self, state: Any, seat: int) -> Any:
        return Outcome((99,), "timeout")


class SaysInAWordHowATimeoutEnds(Goofspiel):
    """absent"""

    def timeout_outcome(self, state: Any, seat: int) -> Any:
        return "draw"


class ClaimsThatNothingIsHidden(Goofspiel):
    """perfect_information"""

    perfect_information = True


# --- codecs and declarations ----------------------------------------------------------------------


class ForgetsPartOfTheState(Walker):
    """codec"""

    def decode_state(self, data: Any) -> Any:
        return super().decode_state({**data, "x": 0})


class MixesUpWhatItSamples(Essay):
    """codec"""

    def encode_action(self, action: Any) -> Any:
        return action

    def decode_action(self, data: Any) -> Any:
        return data.upper() if isinstance(data, str) else data


class MixesUpActions(Walker):
    """codec"""

    def decode_action(self, data: Any) -> Any:
        action = super().decode_action(data)
        return action._replace(y=-action.y)


class HasAnOptionWithoutADefault(Race):
    """declaration"""

    class Options(EngineOptions, frozen=True):
        goal: int


class HasAnOptionOfAnUnknownType(Race):
    """declaration"""

    class Options(EngineOptions, frozen=True):
        goal: Nowhere = 1  # type: ignore[name-defined]  # noqa: F821


class HasSeatsThatAreNoRange(Race):
    """declaration"""

    seats = (2, 3)  # type: ignore[assignment]


class HasNoView(Race):
    """declaration"""

    view = None  # type: ignore[assignment]


FAULTY: list[type] = [
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and kind.__module__ == __name__ and kind is not Unpicklable
]
