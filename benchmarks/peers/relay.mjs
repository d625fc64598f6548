// A bare socket.io relay: what one player says is acked and told to both.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { listening } from "./listening.mjs";

const http = createServer();
const io = new Server(http);
const game = io.of("/game");

game.on("connection", (socket) => {
  socket.on("join", ({ game_id }, ack) => {
    socket.join(game_id);
    ack({ ok: true });
  });
  socket.on("action", (action, ack) => {
    ack({ ok: true, game_id: action.game_id, seq: action.seq });
    game.to(action.game_id).emit("state", action);
  });
});

http.listen(0, "127.0.0.1", () => listening(http));
