// One thing after another.
import { MeepleError } from "./errors.js";

/** Does work in the order in which it was given, each when the one before has succeeded or failed. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();
  #length = 0;

  constructor(readonly limit = 100) {}

  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#length >= this.limit) {
      const message = `${this.limit} commands wait already.`;
      return Promise.reject(
        new MeepleError({ code: "too_many_commands", message, retryable: true }),
      );
    }
    this.#length += 1;
    const done = this.#last.then(work).finally(() => {
      this.#length -= 1;
    });
    this.#last = done.catch(() => undefined); // whoever gave it is told
    return done;
  }
}
