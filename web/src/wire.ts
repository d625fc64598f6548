// What the server says, as `@meeple/client` has it, and what a table may say beside that.
import type * as client from "@meeple/client";

export { MeepleError } from "@meeple/client";
export type {
  ChatLine,
  EngineInfo,
  GameRow,
  GameStatus,
  Json,
  LogEntry,
  NewGame,
  Outcome,
} from "@meeple/client";
import type { Json } from "@meeple/client";

export type Player = client.PlayerView;
export type Offer = client.Offer;

export type GameState = client.Game;

export interface Option {
  readonly type?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly Json[];
}

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Option>>;
}

/** The house rules that a game has, by name. */
export function optionsOf(engine: client.EngineInfo): Readonly<Record<string, Option>> {
  const options = engine.options as Schema;
  const name = options.$ref?.split("/").at(-1);
  return (name === undefined ? options : options.$defs?.[name])?.properties ?? {};
}

/** What to tell a person of a failure. */
export const words = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
