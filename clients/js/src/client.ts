// A player's connection, and the tables that are shown on it.
import { type MeepleError } from "./errors.js";
import type { Json } from "./generated.js";
import { Line } from "./line.js";
import type { ConnectionState, Periods } from "./link.js";
import type { Readable } from "./store.js";
import type { Mode } from "./commands.js";
import { Table } from "./table.js";
import { realTiming, type Timing } from "./timing.js";
import type { TokenSource } from "./token.js";
import { SocketTransport, type Transport, type TransportName } from "./transport.js";

export interface ClientOptions {
  /** Address of the server; on a page, the page's own if it is not given. */
  readonly url?: string;
  /** The player's token, or what gives a fresh one: asked at every connection, and at expiry. */
  readonly token: TokenSource;
  /** Milliseconds until a connection that does not answer is given up for another. */
  readonly answerTimeout?: number;
  /** Milliseconds until a command that gets no answer is given up. */
  readonly patience?: number;
  /** Milliseconds between heartbeats. */
  readonly heartbeat?: number;
  /** Engine.IO's transports, in the order in which they are tried. */
  readonly transports?: readonly TransportName[];
}

/** What a test may bring instead of the network and of time. */
export interface Parts {
  readonly transport?: Transport;
  readonly timing?: Timing;
}

const DEFAULTS: Periods = { answer: 10_000, patience: 60_000, heartbeat: 20_000 };

/**
 * A player's connection to a server. It connects again whenever the line breaks, joins its tables
 * again with the last seq that it has seen, and resends what was not answered under the same id.
 */
export class Client {
  readonly #line: Line;
  // Whatever the engines of its games are: `join` says so.
  readonly #tables = new Map<string, Table<never, never>>();

  constructor(options: ClientOptions, { transport, timing = realTiming }: Parts = {}) {
    const { url = ".", token, transports } = options;
    const periods = {
      answer: options.answerTimeout ?? DEFAULTS.answer,
      patience: options.patience ?? DEFAULTS.patience,
      heartbeat: options.heartbeat ?? DEFAULTS.heartbeat,
    };
    const sockets = transport ?? new SocketTransport(url, transports);
    this.#line = new Line(sockets, token, timing, periods, {
      onConnect: () => this.#each((table) => table.onConnect()),
      onEvent: (event, payload) => this.#onEvent(event, payload),
      onClose: (error) => this.#each((table) => table.close(error)),
    });
  }

  /** Whether there is a connection, how quick it is, and why there will be none. */
  get connection(): Readable<ConnectionState> {
    return this.#line.state;
  }

  /** The server's time now, in milliseconds since 1970, as far as heartbeats tell. */
  now(): number {
    return this.#line.now();
  }

  /** Waits until the server has let this client in; throws `MeepleError`. */
  async connected(): Promise<void> {
    await this.#line.ask("game:heartbeat", {});
  }

  /**
   * Takes part in a game in which this player has a seat; returns with its state there. The same
   * table is given as long as it is not left, also to one who watched it before.
   */
  join<View = Json, Action = Json>(gameId: string): Promise<Table<View, Action>> {
    return this.#enter(gameId, "game:join");
  }

  /** Watches a game. */
  spectate<View = Json, Action = Json>(gameId: string): Promise<Table<View, Action>> {
    return this.#enter(gameId, "game:spectate");
  }

  /** Is told no more about a game. */
  async leave(gameId: string): Promise<void> {
    await this.#tables.get(gameId)?.leave();
  }

  /** Disconnects, and stops coming back. Whoever waits gets `MeepleError` with the code `closed`. */
  close(): void {
    this.#line.close();
  }

  async #enter<View, Action>(gameId: string, mode: Mode): Promise<Table<View, Action>> {
    const known = this.#tables.get(gameId) as Table<View, Action> | undefined;
    const table = known ?? this.#newTable<View, Action>(gameId);
    await table.enter(mode);
    return table;
  }

  #newTable<View, Action>(gameId: string): Table<View, Action> {
    const table = new Table<View, Action>(gameId, this.#line, () => this.#tables.delete(gameId));
    this.#tables.set(gameId, table as unknown as Table<never, never>);
    return table;
  }

  #each(call: (table: Table<never, never>) => void): void {
    for (const table of [...this.#tables.values()]) call(table);
  }

  #onEvent(event: string, payload: unknown): void {
    const gameId = (payload as { game_id?: unknown } | null | undefined)?.game_id;
    if (typeof gameId === "string") this.#tables.get(gameId)?.onEvent(event, payload);
  }
}

/** A client that the server has let in; throws `MeepleError`, and then nothing is left open. */
export async function connect(options: ClientOptions, parts: Parts = {}): Promise<Client> {
  const client = new Client(options, parts);
  try {
    await client.connected();
  } catch (error) {
    client.close();
    throw error as MeepleError;
  }
  return client;
}
