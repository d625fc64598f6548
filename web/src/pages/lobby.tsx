// Where one finds a game: make a table, sit down at one, go back to one, watch, look back.
import type { GameQuery } from "@meeple/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { account } from "../account";
import { Enter } from "../parts/enter";
import { Header } from "../parts/header";
import { Thumb } from "../parts/thumb";
import { replayAddress, tableAddress } from "../router";
import { ask, strangers } from "../session";
import { ago, list, pace, result, title, whoPlays } from "../text";
import { words, type EngineInfo, type GameRow } from "../wire";
import { NewTable } from "./new_table";

const LOOK_MS = 4_000;
const FEATURED = [
  "openspiel:chess",
  "connect-four",
  "tic-tac-toe",
  "openspiel:go",
  "duel",
  "goofspiel",
  "openspiel:checkers",
  "openspiel:othello",
  "openspiel:hex",
  "openspiel:backgammon",
  "openspiel:hearts",
  "openspiel:gin_rummy",
];

interface Lists {
  open: readonly GameRow[];
  live: readonly GameRow[];
  over: readonly GameRow[];
  mine: readonly GameRow[];
}

export function Lobby({ refresh }: { refresh: () => void }) {
  const me = account();
  const [engines, setEngines] = useState<readonly EngineInfo[] | null>(null);
  const [lists, setLists] = useState<Lists | null>(null);
  const [error, setError] = useState("");
  const [chosen, setChosen] = useState<EngineInfo | null>(null);
  const asked = useRef(false);

  async function look(isCurrent: () => boolean): Promise<void> {
    try {
      if (!asked.current) {
        // Once: they do not change, and are the most of what a lobby loads.
        setEngines((await strangers.engines()).engines);
        asked.current = true;
      }
      const rows = async (query: GameQuery) => (await strangers.games(query)).games;
      const [open, live, over, mine] = await Promise.all([
        rows({ status: "open", limit: 20 }),
        rows({ status: "live", limit: 12 }),
        rows({ status: "over", limit: 8 }),
        me ? ask(async (rest) => (await rest.myGames({ limit: 20 })).games) : [],
      ]);
      if (!isCurrent()) return;
      setLists({ open, live, over, mine });
      setError("");
    } catch (failure) {
      if (isCurrent()) setError(words(failure));
    }
  }

  useEffect(() => {
    document.title = "Meeple";
    let stopped = false;
    const isCurrent = (): boolean => !stopped;
    void look(isCurrent);
    const onVisible = (): void => {
      if (!document.hidden) void look(isCurrent);
    };
    const timer = window.setInterval(onVisible, LOOK_MS);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      stopped = true;
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [me?.token]);

  const mineIds = new Set(lists?.mine.map(({ game_id }) => game_id));
  const others = (rows: readonly GameRow[] = []) => rows.filter(({ game_id }) => !mineIds.has(game_id));
  const mine = [...(lists?.mine ?? [])].sort((a, b) => order(a) - order(b));
  return (
    <>
      <Header refresh={refresh} />
      {error && (
        <p class="banner" role="status">
          {error} Trying again …
        </p>
      )}
      <main class={`lobby ${me ? "" : "stranger"}`}>
        {!me && (
          <section class="hero">
            <h1>Play a board game, right now.</h1>
            <p role="status">
              {chosen
                ? `${title(chosen.name)} it is. What are you called?`
                : "Against a friend on another phone, or against the computer. No account, nothing to install."}
            </p>
            <Enter what="Play" entered={refresh} wanted={chosen} />
          </section>
        )}
        <Gallery engines={engines} choose={setChosen} named={me !== null} />
        <div class="lists">
          {me && (
            <Games
              title="My games"
              rows={lists && mine}
              empty="You have not played yet."
              line={(row) => <Mine row={row} user={me.user_id} />}
            />
          )}
          <Games
            title="Open tables"
            rows={lists ? others(lists.open) : null}
            empty="No table is waiting for players. Make one!"
            line={(row) => <Open row={row} />}
          />
          <Games
            title="Being played"
            rows={lists ? others(lists.live) : null}
            empty="Nobody is playing in public."
            line={(row) => <Watch row={row} />}
          />
          <Games
            title="Finished"
            rows={lists ? others(lists.over) : null}
            empty="No public game has ended yet."
            line={(row) => <Finished row={row} />}
          />
        </div>
      </main>
      <footer>
        <a href="./api/docs">API</a> · <a href="./licences.txt">Licences</a>
      </footer>
      {me && chosen && <NewTable engine={chosen} close={() => setChosen(null)} />}
    </>
  );
}

const order = ({ status }: GameRow): number => ({ live: 0, open: 1, over: 2 })[status];

interface GalleryProps {
  engines: readonly EngineInfo[] | null;
  choose: (engine: EngineInfo) => void;
  /** Who chooses has a name. */
  named: boolean;
}

function Gallery({ engines, choose, named }: GalleryProps) {
  const [typed, setTyped] = useState("");
  const [all, setAll] = useState(false);
  const words = typed.trim().toLowerCase();
  const known = engines ?? [];
  const byName = new Map(known.map((engine) => [engine.name, engine]));
  const featured = FEATURED.flatMap((name) => byName.get(name) ?? []);
  const rest = known.filter(({ name }) => !FEATURED.includes(name));
  const whole = [...featured, ...rest];
  const found = words
    ? whole.filter(({ name, summary }) => `${title(name)} ${summary}`.toLowerCase().includes(words))
    : all || featured.length < 6
      ? whole
      : featured;
  return (
    <section class="gallery" aria-labelledby="games">
      <header>
        <h2 id="games">{named ? "New game" : "Games"}</h2>
        <input
          type="search"
          placeholder={`Search ${known.length || ""} games`}
          aria-label="Search the games"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </header>
      <ul>
        {engines === null &&
          FEATURED.map((name) => <li key={name} class="tile coming" aria-hidden="true" />)}
        {found.map((engine) => (
          <li key={engine.name}>
            <button class="tile" title={engine.summary} onClick={() => choose(engine)}>
              <Thumb engine={engine.name} />
              <span>
                <strong>{title(engine.name)}</strong>
                <small>{players(engine)}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {engines !== null && found.length === 0 && <p class="empty">No game is called so.</p>}
      {!words && featured.length >= 6 && (
        <button class="link" onClick={() => setAll(!all)}>
          {all ? "Fewer" : `All ${known.length} games`}
        </button>
      )}
    </section>
  );
}

function players({ min_seats, max_seats }: EngineInfo): string {
  if (max_seats === 1) return "alone";
  return min_seats === max_seats ? `${min_seats} players` : `${min_seats} to ${max_seats} players`;
}

interface GamesProps {
  title: string;
  rows: readonly GameRow[] | null;
  empty: string;
  line: (row: GameRow) => preact.JSX.Element;
}

function Games({ title: name, rows, empty, line }: GamesProps) {
  return (
    <section class="games">
      <h2>{name}</h2>
      <ul>
        {rows?.map((row) => (
          <li key={row.game_id}>{line(row)}</li>
        ))}
      </ul>
      {rows?.length === 0 && <p class="empty">{empty}</p>}
    </section>
  );
}

function Line({ row, to, what, note }: { row: GameRow; to: string; what: string; note: string }) {
  return (
    <a class="row" href={to}>
      <Thumb engine={row.engine} />
      <span class="what">
        <strong>{title(row.engine)}</strong>
        <small>{row.time_control ? `${note} · ${pace(row)}` : note}</small>
      </span>
      <b>{what}</b>
    </a>
  );
}

function Open({ row }: { row: GameRow }) {
  const free = row.players.filter((player) => !player).length;
  const there = whoPlays(row);
  const who = there.length ? `with ${list(there)}` : "empty";
  const note = `${who} · ${free} ${free === 1 ? "seat" : "seats"} free`;
  return <Line row={row} to={tableAddress(row.game_id)} what="Join" note={note} />;
}

function Watch({ row }: { row: GameRow }) {
  return <Line row={row} to={tableAddress(row.game_id)} what="Watch" note={list(whoPlays(row))} />;
}

function Finished({ row }: { row: GameRow }) {
  const note = `${list(whoPlays(row))} · ${result(row, "")} · ${ago(row.updated_at)}`;
  return <Line row={row} to={replayAddress(row.game_id)} what="Replay" note={note} />;
}

function Mine({ row, user }: { row: GameRow; user: string }) {
  const others = whoPlays(row, user);
  const against = others.length ? `with ${list(others)}` : "alone";
  const note = `${against} · ${result(row, user)} · ${ago(row.updated_at)}`;
  const over = row.status === "over";
  const to = over ? replayAddress(row.game_id) : tableAddress(row.game_id);
  return <Line row={row} to={to} what={over ? "Replay" : "Go on"} note={note} />;
}
