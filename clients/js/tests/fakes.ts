// A server without a network, and time that passes when a test says so.
import type { Game } from "../src/state.js";
import type { Timing } from "../src/timing.js";
import type { Connection, Listener, Transport } from "../src/transport.js";

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

/** Lets everything happen that waits for no timer. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class FakeTiming implements Timing {
  time = 1_000_000;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.time;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.time + ms, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  random(): number {
    return 0.5;
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets so many milliseconds pass. */
  async pass(ms = 0): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.call();
    }
    this.time = end;
  }
}

type Reply = (error: Error | null, answer?: unknown) => void;

export interface Sent {
  readonly event: string;
  readonly payload: Record<string, unknown>;
  /** The server's answer. */
  readonly answer: (answer: object) => void;
}

export class FakeConnection implements Connection {
  readonly sent: Sent[] = [];
  readonly #replies = new Set<Reply>();
  open = true;

  constructor(
    readonly server: FakeServer,
    readonly token: string,
    readonly listener: Listener,
  ) {}

  send(event: string, payload: object, timeout: number, reply: Reply): void {
    if (!this.open) return reply(new Error("there is no connection"));
    const once: Reply = (error, answer) => {
      if (!this.#replies.delete(once)) return;
      stop();
      reply(error, answer);
    };
    const stop = this.server.timing.after(timeout, () => once(new Error("no answer")));
    this.#replies.add(once);
    const answer = (one: object): void => once(null, one);
    this.sent.push({ event, payload: payload as Record<string, unknown>, answer });
    if (event === "game:heartbeat" && this.server.welcomes) {
      const { timing, ahead, oneWay } = this.server;
      const serverTime = timing.now() + oneWay + ahead;
      timing.after(2 * oneWay, () => answer({ ok: true, server_time: serverTime }));
    }
  }

  close(): void {
    this.drop();
  }

  /** The connection goes. */
  drop(): void {
    if (!this.open) return;
    this.open = false;
    for (const reply of [...this.#replies]) reply(new Error("the connection went"));
    this.listener.onClose("transport close");
  }

  /** The server says something by itself. */
  say(event: string, payload: object): void {
    this.listener.onEvent(event, payload);
  }

  /** What was sent of this event. */
  of(event: string): Sent[] {
    return this.sent.filter((one) => one.event === event);
  }

  last(event: string): Sent {
    const found = this.of(event).at(-1);
    if (found === undefined) throw new Error(`no ${event} was sent`);
    return found;
  }
}

export class FakeServer implements Transport {
  readonly connections: FakeConnection[] = [];
  /** Connections are taken at all. */
  listens = true;
  /** Heartbeats are answered. */
  welcomes = true;
  /** Milliseconds that the server's clock is ahead. */
  ahead = 0;
  /** Milliseconds from here to there. */
  oneWay = 5;
  /** What happens to a new connection. */
  onOpen: (connection: FakeConnection) => void = () => undefined;

  constructor(readonly timing: FakeTiming) {}

  async open(token: string, listener: Listener): Promise<Connection> {
    if (!this.listens) throw new Error("nobody listens");
    const connection = new FakeConnection(this, token, listener);
    this.connections.push(connection);
    queueMicrotask(() => this.onOpen(connection));
    return connection;
  }

  get now(): FakeConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error("nobody has connected");
    return connection;
  }
}

/** A state of a game in which seat 0 is to act, as seat 0 sees it. */
export const game = (seq: number, more: Partial<Game> = {}): Game => ({
  game_id: "g",
  seq,
  engine: "tic-tac-toe",
  status: "live",
  seat: 0,
  view: { seq },
  to_act: [0],
  legal_actions: [1, 2, 3],
  request: { kind: "action", forced: null },
  clock: null,
  players: [],
  outcome: null,
  server_time: 0,
  ...more,
});

export const refusal = (code: string, retryable = false): object => ({
  ok: false,
  error: { code, message: code, retryable },
});
