// Where an author begins: the latest tables, and a new practice table with somebody in every seat.
import { useEffect, useState } from "preact/hooks";
import { Rules, SeatCount, type ChosenRules } from "../parts/rules";
import { devAddress } from "../router";
import { strangers } from "../session";
import { ago, title } from "../text";
import { words, type EngineInfo, type GameRow } from "../wire";
import * as api from "./api";
import "./dev.css";
import { Notices } from "./notices";
import { useInfo } from "./use_game";

export function Start() {
  const { info, lost } = useInfo();
  const [engines, setEngines] = useState<readonly EngineInfo[]>([]);
  const [rows, setRows] = useState<readonly GameRow[]>([]);
  const [error, setError] = useState("");
  const fail = (failure: unknown): void => setError(words(failure));
  useEffect(() => {
    strangers.engines().then(({ engines: found }) => setEngines(found), fail);
    api.latest().then(setRows, fail);
  }, [info?.version]);
  const own = new Set(info?.engines ?? []);
  const sorted = [...engines].sort((a, b) => Number(own.has(b.name)) - Number(own.has(a.name)));
  return (
    <main class="dev dev-start">
      <Notices info={info} lost={lost} />
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <div class="dev-two">
        <section>
          <h2>A new practice table</h2>
          <p class="fine">Somebody sits in every seat, and you act for all of them.</p>
          {sorted.length > 0 && info && <NewPractice engines={sorted} fail={fail} />}
        </section>
        <section>
          <h2>Tables</h2>
          <ul class="dev-tables">
            {rows.map((row) => (
              <li key={row.game_id}>
                <a href={devAddress(row.game_id)}>
                  {title(row.engine)} <span class="fine">{row.players.map((one) => one?.name ?? "–").join(", ")}</span>
                </a>
                <span class="fine">
                  {row.status}, {ago(row.updated_at)}
                </span>
              </li>
            ))}
            {rows.length === 0 && <li class="empty">None yet</li>}
          </ul>
        </section>
      </div>
    </main>
  );
}

function NewPractice({ engines, fail }: { engines: readonly EngineInfo[]; fail: (failure: unknown) => void }) {
  const [name, setName] = useState(engines[0]?.name ?? "");
  const engine = engines.find((one) => one.name === name) ?? engines[0];
  if (!engine) return null;
  return (
    <>
      <label>
        Game
        <select value={engine.name} onChange={(event) => setName(event.currentTarget.value)}>
          {engines.map((one) => (
            <option key={one.name} value={one.name}>
              {title(one.name)}
            </option>
          ))}
        </select>
      </label>
      <Settings key={engine.name} engine={engine} fail={fail} />
    </>
  );
}

function Settings({ engine, fail }: { engine: EngineInfo; fail: (failure: unknown) => void }) {
  const [seats, setSeats] = useState(engine.min_seats);
  const [rules, setRules] = useState<ChosenRules>({});
  const make = (event: Event): void => {
    event.preventDefault();
    api.create(engine.name, rules, seats).then((made) => {
      location.hash = devAddress(made.game_id);
    }, fail);
  };
  return (
    <form class="new-table" onSubmit={make}>
      <p>{engine.summary}</p>
      <div class="fields">
        <SeatCount label="Seats" engine={engine} seats={seats} change={setSeats} />
        <Rules engine={engine} rules={rules} change={setRules} />
      </div>
      <button class="main">New practice table</button>
    </form>
  );
}
