// A game to take along.
import type { GameState, LogEntry } from "../wire";

const WHITE = 1;

/** Have the browser save a text as a file. */
export function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A game of chess in Portable Game Notation. */
export function pgnOf(state: GameState, entries: readonly LogEntry[]): string {
  const created = entries[0];
  const options = (created?.payload?.["options"] ?? {}) as { fen?: string };
  const result = resultOf(entries);
  const day = new Date(created?.at ?? 0).toISOString().slice(0, 10).replaceAll("-", ".");
  const tags: [string, string][] = [
    ["Event", "Casual game"],
    ["Site", location.origin],
    ["Date", day],
    ["Round", "-"],
    ["White", state.players[WHITE]?.name ?? "?"],
    ["Black", state.players[1 - WHITE]?.name ?? "?"],
    ["Result", result],
  ];
  const { fen } = options;
  if (fen) tags.push(["SetUp", "1"], ["FEN", fen]);
  const blackFirst = fen?.split(" ")[1] === "b";
  const moves = entries.flatMap(({ kind, payload }) =>
    kind === "action" && typeof payload?.["action"] === "string" ? [payload["action"]] : [],
  );
  const said = moves.map((move, index) => {
    const ply = index + (blackFirst ? 1 : 0);
    const number = `${Math.floor(ply / 2) + 1}`;
    if (ply % 2 === 0) return `${number}. ${move}`;
    return index === 0 ? `${number}... ${move}` : move;
  });
  const head = tags.map(([name, value]) => `[${name} "${value.replace(/(["\\])/g, "\\$1")}"]`);
  return `${head.join("\n")}\n\n${wrapped([...said, result])}\n`;
}

function resultOf(entries: readonly LogEntry[]): string {
  const outcome = entries.at(-1)?.payload;
  const winners = outcome?.["winners"];
  if (entries.at(-1)?.kind !== "ended" || !Array.isArray(winners) || outcome?.["reason"] === "aborted") {
    return "*";
  }
  if (winners.length === 0) return "1/2-1/2";
  return winners.includes(WHITE) ? "1-0" : "0-1";
}

/** In lines of at most 80 characters, as the standard says. */
function wrapped(parts: readonly string[]): string {
  const lines: string[] = [];
  let line = "";
  for (const part of parts) {
    if (line && line.length + part.length + 1 > 79) {
      lines.push(line);
      line = part;
    } else line = line ? `${line} ${part}` : part;
  }
  return [...lines, line].join("\n");
}
