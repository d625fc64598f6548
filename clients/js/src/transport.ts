// One connection after another to the server. Coming back, and what is said, is the line's business.
import { io, type Socket } from "socket.io-client";
import { serverAddress } from "./address.js";

/** What a connection tells. */
export interface Listener {
  onEvent(event: string, payload: unknown): void;
  /** Once, whichever side ended it, and nothing after it. */
  onClose(reason: string): void;
}

/** A connection that stands. */
export interface Connection {
  /**
   * Sends once. `reply` is called once, before anything that the server sends after its answer is
   * told: with the answer, or with an error if the connection went first or `timeout` milliseconds
   * passed.
   */
  send(
    event: string,
    payload: object,
    timeout: number,
    reply: (error: Error | null, answer?: unknown) => void,
  ): void;
  close(): void;
}

/** Makes connections; a test may bring its own. */
export interface Transport {
  /** A new connection; fails within about `timeout` milliseconds if there is none. */
  open(token: string, listener: Listener, timeout: number): Promise<Connection>;
}

/** Engine.IO's names of transports. */
export type TransportName = "websocket" | "polling";

const NAMESPACE = "/game";

/** Socket.IO connections to the server at `url`. */
export class SocketTransport implements Transport {
  readonly #address: string;
  readonly #path: string;

  constructor(
    url: string,
    readonly names: readonly TransportName[] = ["websocket", "polling"],
  ) {
    const { origin, pathname } = new URL(serverAddress(url));
    this.#address = origin + NAMESPACE;
    this.#path = `${pathname}socket.io`;
  }

  open(token: string, listener: Listener, timeout: number): Promise<Connection> {
    const socket = io(this.#address, {
      path: this.#path,
      auth: { token },
      transports: [...this.names],
      tryAllTransports: true,
      // A connection of its own each time, so that nothing of the last one is left.
      forceNew: true,
      reconnection: false,
      timeout,
    });
    socket.onAny((event: string, payload: unknown) => listener.onEvent(event, payload));
    return new Promise((resolve, reject) => {
      let connected = false;
      const fail = (error: Error): void => {
        clearTimeout(timer);
        socket.disconnect();
        reject(error);
      };
      const timer = setTimeout(() => fail(new Error("the server did not answer")), timeout);
      socket.once("connect_error", fail);
      socket.once("connect", () => {
        connected = true;
        clearTimeout(timer);
        resolve(new SocketConnection(socket));
      });
      socket.once("disconnect", (reason) => {
        if (connected) listener.onClose(reason);
      });
    });
  }
}

class SocketConnection implements Connection {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  send(
    event: string,
    payload: object,
    timeout: number,
    reply: (error: Error | null, answer?: unknown) => void,
  ): void {
    // Without a connection the library would keep it, and send it whenever there is one.
    if (!this.#socket.connected) reply(new Error("there is no connection"));
    else this.#socket.timeout(timeout).emit(event, payload, reply);
  }

  close(): void {
    this.#socket.disconnect();
  }
}
