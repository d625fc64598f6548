import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { connect, Rest, type Client, type Guest, type Json, type Table } from "../src/index.js";
import {
  SocketTransport,
  type Connection,
  type Listener,
  type Transport,
} from "../src/transport.js";
import { ServerProcess } from "./process.js";

let server: ServerProcess;
const open: Client[] = [];

beforeAll(async () => {
  server = await ServerProcess.start();
});
afterEach(() => open.splice(0).forEach((client) => client.close()));
afterAll(() => server.stop());

async function join(account: Guest, gameId: string): Promise<Table<Json, number>> {
  const client = await connect({ url: server.url, token: account.token });
  open.push(client);
  return client.join<Json, number>(gameId);
}

async function newGame(engine: string) {
  const { url } = server;
  const rest = new Rest({ url });
  const ann = await rest.guest("Ann");
  const ben = await rest.guest("Ben");
  const eve = await rest.guest("Eve");
  const { game_id } = await new Rest({ url, token: ann.token }).createGame({ engine });
  await new Rest({ url, token: ben.token }).takeSeat(game_id);
  return { game_id, ann, ben, eve, rest };
}

test("a server that is killed and started again in mid-game loses nothing, plays nothing twice", async () => {
  const { game_id, ann, ben, eve, rest } = await newGame("connect-four");
  const tables = [await join(ann, game_id), await join(ben, game_id)];
  const watcher = await connect({ url: server.url, token: eve.token });
  open.push(watcher);
  const watched = await watcher.spectate(game_id);
  const seen: number[] = [];
  watched.subscribe(({ game }) => {
    if (game !== null && game.seq !== seen.at(-1)) seen.push(game.seq);
  });

  // Whole columns, from left to right: forty-two moves without four in a row for a while.
  const acks: number[] = [];
  const kills = [3, 9];
  for (let move = 0; move < 14; move += 1) {
    const table = tables[move % 2];
    if (table === undefined) throw new Error("no table");
    await table.until(({ myTurn }) => myTurn);
    const acting = table.act(Math.floor(move / 6));
    if (kills.includes(move)) {
      // Before the action has come, or in the midst of it.
      if (move !== kills[0]) await new Promise((done) => setTimeout(done, 1));
      await server.kill();
      await server.start();
    }
    acks.push(await acting);
  }
  expect(acks).toEqual(Array.from({ length: 14 }, (_, move) => 4 + move));
  await watched.until(({ game }) => game?.seq === 17);
  expect(seen).toEqual(Array.from({ length: 15 }, (_, one) => 3 + one));
  const { entries } = await rest.log(game_id);
  expect(entries.filter(({ kind }) => kind === "action")).toHaveLength(14);
});

test("one who was away is sent what was missed, and nothing else", async () => {
  const { game_id, ann, ben } = await newGame("tic-tac-toe");
  const [one, other] = [await join(ann, game_id), await join(ben, game_id)];
  const told: number[] = [];
  one.on("game:state", ({ seq }) => told.push(seq));
  await one.act(0);
  await other.until(({ myTurn }) => myTurn);
  await other.act(1);
  await one.until(({ game }) => game?.seq === 5);
  await server.kill();
  await server.start();
  await one.act(2);
  await one.until(({ game }) => game?.seq === 6);
  expect(told).toEqual([4, 5, 6]);
});

/** The network, but for the first acks of actions: with them the line breaks. */
class LossyTransport implements Transport {
  readonly #real: Transport;
  losses = 3;

  constructor(url: string) {
    this.#real = new SocketTransport(url);
  }

  async open(token: string, listener: Listener, timeout: number): Promise<Connection> {
    const real = await this.#real.open(token, listener, timeout);
    return {
      close: () => real.close(),
      send: (event, payload, ms, reply) =>
        real.send(event, payload, ms, (error, answer) => {
          const lost = event === "game:action" && this.losses > 0;
          if (lost) this.losses -= 1;
          reply(lost ? new Error("the line broke") : error, answer);
        }),
    };
  }
}

test("an action whose ack is lost again and again is played once", async () => {
  const { game_id, ann, rest } = await newGame("tic-tac-toe");
  const transport = new LossyTransport(server.url);
  const client = await connect({ url: server.url, token: ann.token }, { transport });
  open.push(client);
  const table = await client.join<Json, number>(game_id);
  expect(await table.act(4)).toBe(4);
  expect(transport.losses).toBe(0);
  expect((await rest.log(game_id)).entries).toHaveLength(5);
});

test("a token that expires in mid-game is renewed, and the game goes on", async () => {
  const { game_id, ann, ben } = await newGame("tic-tac-toe");
  const brief = server.token(ann.user_id, 3);
  const tokens = [brief, ann.token];
  const client = await connect({ url: server.url, token: () => tokens.shift() ?? ann.token });
  open.push(client);
  const statuses = new Set<string>();
  client.connection.subscribe(({ status }) => statuses.add(status));
  const table = await client.join<Json, number>(game_id);
  await table.act(0);
  const other = await join(ben, game_id);
  await other.act(1);
  // The last seconds of the token, and the server's sweep over those that have expired.
  await vi.waitUntil(() => tokens.length === 0, { timeout: 10_000 });
  expect(await table.act(2)).toBe(6);
  expect([...statuses]).toEqual(["online"]);
});

test("a token that expires and cannot be renewed ends it", async () => {
  const { game_id, ann } = await newGame("tic-tac-toe");
  const client = await connect({ url: server.url, token: server.token(ann.user_id, 3) });
  open.push(client);
  const table = await client.join(game_id);
  await expect(table.until(() => false)).rejects.toMatchObject({ code: "token_expired" });
  expect(client.connection.getSnapshot()).toMatchObject({
    status: "offline",
    error: { code: "token_expired" },
  });
});
