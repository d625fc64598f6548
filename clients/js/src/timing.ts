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

/** How long somebody is ready to wait for something: until a time is up, or it is ended. */
export class Patience {
  readonly #ended: Promise<never>;
  readonly #stop: () => void;
  #end!: (error: unknown) => void;

  /** Of `ms` milliseconds (Infinity: without end), after which what it waits for fails as `onEnd` says. */
  constructor(
    readonly timing: Timing,
    ms: number,
    onEnd: () => unknown,
  ) {
    this.#ended = new Promise<never>((_, reject) => {
      this.#end = reject;
    });
    this.#ended.catch(() => undefined); // told to whoever waits, if anybody does
    this.#stop = ms === Infinity ? () => undefined : timing.after(ms, () => this.end(onEnd()));
  }

  /** What `work` comes to, unless the patience ends first. */
  wait<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ended]);
  }

  async sleep(ms: number): Promise<void> {
    let stop = (): void => undefined;
    const slept = new Promise<void>((resolve) => {
      stop = this.timing.after(ms, resolve);
    });
    try {
      await this.wait(slept);
    } finally {
      stop();
    }
  }

  end(error: unknown): void {
    this.#stop();
    this.#end(error);
  }

  /** It is not needed any more. */
  done(): void {
    this.#stop();
  }
}
