// The debug panel of one game.
import { useEffect, useRef, useState } from "preact/hooks";
import { devAddress } from "../router";
import { title } from "../text";
import { words, type Json } from "../wire";
import * as api from "./api";
import "./dev.css";
import { Inspector } from "./inspector";
import { Log } from "./log";
import { Failed, Notices } from "./notices";
import { useGame, useInfo, usePositions } from "./use_game";
import { Views } from "./views";

const KEYS: readonly (readonly [string, string])[] = [
  ["← →", "one entry back, one on"],
  ["Home End", "to the first entry, to the last"],
  ["B", "branch off a practice table here"],
  ["N", "a new practice table"],
  ["/", "search in the state"],
  ["?", "these keys"],
];

interface Props {
  id: string;
  /** Null: the last entry, as the log grows. */
  seq?: number | null;
  /** On a page of its own, the address follows what is shown. */
  moved?: (seq: number | null) => void;
}

export function Panel({ id, seq = null, moved }: Props) {
  const { info, lost, look } = useInfo(id);
  const { known, error: missing } = useGame(id, info);
  const [chosen, setChosen] = useState<number | null>(seq);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [help, setHelp] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const last = known?.game.folded ?? 0;
  const at = Math.min(chosen ?? last, last);
  const { now, before } = usePositions(known, at);
  useEffect(() => setChosen(seq), [seq]);

  const go = (to: number): void => {
    const next = to >= last ? null : Math.max(to, 0);
    setChosen(next);
    setError("");
    moved?.(next);
  };
  const attempt = async (what: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setError("");
    try {
      await what();
    } catch (failure) {
      setError(words(failure));
    }
    setBusy(false);
    look();
  };
  const branch = (): Promise<void> =>
    attempt(async () => {
      location.hash = devAddress((await api.branch(id, at)).game_id);
    });
  const act = (seat: number, action: Json): void => {
    // Where several may act, another may be faster; else an action is for this position only.
    const only = now?.to_act.length === 1 ? at : null;
    void attempt(async () => {
      if (at === last) return api.act(id, seat, action, only);
      // Of the past nothing changes: what is done there begins another table.
      const made = await api.branch(id, at);
      const { seq: done } = await api.act(made.game_id, seat, action, null);
      location.hash = devAddress(made.game_id);
      return done;
    });
  };

  useKeys({
    ArrowLeft: () => go(at - 1),
    ArrowRight: () => go(at + 1),
    Home: () => go(0),
    End: () => go(last),
    b: () => void branch(),
    n: () => {
      // Beside a table, somebody plays.
      if (moved) location.hash = devAddress();
    },
    "/": () => field.current?.focus(),
    "?": () => setHelp(!help),
  });

  if (!known || !now) {
    return (
      <main class="dev" aria-busy={missing === ""}>
        <Notices info={info} lost={lost} />
        {missing && (
          <p class="error" role="alert">
            {missing}
          </p>
        )}
      </main>
    );
  }
  const { game, entries } = known;
  return (
    <main class="dev" data-seq={now.seq} data-last={last} data-version={game.version}>
      <Notices info={info} lost={lost} />
      {game.left && (
        <Failed failure={game.left} title="This table goes on with the old code: the new cannot fold its log." open />
      )}
      {game.failure && <Failed failure={game.failure} title={`The log cannot be folded beyond entry ${last}.`} open />}
      <div class="dev-bar">
        <h1>
          {title(game.engine)}
          {game.branch_of && <em> (practice table)</em>}
        </h1>
        <div class="player" role="group" aria-label="Steps">
          <button class="small" aria-label="To the first entry" disabled={at === 0} onClick={() => go(0)}>
            |◀
          </button>
          <button class="small" aria-label="One back" disabled={at === 0} onClick={() => go(at - 1)}>
            ◀
          </button>
          <input
            type="range"
            min={0}
            max={last}
            value={at}
            aria-label="Entry"
            onInput={(event) => go(Number(event.currentTarget.value))}
          />
          <button class="small" aria-label="One on" disabled={at === last} onClick={() => go(at + 1)}>
            ▶
          </button>
          <button class="small" aria-label="To the last entry" disabled={at === last} onClick={() => go(last)}>
            ▶|
          </button>
        </div>
        <span class="where">
          {at} of {last}
        </span>
        <button class="small" disabled={busy} onClick={() => void branch()}>
          Branch from here
        </button>
        <a class="button" href={devAddress()}>
          Other tables
        </a>
        <button class="quiet small" aria-expanded={help} onClick={() => setHelp(!help)}>
          Keys
        </button>
      </div>
      {help && (
        <dl class="dev-keys">
          {KEYS.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      )}
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {at < last && <p class="dev-past">You look at the past: what you do here begins a practice table of its own.</p>}
      <div class="dev-columns">
        <Log engine={game.engine} entries={entries} at={at} folded={game.folded} go={go} />
        <Views position={now} busy={busy} act={act} />
        <Inspector game={game} now={now} before={before} field={field} />
      </div>
    </main>
  );
}

/** What keys do, unless somebody types or a board has taken them. */
function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
      const { target } = event;
      if (target instanceof HTMLInputElement && (target.type !== "range" || event.key.length > 1)) return;
      if (target instanceof HTMLSelectElement) return;
      const what = current.current[event.key];
      if (!what) return;
      event.preventDefault();
      what();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}
