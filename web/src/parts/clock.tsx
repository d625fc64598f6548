// What a clock shows.
import { useNow } from "../store";
import type { Clock, GameState } from "../wire";

interface Face {
  readonly ms: number;
  readonly running: boolean;
  /** The delay before the time runs, in ms. */
  readonly delay: number;
  readonly periods: number | null;
}

/** The clock of a seat at `now`, by the server's time; null if there is none. */
export function faceOf(clock: Clock | null, seat: number, serverTime: number, now: number): Face | null {
  const left = clock?.remaining[seat];
  if (clock === null || left === null || left === undefined) return null;
  const periods = clock.periods?.[seat] ?? null;
  const stands = clock.first_move?.includes(seat) ?? false;
  const running = clock.running.includes(seat) && !stands;
  if (!running) return { ms: left, running: false, delay: 0, periods };
  const from = Math.max(serverTime, clock.paused_until ?? 0);
  const spent = Math.max(0, now - from);
  const delay = clock.delay?.[seat] ?? 0;
  return {
    ms: Math.max(0, left - Math.max(0, spent - delay)),
    running: true,
    delay: Math.max(0, delay - spent),
    periods,
  };
}

/** "1:02:03", "4:05", and with tenths under ten seconds. */
export function timeText(ms: number): string {
  if (ms < 10_000) return `0:0${(Math.floor(ms / 100) / 10).toFixed(1)}`;
  const all = Math.floor(ms / 1000);
  const [days, hours] = [Math.floor(all / 86_400), Math.floor(all / 3600) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  const [minutes, seconds] = [Math.floor(all / 60) % 60, all % 60];
  const two = (number: number): string => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

export function ClockFace({ state, seat, now }: { state: GameState; seat: number; now: () => number }) {
  const running = state.clock?.running.includes(seat) ?? false;
  const face = faceOf(state.clock, seat, state.server_time, useNow(now, 100, running));
  if (face === null) return null;
  const low = face.ms < 10_000;
  return (
    <span
      class={`clock ${face.running ? "running" : ""} ${low ? "low" : ""}`}
      role="timer"
      aria-label={`Time left: ${timeText(face.ms)}`}
    >
      {timeText(face.ms)}
      {face.delay > 0 && <small>+{Math.ceil(face.delay / 1000)}</small>}
      {face.periods !== null && <small>×{face.periods}</small>}
    </span>
  );
}
