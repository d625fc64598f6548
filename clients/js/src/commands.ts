// What one can ask for at a table.
import type { Json, ServerEvents } from "./generated.js";

/** How one is at a table. */
export type Mode = "game:join" | "game:spectate";

/** What the server says with this event. */
export type EventPayload<E extends string> = E extends keyof ServerEvents
  ? ServerEvents[E]
  : { readonly [key: string]: Json };

export interface CommandOptions {
  /** The name under which it is done once; a random one if not given. */
  readonly actionId?: string;
}

export interface ActOptions extends CommandOptions {
  /** Refused with `stale_seq` unless the game is at this seq. */
  readonly seq?: number;
}
