// The list of moves, from the game's log.
import { useEffect, useRef } from "preact/hooks";
import { lookOf, toneOf } from "../boards/look";
import { wordsOf } from "../boards/model";
import { nameOf } from "../text";
import type { GameState, Json, LogEntry } from "../wire";

/** What an entry says; null for those that are no news. */
export function entryText(entry: LogEntry): string | null {
  const action = entry.payload?.["action"];
  switch (entry.kind as string) {
    case "action":
      return action === undefined ? "played (hidden)" : wordsOf(action);
    case "resigned":
      return "resigned";
    case "aborted":
      return "closed the table";
    case "timed_out":
      return "ran out of time";
    case "abandoned":
      return "left the game";
    case "offered":
      return `offered ${kindText(entry.payload?.["kind"])}`;
    case "answered":
      return `${entry.payload?.["accept"] ? "accepted" : "declined"} ${kindText(entry.payload?.["kind"])}`;
    case "paused":
      return "clocks paused";
    default:
      return null;
  }
}

export function kindText(kind: Json | undefined): string {
  const texts: Record<string, string> = {
    draw: "a draw",
    takeback: "a takeback",
    rematch: "a rematch",
    more_time: "more time",
  };
  return texts[String(kind)] ?? String(kind);
}

interface Props {
  state: GameState;
  entries: readonly LogEntry[];
  /** The entry that is looked at. */
  current?: number;
  go?: (seq: number) => void;
}

export function Moves({ state, entries, current, go }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const told = entries.flatMap((entry) => {
    const text = entryText(entry);
    return text === null ? [] : [{ entry, text }];
  });
  const at = current ?? told.at(-1)?.entry.seq;
  useEffect(() => {
    const box = list.current;
    const item = box?.querySelector<HTMLElement>("[aria-current]");
    if (box && item) box.scrollTop = item.offsetTop - box.clientHeight / 2;
  }, [at, told.length]);
  const look = lookOf(state.engine);
  const short = state.players.length === 2 && told.every(({ text }) => text.length < 12);
  return (
    <ol class={`moves ${short ? "pairs" : ""}`} ref={list} aria-label="Moves" tabIndex={0}>
      {told.map(({ entry, text }) => {
        const who = entry.seat === null ? undefined : state.players[entry.seat];
        const said = `${who ? nameOf(who) : ""} ${text}`;
        const shown = entry.seq === at ? { "aria-current": "true" as const } : {};
        const inner = (
          <>
            {entry.seat !== null && <i class={`dot ${toneOf(look, entry.seat)}`} aria-hidden="true" />}
            {text}
          </>
        );
        return (
          <li key={entry.seq} class={entry.kind === "action" ? "" : "note"}>
            {go ? (
              <button {...shown} class="quiet" aria-label={said} onClick={() => go(entry.seq)}>
                {inner}
              </button>
            ) : (
              <span {...shown} class="move">
                {inner}
              </span>
            )}
          </li>
        );
      })}
      {told.length === 0 && <li class="empty">No move yet</li>}
    </ol>
  );
}

/** What happened, in the words of a game that tells it. */
export function Told({ first, lines }: { first: number; lines: readonly string[] }) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => list.current?.scrollTo({ top: list.current.scrollHeight }), [first, lines.length]);
  return (
    <ol class="moves told" ref={list} aria-label="What happened" tabIndex={0}>
      {lines.map((line, index) => (
        <li key={first + index}>{line}</li>
      ))}
    </ol>
  );
}
