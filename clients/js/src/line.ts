// The line to the server: connects again whenever it breaks, and asks until it is answered.
import { ServerTime } from "./clock.js";
import { MeepleError, closed, lost } from "./errors.js";
import type { ClientEvents, Failed } from "./generated.js";
import { Store, type Readable } from "./store.js";
import { Backoff, Patience, type Timing } from "./timing.js";
import type { Connection, Transport } from "./transport.js";
import { onWake } from "./wake.js";

/**
 * `connecting`: at first, and when the line has just broken; `offline`: an attempt has failed (others
 * follow), or there will be none; `draining`: online, and the server is about to go.
 */
export type Status = "online" | "connecting" | "offline" | "draining";

export interface LineState {
  readonly status: Status;
  /** Milliseconds of the last round trip; null before the first. */
  readonly latency: number | null;
  /** Why there will be no connection any more; null while there is hope. */
  readonly error: MeepleError | null;
}

/** A token, or what gives a fresh one: it is asked at every connection, and when one has expired. */
export type TokenSource = string | (() => string | Promise<string>);

/** Limits and periods, in milliseconds. */
export interface Periods {
  /** Until a connection that does not answer is given up for another. */
  readonly answer: number;
  /** Until a command is given up. */
  readonly patience: number;
  /** Between heartbeats. */
  readonly heartbeat: number;
}

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

/** The connection went before the answer came. */
class Dropped extends Error {}

export class Line {
  readonly #state = new Store<LineState>({ status: "connecting", latency: null, error: null });
  readonly #time = new ServerTime();
  readonly #asking = new Set<Patience>();
  readonly #watchers: LineWatcher[] = [];
  readonly #backoff: Backoff;
  readonly #sleepless: () => void;
  /** The connection that has let this client in. */
  #connection: Connection | null = null;
  #admitted = deferred<Connection>();
  /** A fresh token is on its way. */
  #renewing: Promise<void> | null = null;
  #renewal: Patience | null = null;
  #staleTokens = 0;
  #turnedAway: MeepleError | null = null;
  /** Why there is no connection at the moment, as far as is known. */
  #trouble: unknown;
  #failure: MeepleError | null = null;
  #wake = (): void => undefined;
  #stopBeating = (): void => undefined;

  constructor(
    readonly transport: Transport,
    readonly token: TokenSource,
    readonly timing: Timing,
    readonly periods: Periods,
  ) {
    this.#backoff = new Backoff(timing);
    this.#sleepless = onWake(() => this.#onWake());
    void this.#stayConnected();
  }

  get state(): Readable<LineState> {
    return this.#state;
  }

  /** Whether commands are taken at once. */
  get online(): boolean {
    return this.#connection !== null;
  }

  /** The server's time now. */
  now(): number {
    return this.timing.now() + this.#time.offset;
  }

  watch(watcher: LineWatcher): void {
    this.#watchers.push(watcher);
  }

