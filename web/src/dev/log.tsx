// The log as it grows: a click goes there, and each entry can be opened.
import { useEffect, useRef, useState } from "preact/hooks";
import { lookOf, toneOf } from "../boards/look";
import { wordsOf } from "../boards/model";
import type { Entry } from "./api";

const said = ({ kind, payload }: Entry): string => {
  if (kind === "action") return wordsOf(payload["action"] ?? null);
  if (kind === "seated") return `seated: ${String(payload["name"])}`;
  if (kind === "ended") return `ended: ${String(payload["reason"])}`;
  return kind.replaceAll("_", " ");
};

export const micros = (time: number | null): string =>
  time === null ? "" : time < 1000 ? `${Math.round(time)} µs` : `${(time / 1000).toFixed(1)} ms`;

interface Props {
  engine: string;
  entries: readonly Entry[];
  at: number;
  /** The last entry that could be folded. */
  folded: number;
  go: (seq: number) => void;
}

export function Log({ engine, entries, at, folded, go }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const look = lookOf(engine);
  useEffect(() => {
    const box = list.current;
    const item = box?.querySelector<HTMLElement>("[aria-current]")?.parentElement;
    if (!box || !item) return;
    if (item.offsetTop < box.scrollTop || item.offsetTop + item.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = item.offsetTop - box.clientHeight / 2;
    }
  }, [at, entries.length]);
  const toggle = (seq: number): void => {
    const next = new Set(open);
    if (!next.delete(seq)) next.add(seq);
    setOpen(next);
  };
  return (
    <ol class="dev-log" ref={list} aria-label="Log">
      {entries.map((entry) => (
        <li key={entry.seq} class={entry.seq > folded ? "unfolded" : ""}>
          <button
            class="quiet entry"
            {...(entry.seq === at ? { "aria-current": "true" as const } : {})}
            onClick={() => go(entry.seq)}
          >
            <span class="seq">
              <span class="hidden">Entry </span>
              {entry.seq}
              <span class="hidden">: {entry.seat === null ? "" : `seat ${entry.seat}, `}</span>
            </span>
            <i class={`dot ${entry.seat === null ? "tone-none" : toneOf(look, entry.seat)}`} aria-hidden="true" />
            <span class={entry.kind === "action" ? "what action" : "what"}>{said(entry)}</span>
            <span class="took">{micros(entry.micros)}</span>
          </button>
          <button
            class="quiet open"
            aria-expanded={open.has(entry.seq)}
            aria-label={`Entry ${entry.seq} as JSON`}
            onClick={() => toggle(entry.seq)}
          >
            {"{}"}
          </button>
          {open.has(entry.seq) && <pre tabIndex={0}>{JSON.stringify(entry, null, 2)}</pre>}
        </li>
      ))}
    </ol>
  );
}
