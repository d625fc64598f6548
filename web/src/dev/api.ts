// What a server in dev mode tells and does for authors: `/api/v1/dev`.
import { MeepleError, type GameRow, type GameState, type GameStatus, type Json, type Outcome } from "../wire";

export interface Failure {
  readonly number: number;
  readonly at: number;
  readonly what: string;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly traceback: string;
}

export interface Reload {
  readonly at: number;
  readonly package: string;
  readonly engines: readonly string[];
  readonly failure: Failure | null;
  readonly left: readonly string[];
}

export interface Info {
  readonly version: number;
  readonly engines: readonly string[];
  readonly reload: Reload | null;
  readonly failures: readonly Failure[];
  readonly seq: number | null;
}

export interface Entry {
  readonly seq: number;
  readonly kind: string;
  readonly seat: number | null;
  readonly payload: Readonly<Record<string, Json>>;
  readonly action_id: string | null;
  readonly at: number;
  readonly micros: number | null;
}

export interface View {
  readonly seat: number | null;
  readonly state: GameState | null;
  readonly failure: Failure | null;
  readonly micros: number;
}

export interface Position {
  readonly seq: number;
  readonly status: GameStatus;
  readonly to_act: readonly number[];
  readonly outcome: Outcome | null;
  readonly views: readonly View[];
  /** Left out if the state is no JSON; then `text` has it as Python writes it. */
  readonly state?: Json;
  readonly text: string | null;
}

export interface DevGame {
  readonly game_id: string;
  readonly engine: string;
  readonly options: Readonly<Record<string, Json>>;
  readonly seed: string;
  readonly branch_of: { readonly game_id: string; readonly seq: number } | null;
  readonly seq: number;
  readonly folded: number;
  readonly version: number;
  readonly entries: readonly Entry[];
  readonly position: Position | null;
  readonly failure: Failure | null;
  readonly left: Failure | null;
}

async function call<T>(path: string, body?: unknown): Promise<T> {
  const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`./api/v1/dev${path}`, request);
  const said = (await answer.json()) as T & { error?: { code: string; message: string; retryable: boolean } };
  if (!answer.ok && said.error) throw new MeepleError(said.error);
  return said;
}

const of = (id: string): string => `/games/${encodeURIComponent(id)}`;

export const info = (id?: string): Promise<Info> => call(id === undefined ? "" : `?game_id=${encodeURIComponent(id)}`);

export const latest = async (): Promise<readonly GameRow[]> => (await call<{ games: GameRow[] }>("/games")).games;

/** The entries after `after`, and the position at `seq` (left out: the last). */
export const game = (id: string, after: number, seq?: number): Promise<DevGame> =>
  call(`${of(id)}?after=${after}${seq === undefined ? "" : `&seq=${seq}`}`);

export const act = (id: string, seat: number, action: Json, seq: number | null): Promise<{ seq: number }> =>
  call(`${of(id)}/act`, { seat, action, seq });

export const branch = (id: string, seq: number): Promise<GameState> => call(`${of(id)}/branch`, { seq });

export const create = (engine: string, options: Record<string, Json>, seats: number): Promise<GameState> =>
  call("/games", { engine, options, seats });
