// Who this client is: a token, renewed while the connection stands.
import { MeepleError, lost } from "./errors.js";
import { Waiting, type Patience } from "./patience.js";
import { Dropped, sendOnce } from "./sending.js";
import { Backoff } from "./timing.js";
import type { Connection } from "./transport.js";

/** A token, or what gives a fresh one: it is asked at every connection, and when one has expired. */
export type TokenSource = string | (() => string | Promise<string>);

export class Tokens {
  #renewal: Patience | null = null;
  #renewing: Promise<void> | null = null;

  constructor(
    readonly source: TokenSource,
    readonly waiting: Waiting,
    /** Milliseconds that an answer, or the source, may take. */
    readonly timeout: number,
  ) {}

  get renewable(): boolean {
    return typeof this.source !== "string";
  }

  async fresh(): Promise<string> {
    const { source } = this;
    if (typeof source === "string") return source;
    return this.waiting.during(this.timeout, lost, (patience) =>
      patience.wait(Promise.resolve(source())),
    );
  }

  /** Goes on with a fresh token on this connection; `fail` is called if the server refuses it. */
  renew(connection: Connection, fail: (error: MeepleError) => void): void {
    this.#renewing ??= this.#renew(connection, fail)
      // The connection or the whole line has ended, and with it the reason to go on.
      .catch(() => undefined)
      .finally(() => {
        this.#renewing = null;
      });
  }

  /** Returns when no token is being renewed. */
  async settled(): Promise<void> {
    while (this.#renewing !== null) await this.#renewing;
  }

  /** The connection has gone; the next one asks for its own token. */
  stop(): void {
    this.#renewal?.end(new Dropped());
  }

  #renew(connection: Connection, fail: (error: MeepleError) => void): Promise<void> {
    return this.waiting.during(Infinity, lost, async (patience) => {
      const backoff = new Backoff(this.waiting.timing);
      this.#renewal = patience;
      for (;;) {
        try {
          const token = await patience.wait(this.fresh());
          await sendOnce(connection, "auth:refresh", { token }, this.timeout);
          return;
        } catch (error) {
          if (error instanceof Dropped) return;
          if (error instanceof MeepleError && error.code === "invalid_token") fail(error);
        }
        await patience.sleep(backoff.next());
      }
    });
  }
}
