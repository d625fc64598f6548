// A table: the board, who plays, and what one is asked to do. One page for every game.
import { MeepleError, type Client, type Table as ClientTable, type TableState } from "@meeple/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { account, type Account } from "../account";
import { Board } from "../boards";
import { toldBy } from "../boards/text";
import { Chat } from "../parts/chat";
import { Enter } from "../parts/enter";
import { Header } from "../parts/header";
import { Invite } from "../parts/invite";
import { Banner } from "../parts/line";
import { entryText, Moves, Told } from "../parts/moves";
import { Controls, OpenOffers } from "../parts/offers";
import { Plate } from "../parts/plate";
import { replayAddress, tableAddress } from "../router";
import { ask, clientOf, strangers } from "../session";
import { play } from "../sound";
import { useStore } from "../store";
import { demand, ending, nameOf, standing, title } from "../text";
import { words, type GameState, type Json, type LogEntry, type Player } from "../wire";

export function TablePage({ id, refresh }: { id: string; refresh: () => void }) {
  const me = account();
  if (me === null) return <Invited id={id} refresh={refresh} />;
  return <Joined key={`${id} ${me.user_id}`} id={id} me={me} refresh={refresh} />;
}

/** Somebody has the link, and no name yet. */
function Invited({ id, refresh }: { id: string; refresh: () => void }) {
  const [state, setState] = useState<GameState | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    strangers.game(id).then(
      (found) => setState(found as unknown as GameState),
      (failure: unknown) => setError(words(failure)),
    );
  }, [id]);
  const host = state?.players.find(({ user_id }) => user_id !== null);
  return (
    <>
      <Header refresh={refresh} />
      <main class="lobby stranger">
        <section class="hero">
          <h1>{state ? title(state.engine) : "A table"}</h1>
          {error ? (
            <p class="error" role="alert">
              {error}
            </p>
          ) : (
            <>
              <p>
                {state?.status === "open"
                  ? `${host ? nameOf(host) : "Somebody"} is waiting for you.`
                  : state
                    ? standing(state)
                    : " "}
              </p>
              <Enter what={state?.status === "open" ? "Sit down" : "Watch"} entered={() => void sitDown(id, state, refresh)} />
            </>
          )}
        </section>
      </main>
    </>
  );
}

async function sitDown(id: string, state: GameState | null, refresh: () => void): Promise<void> {
  try {
    if (state?.status === "open") await ask((rest) => rest.takeSeat(id));
  } catch {
    // Somebody was quicker: the table says so.
  }
  refresh();
}

/** Join, or watch if one has no seat. */
async function enterTable(client: Client, id: string): Promise<ClientTable> {
  try {
    return await client.join(id);
  } catch (error) {
    if (!(error instanceof MeepleError && error.code === "not_in_game")) throw error;
    return client.spectate(id);
  }
}

function useTable(client: Client, id: string) {
  const [table, setTable] = useState<ClientTable | null>(null);
  const [error, setError] = useState<MeepleError | null>(null);
  const [again, setAgain] = useState(0);
  useEffect(() => {
    let stopped = false;
    enterTable(client, id).then(
      (found) => !stopped && setTable(found),
      (failure: unknown) => !stopped && setError(failure as MeepleError),
    );
    return () => {
      stopped = true;
    };
  }, [client, id, again]);
  useEffect(() => () => void client.leave(id).catch(() => undefined), [client, id]);
  return { table, error, rejoin: () => setAgain((count) => count + 1) };
}

function Joined({ id, me, refresh }: { id: string; me: Account; refresh: () => void }) {
  const client = useMemo(() => clientOf(me), [me.token]);
  const line = useStore(client.connection);
  const { table, error: missing, rejoin } = useTable(client, id);
  const at = useStore<TableState>(table as ClientTable);
  const state = (at?.game ?? null) as GameState | null;
  return (
    <>
      <Header line={line} refresh={refresh} />
      <Banner line={line} kept={(at?.pending.length ?? 0) > 0} />
      {missing && !state ? (
        <main class="lobby stranger">
          <section class="hero">
            <h1>This table cannot be shown.</h1>
            <p role="alert">{missing.message}</p>
            <a class="button" href="#/">
              To the lobby
            </a>
          </section>
        </main>
      ) : table && at && state ? (
        <Play table={table} at={at} state={state} client={client} me={me} rejoin={rejoin} />
      ) : (
        <main class="table coming" aria-busy="true" />
      )}
    </>
  );
}

interface PlayProps {
  table: ClientTable;
  at: TableState;
  state: GameState;
  client: Client;
  me: Account;
  rejoin: () => void;
}

