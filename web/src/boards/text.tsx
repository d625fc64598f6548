// A table for any game: what one sees, as the game itself writes it.
import type { GameState, Json } from "../wire";
import { isRecord } from "./model";

/** JSON for people: lists of plain values stay on one line. */
const pretty = (value: Json): string =>
  JSON.stringify(value, null, 2).replace(/\[\n[^[\]{}]*\]/g, (list) =>
    list.length < 200 ? list.replace(/\n\s*/g, " ") : list,
  );

const lines = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

/** What a view says beside its board. `whole`: there is no board, so all of it is shown. */
export function TextBoard({ state, whole }: { state: GameState; whole: boolean }) {
  const { view } = state;
  const record = isRecord(view) ? view : {};
  const { text, chosen } = record;
  const said = lines(text);
  const table = typeof text === "string" ? text.replace(/\n+$/, "") : null;
  const rest = whole && table === null && said.length === 0 ? pretty(view) : null;
  const width = Math.max(...(table ?? "").split("\n").map((line) => line.length), 1);
  const big = width < 32 && whole;
  return (
    <>
      {said.length > 0 && (
        <ul class="said">
          {said.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {whole && (table ?? rest) !== null && (
        <pre class={`text-board ${big ? "big" : ""}`} tabIndex={0} role="group" aria-label="What you see">
          {table ?? rest}
        </pre>
      )}
      {!whole && table !== null && (
        <details class="as-text">
          <summary>The same as text</summary>
          <pre tabIndex={0} role="group" aria-label="The table as text">{table}</pre>
        </details>
      )}
      {typeof chosen === "string" && <p class="chosen">You chose: {chosen}</p>}
    </>
  );
}

/** What the game itself tells of what happened in public; empty if it tells nothing. */
export function toldBy({ view }: GameState): { readonly first: number; readonly lines: string[] } {
  const log = isRecord(view) ? view["log"] : null;
  if (!isRecord(log)) return { first: 0, lines: [] };
  return { first: Number(log["first"] ?? 0), lines: lines(log["lines"]) };
}
