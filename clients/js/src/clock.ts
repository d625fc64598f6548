// What is left on the clocks, by the server's time.
import type { Json } from "./generated.js";

/** The clocks of a game, as `GameState.clock` has them at its `server_time`; all in milliseconds. */
export interface Clocks {
  readonly control?: object;
  /** The seats on the clock. */
  readonly running: readonly number[];
  /** What each seat's clock shows: of its main time, or of its byo-yomi period. */
  readonly remaining: readonly number[];
  /** Of `running`, the seats whose first action is yet to come: their clocks show no change. */
  readonly first_move?: readonly number[];
  /** When the first of the seats on the clock runs out of time, by the server's time. */
  readonly due_at?: number | null;
  /** The clocks stand still until then, by the server's time. */
  readonly paused_until?: number;
  /** Until each seat's `remaining` starts to run. */
  readonly delay?: readonly number[];
  /** Byo-yomi periods that each seat has left, the present one included. */
  readonly periods?: readonly number[];
  /** Whether each seat's `remaining` is that of a period. */
  readonly in_period?: readonly boolean[];
}

/** What of a `GameState` the clocks are drawn from. */
export interface Clocked {
  readonly clock: Json | Clocks;
  readonly server_time: number;
}

/** What a seat's clock shows. */
export interface ClockReading {
  /** Milliseconds of the main time, or of the present byo-yomi period. */
  readonly remaining: number;
  /** Milliseconds until `remaining` starts to run. */
  readonly delay: number;
  /** Byo-yomi periods left, the present one included; 0 without byo-yomi. */
  readonly periods: number;
  /** Whether `remaining` is that of a period. */
  readonly inPeriod: boolean;
  /** Whether it changes. */
  readonly running: boolean;
}

/**
 * What the clock of `seat` shows at `now`, by the server's time (`client.now()`).
 *
 * Null if the seat has no clock.
 */
export function readClock(game: Clocked, seat: number, now: number): ClockReading | null {
  const clocks = game.clock as Clocks | null;
  const shown = clocks?.remaining[seat];
  if (clocks === null || shown === undefined) return null;
  const at = {
    remaining: shown,
    delay: clocks.delay?.[seat] ?? 0,
    periods: clocks.periods?.[seat] ?? 0,
    inPeriod: clocks.in_period?.[seat] ?? false,
    running: clocks.running.includes(seat) && !(clocks.first_move?.includes(seat) ?? false),
  };
  if (!at.running) return at;
  const elapsed = Math.max(0, now - Math.max(game.server_time, clocks.paused_until ?? 0));
  const spent = Math.max(0, elapsed - at.delay);
  return { ...at, ...later(at, spent, clocks), delay: Math.max(0, at.delay - elapsed) };
}

/** Milliseconds that the clock of `seat` shows at `now`; null if it has none. See `readClock`. */
export function remaining(game: Clocked, seat: number, now: number): number | null {
  return readClock(game, seat, now)?.remaining ?? null;
}

/** What a running clock shows when so many milliseconds more are spent. */
function later(at: ClockReading, spent: number, { control }: Clocks): Partial<ClockReading> {
  if (spent < at.remaining) return { remaining: at.remaining - spent };
  const period = 1_000 * ((control as { period?: number } | undefined)?.period ?? 0);
  if (at.periods === 0 || period === 0) return { remaining: 0 };
  const used = at.inPeriod ? spent + period - at.remaining : spent - at.remaining;
  const periods = Math.max(0, at.periods - Math.floor(used / period));
  return { remaining: periods > 0 ? period - (used % period) : 0, periods, inPeriod: true };
}

/** The clocks as they are if all of them stop at `now`. */
export function stopped(game: Clocked, now: number): Clocks | null {
  const clocks = game.clock as Clocks | null;
  if (clocks === null) return null;
  const read = clocks.remaining.map((_, seat) => readClock(game, seat, now) as ClockReading);
  return {
    ...clocks,
    running: [],
    remaining: read.map((one) => one.remaining),
    due_at: null,
    ...(clocks.delay && { delay: read.map((one) => one.delay) }),
    ...(clocks.periods && { periods: read.map((one) => one.periods) }),
    ...(clocks.in_period && { in_period: read.map((one) => one.inPeriod) }),
  };
}
