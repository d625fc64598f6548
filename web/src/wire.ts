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

/** A player who is gone, and from when on the others may claim; milliseconds since 1970. */
export interface Gone {
  readonly since: number;
  readonly claimable_at: number;
  readonly closed: boolean;
}

export type Player = client.PlayerView & { readonly gone?: Gone };

export interface Offer {
  readonly kind: client.OfferKind;
  readonly seat: number;
  readonly accepted?: readonly number[];
  readonly seconds?: number;
}

export type GameState = Omit<client.Game, "players" | "clock" | "offers"> & {
  readonly players: readonly Player[];
  readonly clock: client.Clocks | null;
  readonly offers?: readonly Offer[];
};

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
