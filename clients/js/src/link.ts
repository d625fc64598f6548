// The connection: made again whenever it breaks, and kept alive by heartbeats.
import { MeepleError, closed } from "./errors.js";
import type { AuthErrorMessage } from "./generated.js";
import { Waiting } from "./patience.js";
import { Dropped, sendOnce } from "./sending.js";
import { ServerTime } from "./server_time.js";
import { Store } from "./store.js";
import { Backoff, type Timing } from "./timing.js";
import { Tokens, type TokenSource } from "./token.js";
import type { Connection, Transport } from "./transport.js";
import { onWake } from "./wake.js";

/**
 * `connecting`: at first, and when the line has just broken; `offline`: an attempt has failed (others
 * follow), or there will be none; `draining`: online, and the server is about to go.
 */
export type Status = "online" | "connecting" | "offline" | "draining";

export interface ConnectionState {
  readonly status: Status;
  /** Milliseconds of the last round trip; null before the first. */
  readonly latency: number | null;
  /** Why there will be no connection any more; null while there is hope, and after `close()`. */
  readonly error: MeepleError | null;
}

/** Limits and periods, in milliseconds. */
export interface Periods {
  /** Until a connection that does not answer is given up for another. */
  readonly answer: number;
  /** Until a command is given up. */
  readonly patience: number;
  /** Between heartbeats. */
  readonly heartbeat: number;
}

/** Who is told of everything that happens on a line. */
export interface LineWatcher {
  /** A connection stands: the server knows nothing of what was joined before. */
  onConnect(): void;
  onEvent(event: string, payload: unknown): void;
  /** There will be no connection any more; null if it was asked for. */
  onClose(error: MeepleError | null): void;
}

/** A connection that has held for so many milliseconds was a good one. */
const STEADY = 5_000;
/** After so many expired tokens in a row, the source of tokens has no better one. */
const STALE_TOKENS = 5;
/** Refusals of a connection that the next one may not meet. */
const PASSING = new Set(["unavailable", "internal_error", "rate_limited"]);

export class Link {
  readonly state = new Store<ConnectionState>({ status: "connecting", latency: null, error: null });
  readonly tokens: Tokens;
  readonly waiting: Waiting;
  /** The connection that has let this client in. */
  connection: Connection | null = null;
  /** What ended it for good. */
  failure: MeepleError | null = null;
  /** Why there is no answer at the moment, as far as is known. */
  trouble: unknown;
  readonly #time = new ServerTime();
  readonly #backoff: Backoff;
  readonly #stopWaking: () => void;
  #admitted = deferred<void>();
  #staleTokens = 0;
  #turnedAway: MeepleError | null = null;
  #wake = (): void => undefined;
  #stopBeating = (): void => undefined;

  constructor(
    readonly transport: Transport,
    token: TokenSource,
    readonly timing: Timing,
    readonly periods: Periods,
    readonly watcher: LineWatcher,
  ) {
    this.waiting = new Waiting(timing);
    this.tokens = new Tokens(token, this.waiting, periods.answer);
    this.#backoff = new Backoff(timing);
    this.#stopWaking = onWake(() => this.#onWake());
    void this.#stayConnected();
  }

  /** The server's time now. */
  now(): number {
    return this.timing.now() + this.#time.offset;
  }

  /** Until commands are taken: there is a connection, and its token has not expired. */
  async ready(): Promise<void> {
    await this.#admitted.promise;
    await this.tokens.settled();
  }

  /** Ends it for good, because of `error` or because it was asked for; whoever waits is told. */
  close(error: MeepleError | null): void {
    if (this.failure !== null) return;
    this.failure = error ?? closed("client");
    this.#stopWaking();
    const { connection } = this;
    this.#lost("offline");
    connection?.close();
    this.#set({ error });
    this.waiting.end(this.failure);
    this.watcher.onClose(error);
    this.#wake();
  }

  // --- connecting -------------------------------------------------------------------------------