function Play({ table, at, state, client, me, rejoin }: PlayProps) {
  const [error, setError] = useState("");
  const entries = useLog(state, client);
  const attempt = (what: () => Promise<unknown>): void => {
    setError("");
    what().catch((failure: unknown) => setError(words(failure)));
  };
  useEffect(() => setError(""), [state.seq]);
  useNotice(state, at.myTurn);
  const { seat } = state;
  const pending = at.pending.find(({ event }) => event === "game:action")?.action;
  const act = (action: Json): void => {
    // Where only this seat can move the game on, an action is for this position and no later one.
    const only = state.to_act.length === 1 ? { seq: state.seq } : {};
    attempt(() => table.act(action, only));
  };
  const sit = (): void =>
    attempt(async () => {
      await ask((rest) => rest.takeSeat(state.game_id));
      rejoin();
    });
  const claimed = (result: "win" | "draw"): void => attempt(() => table.claim(result));
  const [top, bottom] = seatsOf(state);
  const plate = (player: Player) => (
    <Plate
      key={player.seat}
      state={state}
      player={player}
      now={() => client.now()}
      claim={seat === null ? undefined : claimed}
    />
  );
  const open = state.status === "open";
  const told = toldBy(state);
  return (
    <main class={`table ${at.myTurn ? "my-turn" : ""}`} data-seq={state.seq} data-status={state.status}>
      <div class="stage">
        <h1 class="hidden">{title(state.engine)}</h1>
        <div class={`plates top n-${Math.min(top.length, 4)}`}>{top.map(plate)}</div>
        {open && <Invite id={state.game_id} />}
        {!open && (
          <Board state={state} mayAct={at.myTurn} pending={pending} act={act}>
            <div class="plates">{bottom.map(plate)}</div>
          </Board>
        )}
        {open && <div class="plates">{bottom.map(plate)}</div>}
      </div>
      <aside>
        <Status state={state} myTurn={at.myTurn} waiting={pending !== undefined} />
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <OpenOffers table={table} state={state} attempt={attempt} />
        {seat === null && (
          <p class="watching">
            You are watching.
            {open && (
              <button class="main" onClick={sit}>
                Sit down
              </button>
            )}
          </p>
        )}
        {open && seat !== null && (
          <button onClick={() => attempt(() => ask((rest) => rest.abort(state.game_id)))}>Close the table</button>
        )}
        {state.status === "over" && <After table={table} at={at} state={state} attempt={attempt} />}
        {!open && (told.lines.length ? <Told {...told} /> : <Moves state={state} entries={entries} />)}
        <Controls table={table} state={state} attempt={attempt} />
        <Chat
          lines={at.chat}
          own={me.user_id}
          say={(text) => table.chat(text)}
          mute={(user) => attempt(() => table.mute(user))}
        />
      </aside>
      <p class="hidden" role="log" aria-live="polite">
        {told.lines.at(-1) ?? lastSaid(state, entries)}
      </p>
    </main>
  );
}

/** The others above the board, this player below it. */
function seatsOf(state: GameState): [Player[], Player[]] {
  const { players, seat } = state;
  const own = seat ?? (players.length === 2 ? 0 : -1);
  const bottom = players.filter((player) => player.seat === own);
  return [players.filter((player) => player.seat !== own), bottom];
}

function lastSaid(state: GameState, entries: readonly LogEntry[]): string {
  const last = entries.findLast((entry) => entryText(entry) !== null);
  const who = last?.seat === null || last === undefined ? undefined : state.players[last.seat];
  return last ? `${who ? nameOf(who) : ""}: ${entryText(last) ?? ""}` : "";
}

function Status({ state, myTurn, waiting }: { state: GameState; myTurn: boolean; waiting: boolean }) {
  const must = demand(state);
  const won = state.seat !== null && state.outcome?.winners.includes(state.seat);
  const kind = state.outcome ? (won ? "won" : "over") : must !== null ? "forced" : myTurn ? "mine" : "";
  return (
    <div class={`status ${kind}`}>
      <p role="status">{waiting ? "Sending …" : standing(state)}</p>
      {must !== null && !state.outcome && (
        <p class="must" role="alert">
          {must}
        </p>
      )}
    </div>
  );
}

/** What comes after the end. */
function After({ table, at, state, attempt }: Omit<PlayProps, "client" | "me" | "rejoin"> & { attempt: (what: () => Promise<unknown>) => void }) {
  const asked = state.offers?.some(({ kind }) => kind === "rematch");
  const people = state.players.filter(({ bot, user_id }) => !bot && user_id !== null).length;
  const aborted = state.outcome?.reason === "aborted";
  useEffect(() => {
    if (at.rematch !== null && state.seat !== null) location.hash = tableAddress(at.rematch);
  }, [at.rematch]);
  return (
    <div class="after">
      {state.seat !== null && !aborted && (
        <button class="main" disabled={asked && people > 1} onClick={() => attempt(() => table.offer("rematch"))}>
          Rematch
        </button>
      )}
      {!aborted && (
        <a class="button" href={replayAddress(state.game_id)}>
          Replay
        </a>
      )}
      <a class="button" href="#/">
        Lobby
      </a>
    </div>
  );
}

/** The log of the game, read again as the game goes on. */
function useLog(state: GameState, client: Client): readonly LogEntry[] {
  const [entries, setEntries] = useState<readonly LogEntry[]>([]);
  const line = useStore(client.connection);
  const online = line?.status === "online";
  useEffect(() => {
    if (!online || state.status === "open") return;
    let stopped = false;
    // Several entries in a moment are one request.
    const timer = window.setTimeout(() => {
      ask((rest) => rest.log(state.game_id)).then(
        (log) => !stopped && setEntries(log.entries),
        // The next move asks again.
        () => undefined,
      );
    }, 120);
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, [state.game_id, state.seq, online]);
  return entries;
}

/** Title and sound when it is my turn, and when it is over. */
function useNotice(state: GameState, myTurn: boolean): void {
  const before = useRef({ myTurn, status: state.status });
  useEffect(() => {
    const past = before.current;
    before.current = { myTurn, status: state.status };
    if (state.status === "over" && past.status === "live") play("over");
    else if (myTurn && !past.myTurn) play("turn");
  }, [myTurn, state.status]);
  useEffect(() => {
    const name = title(state.engine);
    const names = state.players.map(nameOf);
    const text = state.outcome ? ending(state.outcome, state.seat, names) : standing(state);
    document.title = `${myTurn ? "● " : ""}${text} – ${name}`;
  }, [state.seq, myTurn]);
}
