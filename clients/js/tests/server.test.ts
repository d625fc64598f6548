import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { connect, Rest, type Client, type ClientOptions, type Json } from "../src/index.js";
import { open, serve, server } from "./served.js";

serve();

interface Person {
  readonly rest: Rest;
  readonly token: string;
  connect(options?: Partial<ClientOptions>): Promise<Client>;
}

async function person(name: string, { url } = server): Promise<Person> {
  const { token } = await new Rest({ url }).guest(name);
  return {
    token,
    rest: new Rest({ url, token }),
    async connect(options = {}) {
      const client = await connect({ url, token, ...options });
      open.push(client);
      return client;
    },
  };
}

async function newGame(engine: string, ann: Person, ben: Person): Promise<string> {
  const { game_id } = await ann.rest.createGame({ engine });
  await ben.rest.takeSeat(game_id);
  return game_id;
}

/** Takes its turns, always the first legal action, until the game is over. */
async function playOut(client: Client, gameId: string): Promise<readonly number[]> {
  const table = await client.join(gameId);
  const seqs: number[] = [];
  table.subscribe(({ game, myTurn }) => {
    if (game !== null && game.seq !== seqs.at(-1)) seqs.push(game.seq);
    if (myTurn) void table.act(game?.legal_actions?.[0] as Json);
  });
  await table.until(({ game }) => game?.outcome);
  return seqs;
}

const contiguous = (seqs: readonly number[]): boolean =>
  seqs.every((seq, index) => index === 0 || seq === (seqs[index - 1] ?? 0) + 1);

describe("two players", () => {
  test.each([["websocket"], ["polling"]] as const)("play a game to its end by %s", async (name) => {
    const [ann, ben] = [await person("Ann"), await person("Ben")];
    const gameId = await newGame("tic-tac-toe", ann, ben);
    const clients = await Promise.all([ann, ben].map((one) => one.connect({ transports: [name] })));
    const seen = await Promise.all(clients.map((client) => playOut(client, gameId)));
    for (const seqs of seen) expect(contiguous(seqs)).toBe(true);
    expect(seen.map((seqs) => seqs.at(-1))).toEqual([11, 11]);
    const { outcome } = await ann.rest.game(gameId);
    expect(outcome).toMatchObject({ winners: [0], reason: "line" });
  });

  test("one who watches sees every seq and no legal action; one who sits down plays", async () => {
    const [ann, ben, eve] = [await person("Ann"), await person("Ben"), await person("Eve")];
    const { game_id: gameId } = await ann.rest.createGame({ engine: "tic-tac-toe" });
    const table = await (await ben.connect()).spectate(gameId);
    expect(table.getSnapshot().seat).toBeNull();
    const watched = await (await eve.connect()).spectate(gameId);
    await ben.rest.takeSeat(gameId);
    const seated = await (await ben.connect()).join(gameId);
    expect(seated.getSnapshot().seat).toBe(1);
    await (await (await ann.connect()).join(gameId)).act(4);
    await watched.until(({ game }) => game?.seq === 4);
    expect(watched.getSnapshot()).toMatchObject({ seat: null, myTurn: false });
    expect(watched.getSnapshot().game?.legal_actions).toBeNull();
    await expect(watched.act(0)).rejects.toMatchObject({ code: "not_in_game" });
  });

  test("a refusal has the server's code, and resigning ends the game", async () => {
    const [ann, ben] = [await person("Ann"), await person("Ben")];
    const gameId = await newGame("tic-tac-toe", ann, ben);
    const client = await ann.connect();
    const table = await client.join(gameId);
    await expect(table.act(99)).rejects.toMatchObject({ code: "illegal_action" });
    await expect(table.act(0, { seq: 1 })).rejects.toMatchObject({ code: "stale_seq" });
    await expect(client.join("nowhere")).rejects.toMatchObject({ code: "game_not_found" });
    await table.resign();
    const { game } = await table.until((state) => state.game?.outcome);
    expect(game?.outcome).toMatchObject({ winners: [1], reason: "resigned" });
  });

  test("an action that is sent twice under one id is played once", async () => {
    const [ann, ben] = [await person("Ann"), await person("Ben")];
    const gameId = await newGame("tic-tac-toe", ann, ben);
    const table = await (await ann.connect()).join(gameId);
    const seqs = [await table.act(0, { actionId: "x" }), await table.act(0, { actionId: "x" })];
    expect(seqs).toEqual([4, 4]);
  });

  test("one who left is told no more, and may come back", async () => {
    const [ann, ben] = [await person("Ann"), await person("Ben")];
    const gameId = await newGame("tic-tac-toe", ann, ben);
    const [one, other] = [await ann.connect(), await ben.connect()];
    const left = await one.join(gameId);
    await one.leave(gameId);
    const again = await one.join(gameId);
    expect(again).not.toBe(left);
    expect(left.getSnapshot().closed).toBe(true);
    await again.act(0);
    await (await other.join(gameId)).act(1);
    await again.until(({ game }) => game?.seq === 5);
    expect(left.getSnapshot().game?.seq).toBe(3);
  });
});

describe("REST", () => {
  test("tables are made, found and read again", async () => {
    const [ann, ben] = [await person("Ann"), await person("Ben")];
    const { engines } = await ann.rest.engines();
    expect(engines.map(({ name }) => name)).toContain("connect-four");
    const gameId = await newGame("connect-four", ann, ben);
    const query = { status: "live", engine: "connect-four" } as const;
    for (const list of [await ann.rest.games(query), await ben.rest.myGames({ limit: 1 })]) {
      expect(list.games.map(({ game_id }) => game_id)).toContain(gameId);
    }
    const { entries } = await ann.rest.log(gameId);
    expect(entries.map(({ kind }) => kind)).toEqual(["created", "seated", "seated", "started"]);
    await expect(ann.rest.game("nowhere")).rejects.toMatchObject({ code: "game_not_found" });
    await expect(new Rest({ url: server.url }).myGames()).rejects.toMatchObject({
      code: "invalid_token",
    });
  });

  test("a server that is not there is a lost connection", async () => {
    const nowhere = new Rest({ url: "http://127.0.0.1:9" });
    await expect(nowhere.engines()).rejects.toMatchObject({ code: "connection_lost" });
  });
});

describe("tokens", () => {
  test("a bad one is refused at once, and not tried again", async () => {
    const bad = connect({ url: server.url, token: "rubbish" });
    await expect(bad).rejects.toMatchObject({ name: "MeepleError", code: "invalid_token" });
  });
});

test("the example of the README plays a whole game", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(code).toContain("http://127.0.0.1:8000");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", code.replace("http://127.0.0.1:8000", server.url)],
    { cwd: new URL("..", import.meta.url), timeout: 20_000 },
  );
  expect(stdout.match(/winners/g)).toHaveLength(2);
});
