// A table: the board, who plays, and what one is asked to do. One page for every game.
import type { Client, Table as ClientTable, TableState } from "@meeple/client";
import { useEffect, useMemo, useState } from "preact/hooks";
import { account, type Account } from "../account";
import { Board } from "../boards";
import { toldBy } from "../boards/text";
import { Chat } from "../parts/chat";
import { Debug } from "../parts/debug";
import { Header } from "../parts/header";
import { Invite } from "../parts/invite";
import { Banner } from "../parts/line";
import { entryText, Moves, Told } from "../parts/moves";
import { Controls, OpenOffers } from "../parts/offers";
import { Plate } from "../parts/plate";
import { replayAddress, tableAddress } from "../router";
import { ask, clientOf } from "../session";
import { useStore } from "../store";
import { demand, nameOf, standing, title } from "../text";
import { words, type GameState, type Json, type LogEntry, type Player } from "../wire";
import { useLog, useNotice, useTable } from "./at_table";
import { Invited } from "./invited";

export function TablePage({ id, refresh }: { id: string; refresh: () => void }) {
  const me = account();
  if (me === null) return <Invited id={id} refresh={refresh} />;
  return <Joined key={`${id} ${me.user_id}`} id={id} me={me} refresh={refresh} />;
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
      {state && <Debug key={id} id={id} />}
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
  const last = entries.findLast((entry) => entryText(entry, state.engine) !== null);
  const who = last?.seat === null || last === undefined ? undefined : state.players[last.seat];
  return last ? `${who ? nameOf(who) : ""}: ${entryText(last, state.engine) ?? ""}` : "";
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
