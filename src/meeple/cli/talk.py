"""What players of ``meeple play`` offer each other and say, as they type it and as it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from meeple.cli import screen
from meeple.client import ChatLine, Offer, OfferKind, TableClient
from meeple.services.projection import GameState

#: What can be typed, and what it offers.
OFFERS = {"draw": OfferKind.DRAW, "takeback": OfferKind.TAKEBACK}
#: What is offered, in words.
WORDS = {
    OfferKind.DRAW: "a draw",
    OfferKind.TAKEBACK: "to take the last action back",
    OfferKind.REMATCH: "a rematch",
    OfferKind.MORE_TIME: "more time",
}


async def obey(typed: str, table: TableClient) -> bool:
    """Do what was typed, if it is a word of talk; False if it is none.

    Raises:
        Refused, ConnectionLost: the server said no, or nothing.
    """
    word, _, text = typed.partition(" ")
    if word == "say" and text:
        await table.chat(text)
    elif typed in OFFERS:
        await table.offer(OFFERS[typed])
    elif typed in ("accept", "decline"):
        offer = _meant(table.state, accept=typed == "accept")
        if offer is None:
            screen.console.print("Nothing is offered.")
            screen.show_what_to_do(table.state)
        else:
            await table.answer(offer.kind, typed == "accept")
    else:
        return False
    return True


def _meant(state: GameState, *, accept: bool) -> Offer | None:
    """The latest offer of another; one's own can be declined too, which takes it back."""
    offers = _offers(state)
    others = tuple(offer for offer in offers if offer.seat != state.seat)
    candidates = others if others or accept else offers
    return candidates[-1] if candidates else None


def _offers(state: GameState) -> tuple[Offer, ...]:
    return () if state.offers is UNSET else state.offers


def show_offers(shown: GameState | None, state: GameState) -> None:
    """What is offered since what was shown last, or no more."""
    before = () if shown is None else _offers(shown)
    now = _offers(state)
    if before == now or state.outcome is not None:
        return
    screen.console.print()
    for offer in now:
        if offer in before:
            continue
        if offer.seat == state.seat:
            screen.console.print(f"You offer {WORDS[offer.kind]}.")
        else:
            who = state.players[offer.seat].name or f"Seat {offer.seat}"
            screen.console.print(
                f"{who} offers {WORDS[offer.kind]}: accept or decline.", style="bold yellow"
            )
    kinds = {offer.kind for offer in now}
    for offer in before:
        if offer.kind not in kinds:
            screen.console.print(f"The offer of {WORDS[offer.kind]} is closed.")
    screen.show_what_to_do(state)


def show_lines(lines: Sequence[ChatLine], state: GameState) -> None:
    """What the others have said."""
    others = [line for line in lines if line.seat is None or line.seat != state.seat]
    if not others:
        return
    screen.console.print()
    for line in others:
        screen.console.print(f"{line.name}: {line.text}", style="cyan")
    screen.show_what_to_do(state)
