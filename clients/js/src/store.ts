// A value that changes, in the form that user interfaces can follow.
import type { Timing } from "./timing.js";

/**
 * A value that can be followed. It is Svelte's store contract as it stands, and what React's
 * `useSyncExternalStore(store.subscribe, store.getSnapshot)` asks for.
 */
export interface Readable<T> {
  /** Calls with the value at once, and at every change; gives what ends it. */
  readonly subscribe: (listener: (value: T) => void) => () => void;
  /** The value now: the same object until it changes. */
  readonly getSnapshot: () => T;
}

/** A `Readable` for others to follow, and for its owner to set. */
export class Store<T> implements Readable<T> {
  #value: T;
  // Each subscription is one of its own, even if a listener subscribes twice.
  readonly #listeners = new Set<{ readonly call: (value: T) => void }>();

  constructor(value: T) {
    this.#value = value;
  }

  // Fields and not methods, because a user interface calls them without the store.
  readonly getSnapshot = (): T => this.#value;

  readonly subscribe = (listener: (value: T) => void): (() => void) => {
    const entry = { call: listener };
    this.#listeners.add(entry);
    listener(this.#value);
    return () => {
      this.#listeners.delete(entry);
    };
  };

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const entry of [...this.#listeners]) {
      // A listener may have ended another's subscription, or have set the value again.
      if (this.#listeners.has(entry) && Object.is(value, this.#value)) tell(entry.call, value);
    }
  }
}

/** Calls; what it throws is reported as any uncaught error, and disturbs nobody here. */
function tell<T>(call: (value: T) => void, value: T): void {
  try {
    call(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Waits until the value is so; undefined if it was not, for `ms` milliseconds. */
export function until<T>(
  store: Readable<T>,
  test: (value: T) => boolean,
  timing: Timing,
  ms: number,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    let found = false;
    const stopWaiting = timing.after(ms, () => finish(undefined));
    const stopWatching = store.subscribe((value) => {
      if (found || !test(value)) return;
      found = true;
      // Later, as the first call comes before there is anything to end.
      queueMicrotask(() => finish(value));
    });
    function finish(value: T | undefined): void {
      stopWaiting();
      stopWatching();
      resolve(value);
    }
  });
}
