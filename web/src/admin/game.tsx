import { useState } from "preact/hooks";
import { title } from "../text";
import { Abort } from "./games";
import { Act, Moment, Problem, useLoaded } from "./parts";
import { get } from "./rest";
import type { GameLog, LogEntry } from "./wire";

/** A game's log; secrets only if they were asked for, which the server notes. */
export function GameView({ id }: { id: string }) {
  const log = useLoaded(() => get<GameLog>(`/games/${id}/log`), id);
  const [whole, setWhole] = useState<GameLog | null>(null);
  const shown = whole ?? log.value;
  const over = shown?.entries.some((entry) => entry.kind === "ended") ?? true;
  const reload = (): void => {
    setWhole(null);
    log.reload();
  };
  return (
    <>
      <h1>
        Game <span class="id">{id}</span>
      </h1>
      <Problem words={log.error} />
      {shown && (
        <>
          <div class="bar">
            <span>{title(shown.engine)}</span>
            <a href={`#/audit/${id}`}>Its audit</a>
            <button class="small" onClick={reload}>
              Refresh
            </button>
            {!over && <Abort id={id} done={reload} />}
            {whole === null && (
              <Act
                name="Show secrets"
                what="Show secrets: the seed and the hidden actions, which is noted"
                act={async (reason) => setWhole(await get<GameLog>(`/games/${id}/log`, { secrets: "true", reason }))}
                done={() => undefined}
              />
            )}
          </div>
          {whole && <p class="warning">Secrets of players are shown. It is noted that you looked.</p>}
          <Entries entries={shown.entries} />
        </>
      )}
    </>
  );
}

function Entries({ entries }: { entries: readonly LogEntry[] }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            <th class="number">Seq</th>
            <th>When (UTC)</th>
            <th>Kind</th>
            <th class="number">Seat</th>
            <th>Payload</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.seq}>
              <td class="number">{entry.seq}</td>
              <td>
                <Moment at={entry.at} />
              </td>
              <td>{entry.kind}</td>
              <td class="number">{entry.seat ?? "–"}</td>
              <td class="payload">{entry.payload === null ? <em>hidden</em> : JSON.stringify(entry.payload)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
