// The server's time, and what is left on the clocks by it.
import type { Json } from "./generated.js";

/** The clocks of a game, as `GameState.clock` has them. All of it is in milliseconds. */
export interface Clocks {
  /** The seats whose time is running. */
  readonly running: readonly number[];
  /** What each seat had left at the state's `server_time`; null for one without a clock. */
  readonly remaining: readonly (number | null)[];
  /** When the first of the running clocks will be at zero, by the server's time. */
  readonly due_at?: number | null;
  /** The clocks stand still until then, by the server's time. */
  readonly paused_until?: number | null;
}

/** What of a `GameState` the clocks are drawn from. */
export interface Clocked {
  readonly clock: Json | Clocks;
  readonly server_time: number;
}

/**
 * The milliseconds that `seat` has left at `now`, by the server's time (`client.now()`).
 *
 * Null if the seat has no clock.
 */
export function remaining(game: Clocked, seat: number, now: number): number | null {
  const clocks = game.clock as Clocks | null;
  const left = clocks?.remaining[seat];
  if (clocks === null || left === null || left === undefined) return null;
  if (!clocks.running.includes(seat)) return left;
  const from = Math.max(game.server_time, clocks.paused_until ?? 0);
  return Math.max(0, left - Math.max(0, now - from));
}

interface Sample {
  /** The server's time less this machine's. */
  readonly offset: number;
  readonly roundTrip: number;
}

const SAMPLES = 8;

/**
 * How far the server's time is ahead of this machine's.
 *
 * Of the last round trips the shortest is believed: the server's time was read somewhere between its
 * two ends, so it is wrong by half of it at most.
 */
export class ServerTime {
  #samples: readonly Sample[] = [];

  /** A round trip: this machine's time when it asked and when it was answered, and the answer. */
  add(askedAt: number, answeredAt: number, serverTime: number): void {
    const roundTrip = Math.max(0, answeredAt - askedAt);
    const sample = { offset: serverTime - (askedAt + roundTrip / 2), roundTrip };
    const best = this.#best();
    // Both cannot be right: this machine's clock was set, or it has slept.
    const contradicts =
      best !== undefined &&
      Math.abs(best.offset - sample.offset) > (best.roundTrip + sample.roundTrip) / 2 + 1;
    this.#samples = contradicts ? [sample] : [...this.#samples.slice(1 - SAMPLES), sample];
  }

  /** Milliseconds to add to this machine's time; 0 while nothing is known. */
  get offset(): number {
    return this.#best()?.offset ?? 0;
  }

  #best(): Sample | undefined {
    return this.#samples.reduce<Sample | undefined>(
      (best, one) => (best === undefined || one.roundTrip <= best.roundTrip ? one : best),
      undefined,
    );
  }
}

/** The clocks as they are if all of them stop at `now`. */
export function stopped(game: Clocked, now: number): Clocks | null {
  const clocks = game.clock as Clocks | null;
  if (clocks === null) return null;
  const left = clocks.remaining.map((_, seat) => remaining(game, seat, now));
  return { ...clocks, running: [], remaining: left, due_at: null };
}
