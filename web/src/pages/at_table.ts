// What a table's page keeps up to date: the table itself, its log, title and sound.
import { MeepleError, type Client, type Table as ClientTable } from "@meeple/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../session";
import { play } from "../sound";
import { useStore } from "../store";
import { ending, nameOf, standing, title } from "../text";
import type { GameState, LogEntry } from "../wire";

/** Join, or watch if one has no seat. */
async function enterTable(client: Client, id: string): Promise<ClientTable> {
  try {
    return await client.join(id);
  } catch (error) {
    if (!(error instanceof MeepleError && error.code === "not_in_game")) throw error;
    return client.spectate(id);
  }
}

export function useTable(client: Client, id: string) {
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

/** The log of the game, read again as the game goes on. */
export function useLog(state: GameState, client: Client): readonly LogEntry[] {
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
export function useNotice(state: GameState, myTurn: boolean): void {
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
