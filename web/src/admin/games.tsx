import { useState } from "preact/hooks";
import { title } from "../text";
import { Act, GameLink, More, Players, Problem, When, usePages } from "./parts";
import { ask } from "./rest";
import type { GameRow, GameStatus } from "./wire";

const STATUSES: readonly GameStatus[] = ["live", "open", "over"];

export function GamesView() {
  const [status, setStatus] = useState<GameStatus>("live");
  const pages = usePages<GameRow>("/games", { status }, "games");
  return (
    <>
      <h1>Games</h1>
      <div class="bar">
        <label>
          Status
          <select value={status} onChange={(event) => setStatus(event.currentTarget.value as GameStatus)}>
            {STATUSES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button class="small" onClick={pages.reload}>
          Refresh
        </button>
      </div>
      <Problem words={pages.error} />
      {!pages.loading && pages.rows.length === 0 && <p class="empty">No games are {status}.</p>}
      {pages.rows.length > 0 && <GameTable games={pages.rows} reload={pages.reload} />}
      <More cursor={pages.cursor} more={pages.more} />
    </>
  );
}

export function GameTable({ games, reload }: { games: readonly GameRow[]; reload: () => void }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            <th>Game</th>
            <th>Engine</th>
            <th>Players</th>
            <th>Made</th>
            <th>State</th>
            <th>
              <span class="hidden">Acts</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {games.map((game) => (
            <tr key={game.game_id} data-game={game.game_id}>
              <td>
                <GameLink id={game.game_id} />
              </td>
              <td>{title(game.engine)}</td>
              <td>
                <Players game={game} />
              </td>
              <td>
                <When at={game.created_at} />
              </td>
              <td>
                {game.status}
                {game.outcome && ` – ${game.outcome.reason.replaceAll("_", " ")}`}
                {!game.public && <span class="fine"> private</span>}
              </td>
              <td>{game.status !== "over" && <Abort id={game.game_id} done={reload} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export const Abort = ({ id, done }: { id: string; done: () => void }) => (
  <Act
    name="Abort"
    what={`Abort game ${id}`}
    act={(reason) => ask("POST", `/games/${id}/abort`, { body: { reason } })}
    done={done}
  />
);
