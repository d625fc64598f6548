// A game that is over, entry by entry: step, play, jump, send a link to a move, take it along.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Board } from "../boards";
import { Header } from "../parts/header";
import { Copy } from "../parts/invite";
import { entryText, Moves } from "../parts/moves";
import { Plate } from "../parts/plate";
import { pgnOf, save } from "../replay/export";
import { statesOf, type States } from "../replay/states";
import { replayAddress, whole } from "../router";
import { look } from "../session";
import { nameOf, standing, title } from "../text";
import { words, type GameState, type LogEntry } from "../wire";

const STEP_MS = 900;

interface Props {
  id: string;
  seq: number | null;
  refresh: () => void;
}

export function ReplayPage({ id, seq, refresh }: Props) {
  const [entries, setEntries] = useState<readonly LogEntry[] | null>(null);
  const [error, setError] = useState("");
  const states = useMemo(() => statesOf(id), [id]);
  useEffect(() => {
    look((rest) => rest.log(id)).then(
      (found) => setEntries(found.entries),
      (failure: unknown) => setError(words(failure)),
    );
  }, [id]);
  return (
    <>
      <Header refresh={refresh} />
      {error && (
        <p class="banner" role="alert">
          {error}
        </p>
      )}
      {entries ? <Replay id={id} start={seq} entries={entries} states={states} /> : <main class="table coming" aria-busy="true" />}
    </>
  );
}

interface ReplayProps {
  id: string;
  start: number | null;
  entries: readonly LogEntry[];
  states: States;
}

function Replay({ id, start, entries, states }: ReplayProps) {
  const first = entries.find(({ kind }) => kind === "started")?.seq ?? 0;
  const last = entries.length - 1;
  const [seq, setSeq] = useState(() => clamp(start ?? first, first, last));
  const [state, setState] = useState<GameState | null>(null);
  const [error, setError] = useState("");
  const [playing, setPlaying] = useState(false);
  const wanted = useRef(seq);
  wanted.current = seq;

  // The address follows what is shown, and can be sent to somebody; and the other way round.
  useEffect(() => {
    history.replaceState(null, "", replayAddress(id, seq));
    states.at(seq).then(
      (found) => {
        if (wanted.current === seq) setState(found);
        setError("");
      },
      (failure: unknown) => setError(words(failure)),
    );
  }, [seq]);
  useEffect(() => {
    if (start !== null && start !== wanted.current) setSeq(clamp(start, first, last));
  }, [start]);
  useEffect(() => {
    if (!playing) return;
    if (seq >= last) return setPlaying(false);
    const timer = window.setTimeout(() => setSeq(seq + 1), STEP_MS);
    return () => window.clearTimeout(timer);
  }, [playing, seq]);
  const go = (to: number): void => {
    setPlaying(false);
    setSeq(clamp(to, first, last));
  };
  useEffect(() => {
    const keys = (event: KeyboardEvent): void => {
      if (event.target instanceof HTMLInputElement || event.altKey || event.ctrlKey || event.metaKey) return;
      const to = { ArrowLeft: seq - 1, ArrowRight: seq + 1, Home: first, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(to);
    };
    window.addEventListener("keydown", keys);
    return () => window.removeEventListener("keydown", keys);
  }, [seq]);

  const entry = entries[seq];
  useEffect(() => {
    if (state) document.title = `Replay – ${title(state.engine)}`;
  }, [state?.engine]);
  if (!state) return <main class="table coming" aria-busy="true">{error}</main>;
  const shown = { ...state, legal_actions: null, request: null };
  const own = state.seat ?? (state.players.length === 2 ? 0 : -1);
  const said = entry && (entryText(entry) ?? (entry.kind === "started" ? "The game starts" : standing(state)));
  const who = entry?.seat == null ? "" : `${nameOf(state.players[entry.seat])}: `;
  const plate = (player: GameState["players"][number]) => (
    <Plate key={player.seat} state={state} player={player} now={() => state.server_time} />
  );
  return (
    <main class="table replay" data-seq={state.seq}>
      <div class="stage">
        <h1 class="hidden">Replay of {title(state.engine)}</h1>
        <div class="plates top">{state.players.filter((one) => one.seat !== own).map(plate)}</div>
        <Board state={shown} mayAct={false} pending={undefined} act={() => undefined} onlyLook>
          <div class="plates">{state.players.filter((one) => one.seat === own).map(plate)}</div>
        </Board>
      </div>
      <aside>
        <div class="status">
          <p role="status" aria-live="polite">
            {who}
            {said}
          </p>
        </div>
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <div class="player" role="group" aria-label="Replay">
          <button aria-label="To the start" disabled={seq === first} onClick={() => go(first)}>
            |◀
          </button>
          <button aria-label="One back" disabled={seq === first} onClick={() => go(seq - 1)}>
            ◀
          </button>
          <button
            class="main"
            aria-label={playing ? "Pause" : "Play"}
            onClick={() => {
              if (!playing && seq === last) setSeq(first);
              setPlaying(!playing);
            }}
          >
            {playing ? "❚❚" : "▶"}
          </button>
          <button aria-label="One on" disabled={seq === last} onClick={() => go(seq + 1)}>
            ▶
          </button>
          <button aria-label="To the end" disabled={seq === last} onClick={() => go(last)}>
            ▶|
          </button>
        </div>
        <input
          type="range"
          class="seek"
          min={first}
          max={last}
          value={seq}
          aria-label="Move"
          onInput={(event) => go(Number(event.currentTarget.value))}
        />
        <Moves state={state} entries={entries} current={seq} go={go} />
        <Copy text={whole(replayAddress(id, seq))} what="Copy the link" label="Link to this move" />
        <div class="after">
          <button onClick={() => save(`${id}.json`, "application/json", JSON.stringify({ game_id: id, engine: state.engine, entries }, null, 2))}>
            JSON
          </button>
          {state.engine === "openspiel:chess" && (
            <button onClick={() => save(`${id}.pgn`, "application/x-chess-pgn", pgnOf(state, entries))}>PGN</button>
          )}
          <a class="button" href="#/">
            Lobby
          </a>
        </div>
      </aside>
    </main>
  );
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