  async #stayConnected(): Promise<void> {
    while (this.failure === null) {
      try {
        const { gone } = await this.#connect();
        const since = this.timing.now();
        await gone;
        if (this.timing.now() - since >= STEADY) this.#backoff.reset();
      } catch (error) {
        this.trouble = error;
        this.#lost("offline");
      }
      // Also after one that stood: a server that was started again is not to be stormed.
      await this.#pause(this.#backoff.next());
    }
  }

  async #connect(): Promise<{ gone: Promise<void> }> {
    const gone = deferred<void>();
    this.#turnedAway = null;
    const token = await this.tokens.fresh();
    if (this.failure !== null) this.#refuse();
    const listener = {
      onEvent: (event: string, payload: unknown) => this.#onEvent(event, payload),
      onClose: () => {
        // At once, so that nothing more is sent there.
        if (this.connection !== null) this.#lost("connecting");
        gone.resolve();
      },
    };
    const connection = await this.transport.open(token, listener, this.periods.answer);
    try {
      if (this.failure !== null) this.#refuse();
      // The first answer says that the token was good.
      await Promise.race([this.#beat(connection), gone.promise.then(() => this.#refuse())]);
      if (this.failure !== null || this.#turnedAway !== null) this.#refuse();
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#admit(connection);
    return { gone: gone.promise };
  }

  #refuse(): never {
    throw this.failure ?? this.#turnedAway ?? new Dropped("the connection broke at once");
  }

  #admit(connection: Connection): void {
    this.connection = connection;
    this.#staleTokens = 0;
    this.trouble = undefined;
    this.#set({ status: "online" });
    this.#keepBeating();
    this.#admitted.resolve();
    this.watcher.onConnect();
  }

  #lost(status: Status): void {
    this.#stopBeating();
    this.tokens.stop();
    if (this.connection !== null) {
      this.connection = null;
      this.#admitted = deferred();
    }
    this.#set({ status: this.failure === null ? status : "offline" });
  }

  async #pause(ms: number): Promise<void> {
    if (this.failure !== null) return;
    let stop = (): void => undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      stop = this.timing.after(ms, resolve);
    });
    stop();
  }

  // --- heartbeats -------------------------------------------------------------------------------

  /** Asks the server's time. */
  async #beat(connection: Connection): Promise<void> {
    const asked = this.timing.now();
    let answered = asked;
    const { server_time } = await sendOnce<{ server_time: number }>(
      connection,
      "game:heartbeat",
      {},
      this.periods.answer,
      () => {
        answered = this.timing.now();
      },
    );
    this.#time.add(asked, answered, server_time);
    this.#set({ latency: answered - asked });
  }

  #keepBeating(): void {
    this.#stopBeating = this.timing.after(this.periods.heartbeat, () => {
      this.#keepBeating();
      this.#beatAgain();
    });
  }

  #beatAgain(): void {
    // If it is refused, the next may not be; if nothing comes, the connection is closed by that.
    if (this.connection !== null) this.#beat(this.connection).catch(() => undefined);
  }

  #onWake(): void {
    // A phone that slept may have lost its connection without noticing.
    if (this.connection !== null) this.#beatAgain();
    else this.#wake();
  }

  // --- what the server says by itself -----------------------------------------------------------

  #onEvent(event: string, payload: unknown): void {
    if (event === "auth_error") this.#onAuthError(payload as AuthErrorMessage);
    else if (event === "server:draining") this.#set({ status: "draining" });
    this.watcher.onEvent(event, payload);
  }

  #onAuthError({ code, message }: AuthErrorMessage): void {
    const error = new MeepleError({ code, message, retryable: PASSING.has(code) });
    const expired = code === "token_expired" && this.tokens.renewable;
    if (expired && this.connection !== null) {
      this.tokens.renew(this.connection, (refusal) => this.close(refusal));
    } else if (error.retryable || (expired && ++this.#staleTokens < STALE_TOKENS)) {
      // The server hangs up now, and the next connection may do better.
      this.#turnedAway = error;
    } else {
      this.close(error);
    }
  }

  #set(change: Partial<ConnectionState>): void {
    const before = this.state.getSnapshot();
    const after = { ...before, ...change };
    const same =
      after.status === before.status &&
      after.latency === before.latency &&
      after.error === before.error;
    if (!same) this.state.set(after);
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
