// What the panel knows of a game: its log as it grows, and the positions that were looked at.
import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../wire";
import * as api from "./api";

/** Milliseconds between two looks. */
const EVERY = 250;
/** Positions of a game that are kept. */
const KEPT = 500;

/** What has happened on the server, looked at again and again while the page is seen. */
export function useInfo(id?: string): { info: api.Info | null; lost: string; look: () => void } {
  const [info, setInfo] = useState<api.Info | null>(null);
  const [lost, setLost] = useState("");
  const now = useRef<() => void>(() => undefined);
  useEffect(() => {
    let stopped = false;
    let timer = 0;
    let looking = false;
    const look = async (): Promise<void> => {
      if (looking || stopped) return;
      looking = true;
      window.clearTimeout(timer);
      try {
        const found = await api.info(id);
        if (!stopped) {
          setInfo((known) => (JSON.stringify(known) === JSON.stringify(found) ? known : found));
          setLost("");
        }
      } catch (error) {
        if (!stopped) setLost(words(error));
      }
      looking = false;
      if (!stopped && !document.hidden) timer = window.setTimeout(() => void look(), EVERY);
    };
    now.current = () => void look();
    const seen = (): void => void look();
    document.addEventListener("visibilitychange", seen);
    void look();
    return () => {
      stopped = true;
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [id]);
  return { info, lost, look: () => now.current() };
}

export interface Known {
  readonly game: api.DevGame;
  readonly entries: readonly api.Entry[];
}

/** The game with its whole log, as `info` says that it has changed. */
export function useGame(id: string, info: api.Info | null): { known: Known | null; error: string } {
  const [known, setKnown] = useState<Known | null>(null);
  const [error, setError] = useState("");
  const latest = useRef<Known | null>(null);
  useEffect(() => {
    if (info === null) return;
    let stopped = false;
    const before = latest.current?.game.version === info.version ? latest.current : null;
    const entries = before?.entries ?? [];
    api.game(id, entries.length - 1).then(
      (game) => {
        if (stopped) return;
        latest.current = { game, entries: [...entries, ...game.entries] };
        setKnown(latest.current);
        setError("");
      },
      (failure: unknown) => !stopped && setError(words(failure)),
    );
    return () => {
      stopped = true;
    };
  }, [id, info?.seq, info?.version]);
  return { known, error };
}

/** The positions at `seq` and before it; null while they are on their way. */
export function usePositions(known: Known | null, seq: number): { now: api.Position | null; before: api.Position | null } {
  const kept = useRef(new Map<number, api.Position>());
  const version = useRef(-1);
  const shown = useRef<api.Position | null>(null);
  const [, arrived] = useState(0);
  if (known && version.current !== known.game.version) {
    version.current = known.game.version;
    kept.current = new Map();
  }
  const last = known?.game.position;
  if (last) kept.current.set(last.seq, last);
  const id = known?.game.game_id;
  const folded = known?.game.folded ?? -1;
  useEffect(() => {
    if (!known || id === undefined) return;
    let stopped = false;
    const positions = kept.current;
    // What is beside comes too, so that a step is there at once.
    for (const one of [seq, seq - 1, seq + 1]) {
      if (one < 0 || one > folded || positions.has(one)) continue;
      api.game(id, known.game.seq, one).then(
        ({ position, version: of }) => {
          if (!position || of !== known.game.version) return;
          positions.set(position.seq, position);
          if (positions.size > KEPT) positions.delete(positions.keys().next().value ?? 0);
          if (!stopped) arrived((count) => count + 1);
        },
        // The next look says what is wrong.
        () => undefined,
      );
    }
    return () => {
      stopped = true;
    };
  }, [id, seq, folded, known?.game.version]);
  const now = kept.current.get(Math.min(seq, folded)) ?? null;
  // The position that was shown stays until the next is here: nothing jumps.
  if (now) shown.current = now;
  return { now: now ?? shown.current, before: kept.current.get(Math.min(seq, folded) - 1) ?? null };
}
