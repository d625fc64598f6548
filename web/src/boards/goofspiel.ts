import { arrows, fill, h, say, set, usable, type Child } from "../dom";
import { mark } from "../pictures";
import { list, nameOf } from "../text";
import type { Game, Json } from "@meeple/client";
import { isRecord, may, type Board, type Play, type Position } from "./board";

interface Round {
  prize: number;
  bids: number[];
  winner: number | null;
}

interface View {
  prize: number | null;
  carried: number[];
  prizes_left: number;
  hand_sizes: number[];
  scores: number[];
  rounds: Round[];
  hand?: number[];
  bid?: number | null;
}

function viewOf(view: Json): View | null {
  const known = ["prize", "carried", "prizes_left", "hand_sizes", "scores", "rounds"];
  return isRecord(view) && known.every((key) => key in view) ? (view as unknown as View) : null;
}

const card = (text: Child, kind = ""): HTMLElement => h("span", { class: `card ${kind}` }, text);

/** What was won in the last round: its prize, and what ties before it had left. */
function stake(rounds: Round[]): number {
  let sum = 0;
  for (const round of [...rounds].reverse()) {
    if (sum > 0 && round.winner !== null) break;
    sum += round.prize;
  }
  return sum;
}

export function goofspiel(play: Play, view: Json): Board | null {
  const first = viewOf(view);
  if (first === null) return null;
  let now: Position | null = null;
  const most = first.prizes_left + first.rounds.length + (first.prize === null ? 0 : 1);
  const buttons = Array.from({ length: most }, (_, n) =>
    h(
      "button",
      {
        type: "button",
        class: "card",
        "aria-label": `Bid ${n + 1}`,
        onclick: () => {
          if (now && may(now, n + 1)) play(n + 1);
        },
      },
      n + 1,
    ),
  );
  const prize = h("div", { class: "prize" });
  const told = h("p", { class: "told", "aria-live": "polite" });
  const seats = h("ul", { class: "bidders" });
  const hand = h("div", { class: "hand", role: "group", "aria-label": "Your hand" }, ...buttons);
  const mine = h("p", { class: "mine" });
  const rounds = h("details", { class: "rounds" });
  const element = h("div", { class: "goofspiel" }, prize, told, seats, mine, hand, rounds);
  arrows(hand, most);

  function update(position: Position): void {
    const { state, pending } = position;
    const shown = viewOf(state.view);
    if (shown === null) return;
    now = position;
    const names = state.players.map((player) =>
      player.seat === state.seat ? "You" : nameOf(player),
    );
    fill(prize, ...table(shown));
    const last = shown.rounds.at(-1);
    say(told, last ? lastRound(last, stake(shown.rounds), names) : "");
    fill(seats, ...shown.scores.map((score, seat) => bidder(state, shown, seat, score)));
    drawHand(state, shown, pending, position);
    drawRounds(shown.rounds, names);
  }

  function drawHand(
    state: Game,
    shown: View,
    pending: Json | undefined,
    position: Position,
  ): void {
    const bid = typeof pending === "number" ? pending : (shown.bid ?? null);
    set(hand, { hidden: shown.hand === undefined || state.status === "over" });
    const waiting = state.to_act.filter((seat) => seat !== state.seat);
    const others = list(waiting.map((seat) => nameOf(state.players[seat])));
    const wait = others && pending === undefined ? `; waiting for ${others}` : "";
    say(mine, bid === null || state.outcome ? "" : `Your bid: ${bid}${wait}.`);
    buttons.forEach((button, n) => {
      const held = shown.hand?.includes(n + 1) ?? false;
      set(button, { hidden: !held && bid !== n + 1, "aria-pressed": bid === n + 1 && "true" });
      usable(button, may(position, n + 1));
    });
  }

  function drawRounds(past: Round[], names: string[]): void {
    if (past.length === 0) return fill(rounds);
    const head = h("tr", {}, ...["Prize", ...names].map((name) => h("th", { scope: "col" }, name)));
    const rows = past
      .map((round) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, round.prize),
          ...round.bids.map((bid, seat) =>
            h("td", { class: round.winner === seat && "won" }, bid, round.winner === seat && " ★"),
          ),
        ),
      )
      .reverse();
    const body = h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
    fill(rounds, h("summary", {}, `Past rounds (${past.length})`), body);
  }
  return { element, update };
}

function table({ prize, carried, prizes_left }: View): Child[] {
  if (prize === null) return [];
  return [
    h("span", { class: "label" }, carried.length ? "At stake" : "Prize"),
    ...carried.map((one) => card(one, "face small")),
    card(prize, "face"),
    h("span", { class: "label" }, prizes_left ? `${prizes_left} more to come` : "the last one"),
  ];
}

function bidder(state: Game, view: View, seat: number, score: number): HTMLElement {
  const over = state.status === "over";
  const ready = !over && !state.to_act.includes(seat);
  const bid = ready ? "bid made" : "choosing";
  const player = state.players[seat];
  return h(
    "li",
    { class: ready && "ready" },
    mark(seat),
    h("span", { class: "who" }, seat === state.seat ? "You" : nameOf(player)),
    !over && h("span", { class: "bid" }, bid),
    h("span", { class: "left" }, `${view.hand_sizes[seat] ?? 0} cards`),
    h("strong", {}, `${score} points`),
  );
}

function lastRound(round: Round, sum: number, names: string[]): string {
  const bids = list(round.bids.map((bid, seat) => `${names[seat]} ${bid}`));
  if (round.winner === null) return `Bids: ${bids}. A tie: nobody takes the prize.`;
  const winner = names[round.winner] ?? "?";
  return `Bids: ${bids}. ${winner} ${winner === "You" ? "take" : "takes"} ${sum}.`;
}
