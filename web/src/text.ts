// The words of the page.
import type { GameRow, Game, Outcome, PlayerView } from "@meeple/client";

const REASONS: Record<string, string> = {
  line: "the line is complete",
  board_full: "the board is full",
  scores: "on points",
  resigned: "by resignation",
};

const TITLES: Record<string, string> = { "connect-four": "Connect four" };

/** "tic-tac-toe" as a title. */
export const title = (engine: string): string =>
  TITLES[engine] ?? engine.charAt(0).toUpperCase() + engine.slice(1);

export const nameOf = (player: PlayerView | undefined): string =>
  player?.name ?? (player ? `Seat ${player.seat + 1}` : "Somebody");

/** "Ann, Bob and Cem" */
export function list(names: string[]): string {
  if (names.length < 2) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const reason = (outcome: Outcome): string =>
  REASONS[outcome.reason] ?? outcome.reason.replaceAll("_", " ");

/** How a game ended, for one who sat on `seat`. */
export function ending(outcome: Outcome, seat: number | null, names: string[]): string {
  if (outcome.reason === "aborted") return "This table was closed.";
  const why = reason(outcome);
  const { winners } = outcome;
  if (winners.length === 0) return `A draw – ${why}.`;
  if (seat !== null && winners.includes(seat)) {
    const others = winners.filter((one) => one !== seat).map((one) => names[one] ?? "?");
    return others.length ? `You and ${list(others)} won – ${why}.` : `You won – ${why}!`;
  }
  const won = list(winners.map((one) => names[one] ?? "?"));
  return seat === null ? `${won} won – ${why}.` : `You lost: ${won} won – ${why}.`;
}

/** Where a game stands, in a sentence. */
export function standing(state: Game): string {
  const { players, seat, to_act } = state;
  const names = players.map(nameOf);
  if (state.outcome) return ending(state.outcome, seat, names);
  if (state.status === "open") {
    const free = players.filter((player) => player.user_id === null).length;
    return free === 1 ? "Waiting for one more player." : `Waiting for ${free} more players.`;
  }
  if (seat !== null && to_act.includes(seat)) return "Your turn.";
  const others = to_act.map((one) => names[one] ?? "?");
  if (others.length === 1) return `${others[0]} is to play.`;
  return `${list(others)} are to play.`;
}

/** How one of my games stands, in a word or two. */
export function result({ status, outcome, players }: GameRow, user: string): string {
  if (status === "open") return "waiting for players";
  if (!outcome) return "being played";
  if (outcome.reason === "aborted") return "closed";
  if (outcome.winners.length === 0) return "a draw";
  const seat = players.findIndex((player) => player?.user_id === user);
  return outcome.winners.includes(seat) ? "you won" : "you lost";
}

/** "3 minutes ago" */
export function ago(ms: number): string {
  const minutes = Math.round((Date.now() - ms) / 60_000);
  if (minutes < 1) return "just now";
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes < 60) return words.format(-minutes, "minute");
  if (minutes < 60 * 24) return words.format(-Math.round(minutes / 60), "hour");
  return words.format(-Math.round(minutes / 60 / 24), "day");
}
