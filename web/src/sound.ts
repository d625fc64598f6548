// A few notes, made here.
import { isLoud } from "./settings";

const TUNES = {
  turn: [660, 880],
  over: [523, 659, 784],
  chat: [990],
} as const;

let context: AudioContext | null = null;

export function play(tune: keyof typeof TUNES): void {
  if (!isLoud() || typeof AudioContext === "undefined") return;
  // A browser allows no sound before the first click; then there is none.
  if (!navigator.userActivation?.hasBeenActive) return;
  context ??= new AudioContext();
  const start = context.currentTime;
  for (const [index, pitch] of TUNES[tune].entries()) {
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    const at = start + index * 0.11;
    tone.type = "sine";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.07, at + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.22);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.25);
  }
}
