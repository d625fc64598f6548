// Every legal action as a button: what the board has no click for, and all of them on demand.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Json } from "../wire";
import type { BoardProps, Move } from "./model";

const MANY = 12;
const MOST = 300;

export function Actions({ state, moves, mayAct, act, drawn }: BoardProps & { drawn: boolean }) {
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const asked = state.seat !== null && state.to_act.includes(state.seat);
  useEffect(() => setTyped(""), [state.seq]);
  const clickable = drawn && moves.some(({ path }) => path.length > 0);
  const plain = clickable ? moves.filter(({ path }) => path.length === 0) : moves;
  const words = typed.trim().toLowerCase();
  const found = useMemo(
    () => moves.filter(({ text }) => text.toLowerCase().includes(words)),
    [moves, words],
  );
  if (!asked) return null;
  if (state.legal_actions === null) return <Free mayAct={mayAct} act={act} />;
  const play = (move: Move): void => {
    if (!mayAct) return;
    setTyped("");
    act(move.action);
  };
  const buttons = (some: readonly Move[]) =>
    groups(some).map(([name, members]) => (
      <div class="group" key={name} role="group" aria-label={name || "Actions"}>
        {name && <h4>{name}</h4>}
        {members.map((move, index) => (
          <button
            key={`${index} ${move.text}`}
            type="button"
            aria-disabled={!mayAct}
            onClick={() => play(move)}
          >
            {name ? move.text.slice(name.length).trim() || move.text : move.text}
          </button>
        ))}
      </div>
    ));
  const few = moves.length <= MANY && moves.every(({ text }) => text.length < 24);
  const search = moves.length > MANY || clickable;
  const submit = (event: Event): void => {
    event.preventDefault();
    const exact = moves.find(({ text }) => text.toLowerCase() === words) ?? (found.length === 1 ? found[0] : undefined);
    if (exact) play(exact);
    else field.current?.focus();
  };
  const box = (
    <form class="find" onSubmit={submit}>
      <input
        ref={field}
        type="search"
        value={typed}
        placeholder={clickable ? "Type a move" : "Search"}
        aria-label={`Find one of ${moves.length} actions; Enter plays the one that is left`}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <span role="status">{words ? `${found.length} of ${moves.length}` : ""}</span>
    </form>
  );
  if (!clickable) {
    return (
      <section class={`actions ${few ? "few" : ""}`} aria-label="What you may do">
        {search && box}
        <div class="list">{buttons(found.slice(0, MOST))}</div>
      </section>
    );
  }
  return (
    <section class="actions" aria-label="What you may do">
      {plain.length > 0 && <div class="list plain">{buttons(plain)}</div>}
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{moves.length === 1 ? "The only action" : `All ${moves.length} actions`} as a list</summary>
        {open && (
          <>
            {box}
            <div class="list">{buttons(found.slice(0, MOST))}</div>
          </>
        )}
      </details>
    </section>
  );
}

/** Actions that begin with the same word belong together, if there are many of them. */
function groups(moves: readonly Move[]): [string, Move[]][] {
  if (moves.length <= MANY) return [["", [...moves]]];
  const found = new Map<string, Move[]>();
  for (const move of moves) {
    const name = /^[A-Za-z]{3,}(?= )/.exec(move.text)?.[0] ?? "";
    found.set(name, [...(found.get(name) ?? []), move]);
  }
  return found.size > 8 ? [["", [...moves]]] : [...found];
}

/** For actions that are too many to list. */
function Free({ mayAct, act }: { mayAct: boolean; act: (action: Json) => void }) {
  const [typed, setTyped] = useState("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!mayAct || typed.trim() === "") return;
    let action: Json = typed;
    try {
      action = JSON.parse(typed) as Json;
    } catch {
      // It is a word, then.
    }
    act(action);
    setTyped("");
  };
  return (
    <form class="actions free" onSubmit={submit}>
      <label>
        Your action (text or JSON)
        <input
          value={typed}
          required
          autocomplete="off"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <button class="main">Play</button>
    </form>
  );
}
