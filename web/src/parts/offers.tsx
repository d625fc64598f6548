// What the players ask of each other, and giving up.
import { useState } from "preact/hooks";
import type { OfferKind, Table } from "@meeple/client";
import { list, nameOf } from "../text";
import type { GameState, Offer } from "../wire";
import { kindText } from "./moves";

interface Props {
  table: Table;
  state: GameState;
  attempt: (what: () => Promise<unknown>) => void;
}

/** Offers that are open: to be answered, or to be waited for. */
export function OpenOffers({ table, state, attempt }: Props) {
  const { seat, offers = [], players } = state;
  if (offers.length === 0) return null;
  return (
    <div class="offers" role="status">
      {offers.map((offer) => {
        const mine = offer.seat === seat;
        const done = seat === null || (offer.accepted ?? []).includes(seat);
        const seconds = offer.seconds ? ` (${offer.seconds} s)` : "";
        return (
          <p key={offer.kind}>
            <span>
              {mine ? "You offer" : `${nameOf(players[offer.seat])} offers`} {kindText(offer.kind)}
              {seconds}
              {waiting(offer, state)}
            </span>
            {!done && !mine && (
              <button class="main small" onClick={() => attempt(() => table.answer(offer.kind, true))}>
                Accept
              </button>
            )}
            {seat !== null && (
              <button class="small" onClick={() => attempt(() => table.answer(offer.kind, false))}>
                {mine ? "Take it back" : "Decline"}
              </button>
            )}
          </p>
        );
      })}
    </div>
  );
}

function waiting({ accepted = [] }: Offer, { players }: GameState): string {
  return accepted.length ? `; ${list(accepted.map((one) => nameOf(players[one])))} accepted` : "";
}

const KINDS: readonly (readonly [OfferKind, string, string])[] = [
  ["draw", "½", "Offer a draw"],
  ["takeback", "↶", "Ask to take the last move back"],
  ["more_time", "+15 s", "Ask for more time"],
];

/** What one may do beside playing. */
export function Controls({ table, state, attempt }: Props) {
  const [sure, setSure] = useState(false);
  const { seat, status, players } = state;
  if (seat === null || status !== "live") return null;
  const open = new Set((state.offers ?? []).map(({ kind }) => kind));
  const alone = players.length === 1;
  const bots = players.some(({ bot }) => bot);
  return (
    <div class="controls" role="group" aria-label="Offers">
      {!alone &&
        KINDS.filter(([kind]) => (kind !== "more_time" || state.clock) && (kind !== "draw" || !bots)).map(
          ([kind, sign, what]) => (
            <button
              key={kind}
              class="quiet"
              title={what}
              aria-label={what}
              disabled={open.has(kind)}
              onClick={() => attempt(() => table.offer(kind))}
            >
              {sign}
            </button>
          ),
        )}
      {sure ? (
        <span class="sure">
          <button class="danger" onClick={() => attempt(() => table.resign())}>
            Resign
          </button>
          <button class="quiet" ref={(button) => button?.focus()} onClick={() => setSure(false)}>
            Play on
          </button>
        </span>
      ) : (
        <button class="quiet" onClick={() => setSure(true)} aria-label="Resign …" title="Resign">
          ⚑
        </button>
      )}
    </div>
  );
}
