// Every wait has an end.
import type { Timing } from "./timing.js";

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

/** Those who wait for the same thing, which may fail for all of them. */
export class Waiting {
  readonly #all = new Set<Patience>();
  #failure: unknown = null;

  constructor(readonly timing: Timing) {}

  /** Does `work` with so much patience, after which what it waits for fails as `onEnd` says. */
  async during<T>(
    ms: number,
    onEnd: () => unknown,
    work: (patience: Patience) => Promise<T>,
  ): Promise<T> {
    const patience = new Patience(this.timing, ms, onEnd);
    if (this.#failure !== null) patience.end(this.#failure);
    this.#all.add(patience);
    try {
      return await work(patience);
    } finally {
      patience.done();
      this.#all.delete(patience);
    }
  }

  /** For all who wait, and all who will. */
  end(failure: unknown): void {
    this.#failure = failure;
    for (const patience of this.#all) patience.end(failure);
  }
}
