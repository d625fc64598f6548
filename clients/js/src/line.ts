// Asking until it is answered, whatever happens to the connection.
import { MeepleError, lost } from "./errors.js";
import type { ClientEvents } from "./generated.js";
import { Link, type LineWatcher, type Periods } from "./link.js";
import { Dropped, sendOnce } from "./sending.js";
import { Backoff, type Timing } from "./timing.js";
import type { TokenSource } from "./token.js";
import type { Transport } from "./transport.js";

/** What a client sends with this event. */
export type Payload<E extends string> = E extends keyof ClientEvents ? ClientEvents[E] : object;

export interface Asking<Answer> {
  /** Milliseconds until it is given up. */
  readonly patience?: number;
  /** False: only once, as the server could not tell that it has it already. */
  readonly resend?: boolean;
  /** Sees the answer before anything that the server sends after it. */
  readonly onAnswer?: (answer: Answer) => void;
}

export class Line {
  readonly #link: Link;

  constructor(
    transport: Transport,
    token: TokenSource,
    readonly timing: Timing,
    readonly periods: Periods,
    watcher: LineWatcher,
  ) {
    this.#link = new Link(transport, token, timing, periods, watcher);
  }

  get state(): Link["state"] {
    return this.#link.state;
  }

  /** Whether there is a connection to send on. */
  get online(): boolean {
    return this.#link.connection !== null;
  }

  /** The server's time now. */
  now(): number {
    return this.#link.now();
  }

  /** The answer; throws `MeepleError`: the server's refusal, or `connection_lost`, or `closed`. */
  ask<Answer, E extends string = string>(
    event: E,
    payload: Payload<E>,
    { patience = this.periods.patience, resend = true, onAnswer }: Asking<Answer> = {},
  ): Promise<Answer> {
    const link = this.#link;
    const backoff = new Backoff(this.timing);
    const giveUp = (): MeepleError => lost(link.trouble);
    return link.waiting.during(patience, giveUp, async (limit) => {
      checkSize(event, payload);
      for (;;) {
        try {
          await limit.wait(link.ready());
          if (link.connection === null) continue; // it went just now
          const timeout = this.periods.answer;
          const sent = sendOnce(link.connection, event, payload, timeout, onAnswer);
          return await limit.wait(sent);
        } catch (error) {
          if (error instanceof Dropped) {
            if (!resend) throw lost(error);
            continue; // the next connection has its own pace
          }
          if (!this.#mayPass(error)) throw error;
          link.trouble = error;
        }
        await limit.sleep(backoff.next());
      }
    });
  }

  /** Ends it for good; whoever waits is told. */
  close(): void {
    this.#link.close(null);
  }

  /** Whether the same may succeed later; with a fresh token, if it was one that had expired. */
  #mayPass(error: unknown): boolean {
    if (!(error instanceof MeepleError)) return false;
    if (error === this.#link.failure || error.code === "connection_lost") return false;
    return error.retryable || (error.code === "token_expired" && this.#link.tokens.renewable);
  }
}

/** Bytes of a message that a server takes, and of what is around its name and payload at most. */
const MAX_MESSAGE = 64 * 1024;
const MAX_HEAD = 32;

/** Throws if a server would hang up on it, each time that it is sent again. */
function checkSize(event: string, payload: object): void {
  const { length } = new TextEncoder().encode(JSON.stringify(payload));
  if (length + event.length + MAX_HEAD <= MAX_MESSAGE) return;
  const message = `A message may have ${MAX_MESSAGE} bytes.`;
  throw new MeepleError({ code: "payload_too_large", message, retryable: false });
}