  /** Asks until it is answered, whatever happens to the connection; throws `MeepleError`. */
  async ask<Answer, E extends string = string>(
    event: E,
    payload: Payload<E>,
    { patience = this.periods.patience, resend = true, onAnswer }: Asking<Answer> = {},
  ): Promise<Answer> {
    const backoff = new Backoff(this.timing);
    const limit = this.#limit(patience);
    try {
      for (;;) {
        if (this.#failure !== null) throw this.#failure;
        try {
          await limit.wait(this.#ready());
          return await this.#once<Answer>(event, payload, onAnswer);
        } catch (error) {
          if (error instanceof Dropped) {
            if (!resend) throw lost(error);
            continue; // the next connection has its own pace
          }
          if (!this.#mayPass(error)) throw error;
          this.#trouble = error;
        }
        await limit.sleep(backoff.next());
      }
    } finally {
      limit.done();
      this.#asking.delete(limit);
    }
  }

  /** Ends it for good, because of `error` or because it was asked for. */
  close(error: MeepleError | null = null): void {
    if (this.#failure !== null) return;
    this.#failure = error ?? closed("client");
    this.#sleepless();
    const connection = this.#connection;
    this.#lost("offline");
    connection?.close();
    this.#set({ error });
    for (const limit of this.#asking) limit.end(this.#failure);
    for (const watcher of this.#watchers) watcher.onClose(error);
    this.#wake();
  }

  #limit(patience: number): Patience {
    const limit = new Patience(this.timing, patience, () => lost(this.#trouble));
    if (this.#failure !== null) limit.end(this.#failure);
    this.#asking.add(limit);
    return limit;
  }

  /** Until commands are taken: there is a connection, and its token has not expired. */
  async #ready(): Promise<void> {
    await this.#admitted.promise;
    while (this.#renewing !== null) await this.#renewing;
  }

  /** Sends once; a connection that does not answer in time is closed for a better one. */
  #once<Answer>(
    event: string,
    payload: object,
    onAnswer?: (answer: Answer) => void,
    connection = this.#connection,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (connection === null) {
        reject(new Dropped());
        return;
      }
      connection.send(event, payload, this.periods.answer, (error, answer) => {
        if (error !== null) {
          reject(new Dropped(error.message));
          connection.close();
        } else if ((answer as { ok?: unknown } | null)?.ok === true) {
          onAnswer?.(answer as Answer);
          resolve(answer as Answer);
        } else {
          reject(MeepleError.of(answer as Failed));
        }
      });
    });
  }

  #mayPass(error: unknown): boolean {
    if (!(error instanceof MeepleError) || error === this.#failure) return false;
    return error.retryable || (error.code === "token_expired" && this.#canRenew);
  }

  // --- connecting -------------------------------------------------------------------------------

  async #stayConnected(): Promise<void> {
    while (this.#failure === null) {
      try {
        const { gone } = await this.#connect();
        const since = this.timing.now();
        await gone;
        if (this.timing.now() - since >= STEADY) this.#backoff.reset();
      } catch (error) {
        this.#trouble = error;
        this.#lost("offline");
      }
      // Also after one that stood: a server that was started again is not to be stormed.
      await this.#pause(this.#backoff.next());
    }
  }

  async #connect(): Promise<{ gone: Promise<void> }> {
    const gone = deferred<void>();
    this.#turnedAway = null;
    const token = await this.#freshToken();
    if (this.#failure !== null) throw this.#failure;
    const connection = await this.transport.open(
      token,
      {
        onEvent: (event, payload) => this.#onEvent(event, payload),
        onClose: () => {
          // At once, so that nothing more is sent there.
          if (this.#connection !== null) this.#lost("connecting");
          gone.resolve();
        },
      },
      this.periods.answer,
    );
    try {
      if (this.#failure !== null) this.#refuse();
      // The first answer says that the token was good.
      await Promise.race([this.#beat(connection), gone.promise.then(() => this.#refuse())]);
      if (this.#failure !== null || this.#turnedAway !== null) this.#refuse();
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#admit(connection);
    return { gone: gone.promise };
  }

  #refuse(): never {
    throw this.#failure ?? this.#turnedAway ?? new Dropped("the connection broke at once");
  }

  #admit(connection: Connection): void {
    this.#connection = connection;
    this.#staleTokens = 0;
    this.#trouble = undefined;
    this.#set({ status: "online" });
    this.#keepBeating();
    this.#admitted.resolve(connection);
    for (const watcher of this.#watchers) watcher.onConnect();
  }

  #lost(status: Status): void {
    this.#stopBeating();
    this.#renewal?.end(new Dropped());
    if (this.#connection !== null) {
      this.#connection = null;
      this.#admitted = deferred();
    }
    this.#set({ status: this.#failure === null ? status : "offline" });
  }

  async #pause(ms: number): Promise<void> {
    if (this.#failure !== null) return;
    let stop = (): void => undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      stop = this.timing.after(ms, resolve);
    });
    stop();
    this.#wake = () => undefined;
  }

  // --- heartbeats -------------------------------------------------------------------------------

  /** Asks the server's time. */
  async #beat(connection: Connection): Promise<void> {
    const asked = this.timing.now();
    let answered = asked;
    const heard = (): void => {
      answered = this.timing.now();
    };
    const beat = this.#once<{ server_time: number }>("game:heartbeat", {}, heard, connection);
    const { server_time } = await beat;
    this.#time.add(asked, answered, server_time);
    this.#set({ latency: answered - asked });
  }

  #keepBeating(): void {
    this.#stopBeating = this.timing.after(this.periods.heartbeat, () => {
      const connection = this.#connection;
      if (connection === null) return;
      this.#keepBeating();
      // If it is refused, the next may not be; if nothing comes, the connection is closed by that.
      this.#beat(connection).catch(() => undefined);
    });
  }

  #onWake(): void {
    const connection = this.#connection;
    if (connection === null) this.#wake();
    // A phone that slept may have lost its connection without noticing.
    else this.#beat(connection).catch(() => undefined);
  }

  // --- what the server says by itself -----------------------------------------------------------

  #onEvent(event: string, payload: unknown): void {
    if (event === "auth_error") this.#onAuthError(payload as { code: string; message: string });
    else if (event === "server:draining") this.#set({ status: "draining" });
    for (const watcher of this.#watchers) watcher.onEvent(event, payload);
  }

  #onAuthError({ code, message }: { code: string; message: string }): void {
    const error = new MeepleError({ code, message, retryable: PASSING.has(code) });
    const expired = code === "token_expired" && this.#canRenew;
    if (expired && this.#connection !== null) {
      this.#renewing ??= this.#renew(this.#connection).finally(() => {
        this.#renewing = null;
      });
    } else if (error.retryable || (expired && ++this.#staleTokens < STALE_TOKENS)) {
      // The server hangs up now, and the next connection may do better.
      this.#turnedAway = error;
    } else {
      this.close(error);
    }
  }

  get #canRenew(): boolean {
    return typeof this.token !== "string";
  }

  async #freshToken(): Promise<string> {
    if (typeof this.token === "string") return this.token;
    const limit = this.#limit(this.periods.answer);
    try {
      return await limit.wait(Promise.resolve(this.token()));
    } finally {
      limit.done();
      this.#asking.delete(limit);
    }
  }

  /** Goes on with a fresh token on the same connection; a new connection asks for its own. */
  async #renew(connection: Connection): Promise<void> {
    const backoff = new Backoff(this.timing);
    const limit = this.#limit(Infinity);
    this.#renewal = limit;
    try {
      for (;;) {
        try {
          const token = await limit.wait(this.#freshToken());
          await this.#once("auth:refresh", { token }, undefined, connection);
          return;
        } catch (error) {
          if (error instanceof Dropped) return;
          this.#trouble = error;
          if (error instanceof MeepleError && error.code === "invalid_token") this.close(error);
        }
        await limit.sleep(backoff.next());
      }
    } catch {
      // The connection or the whole line has ended, and with it the reason to be here.
    } finally {
      this.#asking.delete(limit);
    }
  }

  #set(change: Partial<LineState>): void {
    const before = this.#state.getSnapshot();
    const after = { ...before, ...change };
    const same =
      after.status === before.status &&
      after.latency === before.latency &&
      after.error === before.error;
    if (!same) this.#state.set(after);
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
