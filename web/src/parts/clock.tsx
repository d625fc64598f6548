// What a clock shows.
import { readClock } from "@meeple/client";
import { useNow } from "../store";
import type { GameState } from "../wire";

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
  const face = readClock(state, seat, useNow(now, 100, running));
  if (face === null) return null;
  const low = face.remaining < 10_000;
  return (
    <span
      class={`clock ${face.running ? "running" : ""} ${low ? "low" : ""}`}
      role="timer"
      aria-label={`Time left: ${timeText(face.remaining)}`}
    >
      {timeText(face.remaining)}
      {face.delay > 0 && <small>+{Math.ceil(face.delay / 1000)}</small>}
      {face.periods > 0 && <small>×{face.periods}</small>}
    </span>
  );
}
