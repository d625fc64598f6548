// The REST side: accounts and tables.
import { serverAddress } from "./address.js";
import { MeepleError, lost } from "./errors.js";
import type {
  EngineList,
  GameList,
  GameLogBody,
  GameState,
  GameStates,
  GameStatus,
  Guest,
  NewGame,
  ReceiptBody,
} from "./generated.js";
import type { TokenSource } from "./token.js";

/** What part of a list is asked for. */
export interface GameQuery {
  readonly status?: GameStatus;
  readonly engine?: string;
  /** From the page before. */
  readonly cursor?: string;
  /** 1 to 100. */
  readonly limit?: number;
}

export interface RestOptions {
  /** Address of the server; on a page, the page's own if it is not given. */
  readonly url?: string;
  /** Whose requests these are; a stranger's if it is not given. */
  readonly token?: TokenSource;
  /** Milliseconds that a request may take. */
  readonly timeout?: number;
}

/** Accounts and tables. Every method throws `MeepleError`, if nobody answers with `connection_lost`. */
export class Rest {
  readonly #base: string;
  readonly #token: TokenSource | undefined;
  readonly #timeout: number;

  constructor({ url = ".", token, timeout = 10_000 }: RestOptions = {}) {
    this.#base = `${serverAddress(url)}api/v1`;
    this.#token = token;
    this.#timeout = timeout;
  }

  /** A guest account. */
  guest(name: string): Promise<Guest> {
    return this.#call("POST", "/guests", { name });
  }

  /** The games on offer. */
  engines(): Promise<EngineList> {
    return this.#call("GET", "/engines");
  }

  /** Make a table. */
  createGame(wanted: NewGame): Promise<GameState> {
    return this.#call("POST", "/games", wanted);
  }

  /** Sit down; without a seat, on the first that is free. */
  takeSeat(gameId: string, seat: number | null = null): Promise<GameState> {
    return this.#call("POST", `${gamePath(gameId)}/seats`, { seat });
  }

  /** A game as this user may see it. */
  game(gameId: string): Promise<GameState> {
    return this.#call("GET", gamePath(gameId));
  }

  /** The lobby and the archive, newest first. */
  games(query: GameQuery = {}): Promise<GameList> {
    return this.#call("GET", `/games${queryString(query)}`);
  }

  /** The games in which this user has a seat, newest first. */
  myGames(query: GameQuery = {}): Promise<GameList> {
    return this.#call("GET", `/me/games${queryString(query)}`);
  }

  /** A fresh token for the guest whose token this has. */
  renew(): Promise<Guest> {
    return this.#call("POST", "/guests/renew");
  }

  /** Give up. */
  resign(gameId: string): Promise<ReceiptBody> {
    return this.#call("POST", `${gamePath(gameId)}/resign`);
  }

  /** Call a game off before its first action, or at any time if only bots play it. */
  abort(gameId: string): Promise<ReceiptBody> {
    return this.#call("POST", `${gamePath(gameId)}/abort`);
  }

  /** The game as this user may see it, after each of at most `limit` (100) entries from seq `from`. */
  states(gameId: string, from: number, limit: number): Promise<GameStates> {
    return this.#call("GET", `${gamePath(gameId)}/states?from=${from}&limit=${limit}`);
  }

  /** The replay, as far as this user may see it; from the seq `from` on. */
  log(gameId: string, from = 0): Promise<GameLogBody> {
    return this.#call("GET", `${gamePath(gameId)}/log${from > 0 ? `?from=${from}` : ""}`);
  }

  async #call<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = {};
    const request: RequestInit = { method, headers, cache: "no-store" };
    const token = typeof this.#token === "function" ? await this.#token() : this.#token;
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    let answer: Response;
    let text: string;
    try {
      request.signal = AbortSignal.timeout(this.#timeout);
      answer = await fetch(this.#base + path, request);
      text = await answer.text();
    } catch (error) {
      throw lost(error);
    }
    const content = parsed(text);
    if (!answer.ok || content === undefined) throw MeepleError.of(content);
    return content as Answer;
  }
}

// Whatever somebody typed as an id stays one part of the path.
const gamePath = (gameId: string): string => `/games/${encodeURIComponent(gameId)}`;

function queryString(query: GameQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

/** Undefined if it is no JSON: then something else than Meeple has answered. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
