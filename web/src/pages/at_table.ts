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

/** Tables whose page was left while one's game went on: who leaves the table leaves the game. */
const kept = new Set<ClientTable>();

/** The page of a table goes; the table too, unless one plays there. So do others that are over. */
function letGo(table: ClientTable): void {
  kept.add(table);
  for (const one of kept) {
    const { game, seat, closed } = one.getSnapshot();
    if (seat !== null && game?.outcome === null && !closed) continue;
    kept.delete(one);
    // It is told again at most.
    void one.leave().catch(() => undefined);
  }
}

export function useTable(client: Client, id: string) {
  const [table, setTable] = useState<ClientTable | null>(null);
  const [error, setError] = useState<MeepleError | null>(null);
  const [again, setAgain] = useState(0);
  const here = useRef<ClientTable | null>(null);
  useEffect(() => {
    let stopped = false;
    enterTable(client, id).then(
      (found) => {
        if (stopped) return void kept.add(found);
        here.current = found;
        kept.delete(found);
        setTable(found);
      },
      (failure: unknown) => !stopped && setError(failure as MeepleError),
    );
    return () => {
      stopped = true;
    };
  }, [client, id, again]);
  useEffect(
    () => () => {
      if (here.current) letGo(here.current);
    },
    [client, id],
  );
  return { table, error, rejoin: () => setAgain((count) => count + 1) };
}

/** The log of the game: what is new of it is read as the game goes on. */
export function useLog(state: GameState, client: Client): readonly LogEntry[] {
  const [entries, setEntries] = useState<readonly LogEntry[]>([]);
  const line = useStore(client.connection);
  const online = line?.status === "online";
  useEffect(() => {
    if (!online || state.status === "open") return;
    let stopped = false;
    // What was hidden is open to all when the game is over.
    const opened = state.status === "over" && entries.some(({ payload }) => payload === null);
    const from = opened ? 0 : entries.length;
    if (from > state.seq) return;
    // Several entries in a moment are one request.
    const timer = window.setTimeout(() => {
      ask((rest) => rest.log(state.game_id, from)).then(
        (log) => !stopped && setEntries((known) => [...known.slice(0, from), ...log.entries]),
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
