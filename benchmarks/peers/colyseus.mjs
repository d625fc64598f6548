// Tic-tac-toe as a Colyseus room; a patch goes out at once after every move.
import { createServer } from "node:http";
import { Room, Server } from "@colyseus/core";
import { ArraySchema, schema, t } from "@colyseus/schema";
import { WebSocketTransport } from "@colyseus/ws-transport";
import { listening } from "./listening.mjs";

const LINES = [
  [0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6],
];
const EMPTY = -1;
const ON = -1;
const DRAWN = 2;
// Patches are sent by hand, so its own timer is put off: at 0 it would tick sixty times a second.
const NEVER_MS = 3_600_000;

const State = schema({ moves: t.uint8(), winner: t.int8(), board: t.array("int8") }, "State");

class TicTacToe extends Room {
  maxClients = 2;
  patchRate = NEVER_MS;

  onCreate() {
    this.state = new State();
    this.state.board = new ArraySchema(...Array(9).fill(EMPTY));
    this.state.moves = 0;
    this.state.winner = ON;
    this.seats = new Map();
    this.onMessage("move", (client, message) => this.move(client, message));
    this.onMessage("rematch", () => this.rematch());
  }

  onJoin(client) {
    this.seats.set(client.sessionId, this.seats.size);
  }

  move(client, message) {
    const { board, moves, winner } = this.state;
    const seat = this.seats.get(client.sessionId);
    const cell = message?.cell;
    if (winner !== ON || seat !== moves % 2 || !Number.isInteger(cell) || board[cell] !== EMPTY) {
      client.send("refused", { reason: "illegal_action" });
      return;
    }
    board[cell] = seat;
    this.state.moves = moves + 1;
    if (LINES.some((line) => line.every((at) => board[at] === seat))) {
      this.state.winner = seat;
    } else if (moves + 1 === 9) {
      this.state.winner = DRAWN;
    }
    this.broadcastPatch();
  }

  rematch() {
    if (this.state.winner === ON) {
      return;
    }
    for (let cell = 0; cell < 9; cell++) {
      this.state.board[cell] = EMPTY;
    }
    this.state.moves = 0;
    this.state.winner = ON;
    this.broadcastPatch();
  }
}

// A room without state, for connections that do nothing.
class Hall extends Room {
  patchRate = NEVER_MS;

  onCreate() {
    this.onMessage("*", () => {});
  }

  onJoin(client) {
    client.send("welcome");
  }
}

const http = createServer();
const server = new Server({ transport: new WebSocketTransport({ server: http }), greet: false });
server.define("tic-tac-toe", TicTacToe);
server.define("hall", Hall);
await server.listen(0, "127.0.0.1");
listening(http);
