// Which moves were taken back: they are in the log, and no longer in the game.
import type { LogEntry } from "../wire";

/** The seqs of the actions that do not stand any more at the end of these entries. */
export function takenBack(entries: readonly LogEntry[]): ReadonlySet<number> {
  const standing: number[] = [];
  const gone = new Set<number>();
  for (const { seq, kind, payload } of entries) {
    if (kind === "action") standing.push(seq);
    if (kind !== "answered" || payload?.["kind"] !== "takeback" || payload["settled"] !== true) continue;
    const count = Number(payload["actions"] ?? 0);
    for (const one of standing.splice(Math.max(0, standing.length - count))) gone.add(one);
  }
  return gone;
}
