// boardgame.io's tic-tac-toe, as in its tutorial; on its file storage if STORAGE names a folder.
import { createRequire } from "node:module";
import { listening } from "./listening.mjs";

const require = createRequire(import.meta.url);
const { Server, FlatFile } = require("boardgame.io/server");
const { INVALID_MOVE } = require("boardgame.io/core");

const LINES = [
  [0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6],
];

const ticTacToe = {
  name: "tic-tac-toe",
  setup: () => ({ cells: Array(9).fill(null) }),
  turn: { minMoves: 1, maxMoves: 1 },
  moves: {
    clickCell: ({ G, playerID }, cell) => {
      if (!Number.isInteger(cell) || G.cells[cell] !== null) {
        return INVALID_MOVE;
      }
      G.cells[cell] = playerID;
    },
  },
  endIf: ({ G, ctx }) => {
    if (LINES.some((line) => G.cells[line[0]] !== null && line.every((cell) => G.cells[cell] === G.cells[line[0]]))) {
      return { winner: ctx.currentPlayer };
    }
    if (G.cells.every((cell) => cell !== null)) {
      return { draw: true };
    }
  },
};

const server = Server({
  games: [ticTacToe],
  origins: false,
  db: process.env.STORAGE ? new FlatFile({ dir: process.env.STORAGE }) : undefined,
});
const { appServer } = await server.run({ port: 0 });
listening(appServer);
