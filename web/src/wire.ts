// What the server says, as docs/protocol.md has it.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Player {
  seat: number;
  user_id: string | null;
  name: string | null;
  online: boolean;
}

export interface Outcome {
  winners: number[];
  reason: string;
  scores: number[] | null;
}

export type Status = "open" | "live" | "over";

export interface GameState {
  game_id: string;
  seq: number;
  engine: string;
  status: Status;
  seat: number | null;
  view: Json;
  to_act: number[];
  legal_actions: Json[] | null;
  request: { kind: string; forced?: Json; labels?: string[] } | null;
  players: Player[];
  outcome: Outcome | null;
  server_time: number;
}

export interface GameOver {
  game_id: string;
  seq: number;
  outcome: Outcome;
}

export interface Presence {
  game_id: string;
  players: Player[];
}

export interface Option {
  type?: string;
  description?: string;
  default?: Json;
  minimum?: number;
  maximum?: number;
  enum?: Json[];
}

interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  properties?: Record<string, Option>;
}

export interface Engine {
  name: string;
  summary: string;
  min_seats: number;
  max_seats: number;
  options: Schema;
}

export interface GameRow {
  game_id: string;
  engine: string;
  options: Record<string, Json>;
  status: Status;
  players: ({ user_id: string; name: string } | null)[];
  updated_at: number;
  outcome: Outcome | null;
}

export interface ErrorBody {
  code: string;
  message: string;
  retryable: boolean;
}

/** The house rules that a game has, by name. */
export function optionsOf({ options }: Engine): Record<string, Option> {
  const name = options.$ref?.split("/").at(-1);
  return (name === undefined ? options : options.$defs?.[name])?.properties ?? {};
}

/** The server refused, or it cannot be reached (code `unreachable`). */
export class Refused extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor({ code, message, retryable }: ErrorBody) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

export const unreachable = (): Refused =>
  new Refused({
    code: "unreachable",
    message: "The server does not answer at the moment.",
    retryable: true,
  });

/** What to tell a person of a failure. */
export const words = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
