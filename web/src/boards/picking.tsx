// Clicks become actions: one click, or from here to there, and a question where that is not enough.
import { useEffect, useRef, useState } from "preact/hooks";
import { meant, nextKeys, type Key, type Move } from "./model";
import type { Json } from "../wire";

export interface Picking {
  /** What was clicked so far. */
  picked: readonly Key[];
  /** What may be clicked next. */
  next: Set<Key>;
  /** Several actions are meant by the same clicks. */
  asked: readonly Move[];
  click: (key: Key) => void;
  /** From one place to another at once, by drag; false if that is no move. */
  drop: (from: Key, to: Key) => boolean;
  /** Play one of `asked`. */
  choose: (move: Move) => void;
  clear: () => void;
}

interface Options {
  moves: readonly Move[];
  mayAct: boolean;
  act: (action: Json) => void;
  seq: number;
}

export function usePicking({ moves, mayAct, act, seq }: Options): Picking {
  const [picked, setPicked] = useState<readonly Key[]>([]);
  const [asked, setAsked] = useState<readonly Move[]>([]);
  const clear = (): void => {
    setPicked([]);
    setAsked([]);
  };
  // A new position: what was begun for the last one is not meant any more.
  useEffect(clear, [seq, mayAct]);

  const choose = (move: Move): void => {
    clear();
    act(move.action);
  };

  /** True if these clicks begin, ask or are a move. */
  function pick(keys: readonly Key[]): boolean {
    const found = meant(moves, keys);
    if (found.length === 0) return false;
    const exact = found.filter(({ path }) => path.length === keys.length);
    if (exact.length === 1 && found.length === 1) choose(exact[0] as Move);
    else if (exact.length > 0) {
      setPicked(keys);
      setAsked(found);
    } else {
      setPicked(keys);
      setAsked([]);
    }
    return true;
  }

  function click(key: Key): void {
    if (!mayAct) return;
    if (picked.length > 0 && key === picked.at(-1)) return clear();
    if (!pick([...picked, key]) && !pick([key])) clear();
  }

  function drop(from: Key, to: Key): boolean {
    if (!mayAct) return false;
    if (pick(picked.at(-1) === from ? [...picked, to] : [from, to])) return true;
    return false;
  }

  return { picked, next: mayAct ? nextKeys(moves, picked) : new Set(), asked, click, drop, choose, clear };
}

/** Which of them? */
export function Question({ picking }: { picking: Picking }) {
  const { asked, choose, clear } = picking;
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => root.current?.querySelector("button")?.focus(), [asked]);
  if (asked.length === 0) return null;
  return (
    <div
      class="question"
      role="dialog"
      aria-label="Which one?"
      ref={root}
      onKeyDown={(event) => event.key === "Escape" && clear()}
    >
      {asked.map((move) => (
        <button key={move.text} onClick={() => choose(move)}>
          {move.text}
        </button>
      ))}
      <button class="quiet" onClick={clear}>
        Cancel
      </button>
    </div>
  );
}
