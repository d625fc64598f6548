// What the views are made of.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ago } from "../text";
import { get } from "./rest";
import type { GameRow } from "./wire";

export interface Loaded<T> {
  readonly value: T | null;
  readonly error: string | null;
  readonly reload: () => void;
}

/** What `load` gives; again when `key` changes, on `reload`, and every so many seconds if they are given. */
export function useLoaded<T>(load: () => Promise<T>, key: string, seconds?: number): Loaded<T> {
  const [state, set] = useState<{ key: string; value: T | null; error: string | null }>({ key, value: null, error: null });
  const [round, again] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let stopped = false;
    let timer = 0;
    const run = async (): Promise<void> => {
      try {
        const value = await latest.current();
        if (!stopped) set({ key, value, error: null });
      } catch (error) {
        // What was known stays in view.
        const words = (error as Error).message;
        if (!stopped) set((before) => ({ key, value: before.key === key ? before.value : null, error: words }));
      }
      if (!stopped && seconds !== undefined) timer = window.setTimeout(() => void run(), 1000 * seconds);
    };
    void run();
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, [key, round, seconds]);
  const reload = useCallback(() => again((count) => count + 1), []);
  return { value: state.key === key ? state.value : null, error: state.error, reload };
}

/** Pages that follow each other: each `more` brings the next one. */
export function usePages<T>(path: string, query: Record<string, string>, field: string) {
  const key = `${path}?${new URLSearchParams(query)}`;
  const [pages, setPages] = useState<{ key: string; rows: readonly T[]; cursor: string | null }>({ key, rows: [], cursor: null });
  const ask = (cursor: string | null) => get<Record<string, unknown>>(path, { ...query, cursor });
  const first = useLoaded(() => ask(null), key);
  useEffect(() => {
    if (first.value) setPages({ key, rows: first.value[field] as readonly T[], cursor: first.value["cursor"] as string | null });
  }, [first.value]);
  const more = async (): Promise<void> => {
    const page = await ask(pages.cursor);
    setPages((before) =>
      before.key === key
        ? { key, rows: [...before.rows, ...(page[field] as readonly T[])], cursor: page["cursor"] as string | null }
        : before,
    );
  };
  const shown = pages.key === key ? pages : { rows: [], cursor: null };
  return { rows: shown.rows, cursor: shown.cursor, more, loading: first.value === null, error: first.error, reload: first.reload };
}

export function Problem({ words }: { words: string | null }) {
  return words === null ? null : (
    <p class="error" role="alert">
      {words}
    </p>
  );
}

export function More({ cursor, more }: { cursor: string | null; more: () => Promise<void> }) {
  const [error, setError] = useState<string | null>(null);
  if (cursor === null) return null;
  return (
    <p>
      <button class="small" onClick={() => void more().then(() => setError(null), (caught: Error) => setError(caught.message))}>
        More
      </button>
      <Problem words={error} />
    </p>
  );
}

/** A time, as far as it is of use; the whole of it on hover and for machines. */
export function When({ at }: { at: number }) {
  const iso = new Date(at).toISOString();
  return (
    <time dateTime={iso} title={iso}>
      {ago(at)}
    </time>
  );
}

export const Moment = ({ at }: { at: number }) => (
  <time dateTime={new Date(at).toISOString()}>{new Date(at).toISOString().slice(0, 19).replace("T", " ")}</time>
);

export const UserLink = ({ id, name }: { id: string; name?: string | null | undefined }) => (
  <a href={`#/users/${id}`} title={id}>
    {name || id}
  </a>
);

export const GameLink = ({ id }: { id: string }) => (
  <a class="id" href={`#/games/${id}`}>
    {id}
  </a>
);

export function Players({ game }: { game: GameRow }) {
  return (
    <>
      {game.players.map((player, seat) => (
        <span key={seat}>
          {seat > 0 && ", "}
          {player === null ? "–" : player.bot ? player.name : <UserLink id={player.user_id} name={player.name} />}
        </span>
      ))}
    </>
  );
}

interface ActProps {
  /** On the button, such as "Abort". */
  name: string;
  /** What will be done, for the form. */
  what: string;
  /** Whether it takes a reason to do it. */
  required?: boolean;
  children?: ComponentChildren;
  act: (reason: string, form: FormData) => Promise<unknown>;
  done: () => void;
}

/** A button that asks why before anything is done. */
export function Act({ name, what, required = false, children, act, done }: ActProps) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const back = useRef(false);
  const close = (): void => {
    back.current = true;
    setOpen(false);
    setError(null);
  };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await act(String(form.get("reason") ?? "").trim(), form);
      close();
      done();
    } catch (caught) {
      setError((caught as Error).message);
    } finally {
      setBusy(false);
    }
  };
  if (!open)
    return (
      <button
        class="small"
        aria-label={what}
        onClick={() => setOpen(true)}
        ref={(it) => {
          // Whoever closes the form is where it was opened.
          if (back.current) it?.focus();
        }}
      >
        {name}
      </button>
    );
  return (
    <form class="act" aria-label={what} onSubmit={(event) => void submit(event)} onKeyDown={(event) => event.key === "Escape" && close()}>
      <label>
        Reason
        <input name="reason" required={required} maxLength={500} autocomplete="off" ref={focus} />
      </label>
      {children}
      <button class="small danger" disabled={busy}>
        {name} now
      </button>
      <button class="small" type="button" onClick={close}>
        Cancel
      </button>
      <Problem words={error} />
    </form>
  );
}

const focus = (input: HTMLInputElement | null): void => input?.focus();
