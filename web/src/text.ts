// The words of the page.
import type { GameRow, GameState, Outcome, Player } from "./wire";

const REASONS: Record<string, string> = {
  line: "a complete line",
  board_full: "the board is full",
  scores: "on points",
  resigned: "by resignation",
  draw_agreed: "agreed",
  timed_out: "on time",
  timeout: "on time",
  abandoned: "the opponent left",
  draw_claimed: "claimed, the others left",
};

const TITLES: Record<string, string> = {
  // Meeple has games of the same names.
  "openspiel:connect_four": "Connect four (OpenSpiel)",
  "openspiel:goofspiel": "Goofspiel (OpenSpiel)",
  "openspiel:tic_tac_toe": "Tic tac toe (OpenSpiel)",
  mnk: "m,n,k-game",
  rbc: "Reconnaissance Blind Chess",
  phantom_ttt: "Phantom Tic Tac Toe",
  y: "Y",
};

/** "openspiel:tic_tac_toe" as a title. */
export function title(engine: string): string {
  const name = engine.slice(engine.indexOf(":") + 1);
  const known = TITLES[engine] ?? TITLES[name];
  if (known) return known;
  const said = name.replace(/[_-]+/g, " ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

export function nameOf(player: Player | undefined): string {
  if (player?.bot) return "Computer";
  return player?.name ?? (player ? `Seat ${player.seat + 1}` : "Somebody");
}

/** Who plays in a game of a list: the people, then the bots. */
export function whoPlays({ players }: GameRow, but = ""): string[] {
  const seated = players.flatMap((one) => (one && one.user_id !== but ? [one] : []));
  const people = seated.filter(({ bot }) => !bot).map(({ name }) => name);
  const bots = seated.length - people.length;
  if (bots === 0) return people;
  return [...people, bots === 1 ? "the computer" : `${bots} computers`];
}

/** "Ann, Bob and Cem" */
export function list(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const reason = (outcome: Outcome): string =>
  REASONS[outcome.reason] ?? outcome.reason.replaceAll("_", " ");

/** How a game ended, for one who sat on `seat`. */
export function ending(outcome: Outcome, seat: number | null, names: readonly string[]): string {
  if (outcome.reason === "aborted") return "This table was closed.";
  if (outcome.reason === "aborted_by_admin") return "Those who run this server have ended this game.";
  const why = reason(outcome);
  const { winners } = outcome;
  if (winners.length === 0) {
    return names.length === 1 ? `The game is over – ${why}.` : `A draw – ${why}.`;
  }
  if (seat !== null && winners.includes(seat)) {
    const others = winners.filter((one) => one !== seat).map((one) => names[one] ?? "?");
    return others.length ? `You and ${list(others)} won – ${why}.` : `You won – ${why}!`;
  }
  const won = list(winners.map((one) => names[one] ?? "?"));
  return seat === null ? `${won} won – ${why}.` : `You lost: ${won} won – ${why}.`;
}

/** Where a game stands, in a sentence. */
export function standing(state: GameState): string {
  const { players, seat, to_act } = state;
  const names = players.map(nameOf);
  if (state.outcome) return ending(state.outcome, seat, names);
  if (state.status === "open") {
    const free = players.filter((player) => player.user_id === null).length;
    return free === 1 ? "Waiting for one more player." : `Waiting for ${free} more players.`;
  }
  if (seat !== null && to_act.includes(seat)) return "Your turn";
  const others = to_act.map((one) => names[one] ?? "?");
  return others.length === 1 ? `${others[0]} to play` : `${list(others)} to play`;
}

/** What one must do, if only that is allowed; null if one may choose. */
export function demand({ request }: GameState): string | null {
  if (request?.kind !== "forced") return null;
  const { forced } = request;
  if (typeof forced === "string") return forced;
  const text = forced !== null && typeof forced === "object" && "text" in forced ? forced.text : forced;
  return typeof text === "string" ? text : JSON.stringify(text);
}

/** How one of my games stands, in a word or two. */
export function result({ status, outcome, players }: GameRow, user: string): string {
  if (status === "open") return "waiting";
  if (!outcome) return "live";
  if (outcome.reason.startsWith("aborted")) return "closed";
  if (outcome.winners.length === 0) return "draw";
  const seat = players.findIndex((player) => player !== null && player.user_id === user);
  const named = (one: number): string => (players[one]?.bot ? "the computer" : (players[one]?.name ?? "?"));
  if (seat < 0) return `${list(outcome.winners.map(named))} won`;
  return outcome.winners.includes(seat) ? "won" : "lost";
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

/** How long one may think at a table: "5+3", "30 s a move"; nothing without a clock. */
export function pace({ time_control: control }: GameRow): string {
  if (!control) return "";
  const time = (seconds: number): string => (seconds % 60 ? `${seconds} s` : `${seconds / 60} min`);
  switch (control.kind) {
    case "fischer":
      return `${control.initial / 60}+${control.increment}`;
    case "per_action":
      return `${time(control.seconds)} a move`;
    case "correspondence":
      return control.days === 1 ? "1 day a move" : `${control.days} days a move`;
    case "byo_yomi":
      return `${time(control.main)} + ${control.periods} × ${time(control.period)}`;
    default:
      return `${time(control.initial)}, ${control.kind} ${time(control.delay)}`;
  }
}
