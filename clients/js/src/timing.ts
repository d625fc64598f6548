// The time and the chance that everything here asks for, so that a test can bring its own.

/** Milliseconds, and what is to happen later. */
export interface Timing {
  /** This machine's time, in milliseconds since 1970. */
  now(): number;
  /** Calls once, after so many milliseconds; gives what calls it off. */
  after(ms: number, call: () => void): () => void;
  /** From 0 up to 1. */
  random(): number;
}

export const realTiming: Timing = {
  now: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Milliseconds between attempts: they double from the first to the last, each give or take a half. */
export class Backoff {
  #next: number;

  constructor(
    readonly timing: Timing,
    readonly first = 100,
    readonly last = 5_000,
  ) {
    this.#next = first;
  }

  /** How long to wait now. */
  next(): number {
    const delay = this.#next * (0.5 + this.timing.random());
    this.#next = Math.min(this.#next * 2, this.last);
    return delay;
  }

  reset(): void {
    this.#next = this.first;
  }
}
