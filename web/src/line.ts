// The connection to the server: one for the page, whatever table it shows.
import { io, type Socket } from "socket.io-client";
import { account, renew } from "./account";
import { Refused, unreachable, words, type ErrorBody } from "./wire";

export type LineStatus = "connecting" | "online" | "lost";
type Answer<T> = ({ ok: true } & T) | { ok: false; error: ErrorBody };

const HEARTBEAT_MS = 20_000;
const ANSWER_MS = 8_000;
const RENEWAL_MS = 15_000;

export class Line {
  status: LineStatus = "connecting";
  /** Why there will be no connection; null while there is hope. */
  refused: string | null = null;
  readonly #socket: Socket;
  readonly #heartbeat: number;
  readonly #listeners = new Set<() => void>();
  #renewedAt = -Infinity;
  #again: number | undefined;

  constructor() {
    this.#socket = io("/game", {
      path: `${new URL(".", location.href).pathname}socket.io`,
      auth: (tell) => tell({ token: account()?.token ?? "" }),
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 300,
      reconnectionDelayMax: 3_000,
    });
    this.#socket.on("connect", () => this.#become("online"));
    this.#socket.on("disconnect", () => this.#lost());
    this.#socket.on("connect_error", () => this.#lost());
    this.#socket.on("auth_error", (error: { message: string }) => void this.#renew(error.message));
    this.#heartbeat = window.setInterval(this.#beat, HEARTBEAT_MS);
    // A phone that slept has lost its connection without noticing.
    document.addEventListener("visibilitychange", this.#beat);
  }

  /** Told of every change of the status. Gives a function that ends it. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Told of an event of the server. Gives a function that ends it. */
  on<T>(event: string, listener: (payload: T) => void): () => void {
    this.#socket.on(event, listener);
    return () => this.#socket.off(event, listener);
  }

  /** Ask, and wait for the ack; throws `Refused`, with the code `unreachable` if none came. */
  async ask<T>(event: string, payload: object): Promise<T> {
    // What is asked while offline is asked again by whoever cares, not by a buffer.
    if (!this.#socket.connected) throw unreachable();
    let answer: Answer<T>;
    try {
      answer = (await this.#socket.timeout(ANSWER_MS).emitWithAck(event, payload)) as Answer<T>;
    } catch {
      // Messages do not get lost on a connection that lives, so this one does not: make a new one.
      if (this.#socket.connected) this.#socket.io.engine.close();
      throw unreachable();
    }
    if (!answer.ok) throw new Refused(answer.error);
    return answer;
  }

  close(): void {
    clearInterval(this.#heartbeat);
    document.removeEventListener("visibilitychange", this.#beat);
    clearTimeout(this.#again);
    this.#listeners.clear();
    this.#socket.disconnect();
  }

  readonly #beat = (): void => {
    this.ask("game:heartbeat", {}).catch(() => undefined);
  };

  #become(status: LineStatus): void {
    this.status = status;
    if (status === "online") this.refused = null;
    for (const listener of [...this.#listeners]) listener();
  }

  #lost(): void {
    this.#become("lost");
    // The client comes back by itself, unless it was the server that closed.
    if (!this.#socket.active && this.refused === null) this.#connectIn(1_000);
  }

  #connectIn(ms: number): void {
    clearTimeout(this.#again);
    this.#again = window.setTimeout(() => this.#socket.connect(), ms);
  }

  async #renew(message: string): Promise<void> {
    try {
      if (performance.now() - this.#renewedAt < RENEWAL_MS) throw new Error(message);
      this.#renewedAt = performance.now();
      await renew();
      this.#socket.disconnect();
      this.#connectIn(0);
    } catch (error) {
      clearTimeout(this.#again);
      this.refused = words(error);
      this.#become("lost");
    }
  }
}
