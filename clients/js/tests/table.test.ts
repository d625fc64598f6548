import { beforeEach, expect, test } from "vitest";
import { Client, MeepleError, type Json, type Table } from "../src/index.js";
import { FakeServer, FakeTiming, game, refusal } from "./fakes.js";

let timing: FakeTiming;
let server: FakeServer;
let client: Client;

beforeEach(() => {
  timing = new FakeTiming();
  server = new FakeServer(timing);
  client = new Client({ url: "http://x", token: "t" }, { transport: server, timing });
  return () => client.close();
});

/** At a table, in seat 0 and at this seq. */
async function joined(seq = 3): Promise<Table<Json, number>> {
  const joining = client.join<Json, number>("g");
  await timing.pass(20);
  server.now.last("game:join").answer({ ok: true, game_id: "g", seq, seat: 0 });
  server.now.say("game:state", game(seq));
  return joining;
}

const seq = (table: Table<Json, number>): number | undefined => table.getSnapshot().game?.seq;

/** The connection goes, and the next one stands. */
async function comeBack(): Promise<void> {
  server.now.drop();
  await timing.pass(200);
}

const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof MeepleError ? error.code : error),
  );

test("a join gives the table with its state", async () => {
  const table = await joined();
  expect(table.getSnapshot()).toMatchObject({ seat: 0, myTurn: true, closed: false, pending: [] });
  expect(server.now.last("game:join").payload).toEqual({ game_id: "g" });
});

test("an action that no server takes is refused at once, and not sent", async () => {
  const table = await joined();
  for (const text of ["x".repeat(70_000), "é".repeat(35_000)]) {
    expect(await code(table.act(text as unknown as number))).toBe("payload_too_large");
  }
  expect(table.getSnapshot().pending).toEqual([]);
  expect(server.now.sent.some(({ event }) => event === "game:action")).toBe(false);
});

test("a table whose log is shorter after a restore goes on from there", async () => {
  const table = await joined(9);
  const acted = table.act(4);
  await timing.pass(20);
  server.now.last("game:action").answer({ ok: true, game_id: "g", seq: 10 });
  await acted;
  await comeBack();
  expect(server.now.last("game:join").payload).toEqual({ game_id: "g", last_seq: 9 });
  server.now.last("game:join").answer({ ok: true, game_id: "g", seq: 4, seat: 0 });
  server.now.say("game:state", game(4));
  expect(table.getSnapshot()).toMatchObject({ game: { seq: 4 }, myTurn: true, pending: [] });
  server.now.say("game:state", game(5));
  expect(seq(table)).toBe(5);
});

test("a refused join rejects with the server's code, and the next is a new one", async () => {
  const outcome = code(client.join("g"));
  await timing.pass(20);
  server.now.last("game:join").answer(refusal("not_in_game"));
  expect(await outcome).toBe("not_in_game");
  expect((await joined()).getSnapshot().closed).toBe(false);
});

test("joining twice is joining once", async () => {
  const table = await joined();
  expect(await client.join("g")).toBe(table);
  expect(server.now.of("game:join")).toHaveLength(1);
});

test("one who watched and sits down is shown the same seq again, as a player", async () => {
  const watching = client.spectate<Json, number>("g");
  await timing.pass(20);
  server.now.last("game:spectate").answer({ ok: true, game_id: "g", seq: 3, seat: null });
  server.now.say("game:state", game(3, { seat: null, legal_actions: null }));
  const table = await watching;
  expect(table.getSnapshot().myTurn).toBe(false);
  const again = await joined(3);
  expect(again).toBe(table);
  expect(table.getSnapshot()).toMatchObject({ seat: 0, myTurn: true });
});

test("one who watches and may not sit down goes on watching", async () => {
  const watching = client.spectate<Json, number>("g");
  await timing.pass(20);
  server.now.last("game:spectate").answer({ ok: true, game_id: "g", seq: 3, seat: null });
  server.now.say("game:state", game(3, { seat: null, legal_actions: null }));
  const table = await watching;
  const outcome = code(client.join("g"));
  await timing.pass();
  server.now.last("game:join").answer(refusal("not_in_game"));
  expect(await outcome).toBe("not_in_game");
  await comeBack();
  expect(server.now.last("game:spectate").payload).toEqual({ game_id: "g", last_seq: 3 });
  expect(table.getSnapshot().closed).toBe(false);
});

test("states follow each other, and duplicates are ignored", async () => {
  const table = await joined();
  const seen: number[] = [];
  table.subscribe(({ game }) => seen.push(game?.seq ?? -1));
  for (const one of [4, 4, 3, 5]) server.now.say("game:state", game(one));
  expect(seen).toEqual([3, 4, 5]);
});

test("a seq that skips has the missed ones fetched, once, and shown in order", async () => {
  const table = await joined();
  server.now.say("game:state", game(5));
  server.now.say("game:state", game(6));
  expect(seq(table)).toBe(3);
  await timing.pass();
  expect(server.now.of("game:join").slice(1)).toMatchObject([
    { payload: { game_id: "g", last_seq: 3 } },
  ]);
  server.now.last("game:join").answer({ ok: true, game_id: "g", seq: 6, seat: 0 });
  const seen: number[] = [];
  table.subscribe(({ game }) => seen.push(game?.seq ?? -1));
  for (const one of [4, 5, 6]) server.now.say("game:state", game(one));
  expect(seen).toEqual([3, 4, 5, 6]);
});

test("one who missed too much takes the state that the join has promised", async () => {
  const table = await joined();
  await comeBack();
  expect(server.now.last("game:join").payload).toEqual({ game_id: "g", last_seq: 3 });
  server.now.last("game:join").answer({ ok: true, game_id: "g", seq: 900, seat: 0 });
  server.now.say("game:state", game(900));
  expect(seq(table)).toBe(900);
});

test("the end of a game stops it where it is", async () => {
  const table = await joined();
  const outcome = { winners: [0], reason: "line", scores: null };
  server.now.say("game:over", { game_id: "g", seq: 4, outcome });
  const { game: over, myTurn } = table.getSnapshot();
  expect(over).toMatchObject({ seq: 4, status: "over", to_act: [], legal_actions: null, outcome });
  expect(myTurn).toBe(false);
});

test("presence changes the players and nothing else", async () => {
  const table = await joined();
  const players = [{ seat: 0, user_id: "u", name: "Ann", online: true }];
  server.now.say("game:presence", { game_id: "g", players });
  expect(table.getSnapshot().game).toEqual(game(3, { players }));
});

test("what is said at a table is kept", async () => {
  const table = await joined();
  const line = {
    game_id: "g",
    seat: 1,
    user_id: "u",
    name: "Ben",
    text: "hello",
    at: 1,
    room: "players",
  };
  server.now.say("game:chats", { game_id: "g", lines: [line] });
  server.now.say("game:chat", { ...line, text: "there?" });
  expect(table.getSnapshot().chat.map(({ text }) => text)).toEqual(["hello", "there?"]);
  const said = table.chat("yes");
  await timing.pass();
  server.now.last("game:chat").answer({ ok: true });
  await said;
});

test("an action is pending from the call until its state has come", async () => {
  const table = await joined();
  const acting = table.act(2, { actionId: "one" });
  expect(table.getSnapshot()).toMatchObject({
    myTurn: false,
    pending: [{ actionId: "one", event: "game:action", action: 2, seq: null }],
  });
  await timing.pass();
  server.now.last("game:action").answer({ ok: true, game_id: "g", seq: 4 });
  expect(await acting).toBe(4);
  expect(table.getSnapshot()).toMatchObject({ myTurn: false, pending: [{ seq: 4 }] });
  server.now.say("game:state", game(4, { to_act: [1] }));
  expect(table.getSnapshot().pending).toEqual([]);
});

test("a refused action rejects with its code, and is pending no more", async () => {
  const table = await joined();
  const outcome = code(table.act(9));
  await timing.pass();
  server.now.last("game:action").answer(refusal("illegal_action"));
  expect(await outcome).toBe("illegal_action");
  expect(table.getSnapshot()).toMatchObject({ myTurn: true, pending: [] });
});

test("unanswered commands are resent in order under the same ids", async () => {
  const table = await joined();
  const all = Promise.all([table.act(1), table.act(2), table.resign()]);
  await timing.pass();
  const first = server.now.of("game:action");
  expect(first).toHaveLength(1); // the others wait, so that none overtakes it
  await comeBack();
  expect(server.now.of("game:action").map(({ payload }) => payload)).toEqual([first[0]?.payload]);
  for (const [event, seq] of [
    ["game:action", 4],
    ["game:action", 5],
    ["game:resign", 6],
  ] as const) {
    server.now.last(event).answer({ ok: true, game_id: "g", seq });
    await timing.pass();
  }
  expect(await all).toEqual([4, 5, 6]);
  const ids = server.now.sent.map(({ payload }) => payload["action_id"]).filter(Boolean);
  expect(new Set(ids).size).toBe(3);
});

test("what may pass is tried again after a while, and again after a longer one", async () => {
  const table = await joined();
  const acting = table.act(1);
  await timing.pass();
  for (const wait of [100, 200, 400]) {
    const sent = server.now.of("game:action").length;
    server.now.last("game:action").answer(refusal("unavailable", true));
    await timing.pass(wait - 1);
    expect(server.now.of("game:action")).toHaveLength(sent);
    await timing.pass(1);
    expect(server.now.of("game:action")).toHaveLength(sent + 1);
  }
  server.now.last("game:action").answer({ ok: true, game_id: "g", seq: 4 });
  expect(await acting).toBe(4);
  expect(new Set(server.now.of("game:action").map((one) => one.payload["action_id"])).size).toBe(1);
});

test("commands that get no answer are given up a minute after they were given", async () => {
  const table = await joined();
  server.listens = false;
  server.now.drop();
  const outcomes = [code(table.act(1)), code(table.act(2))];
  await timing.pass(59_900);
  expect(table.getSnapshot().pending).toHaveLength(2);
  await timing.pass(200);
  expect(await Promise.all(outcomes)).toEqual(["connection_lost", "connection_lost"]);
  expect(table.getSnapshot().pending).toEqual([]);
});

test("a line of chat is never sent twice", async () => {
  const table = await joined();
  const outcome = code(table.chat("hello"));
  await timing.pass();
  await comeBack();
  expect(await outcome).toBe("connection_lost");
  expect(server.now.of("game:chat")).toEqual([]);
});

test("one who has left is shown nothing more, and does not come back", async () => {
  const table = await joined();
  const leaving = table.leave();
  await timing.pass();
  server.now.last("game:leave").answer({ ok: true, game_id: "g" });
  await leaving;
  server.now.say("game:state", game(4));
  expect(table.getSnapshot()).toMatchObject({ closed: true, error: null });
  expect(seq(table)).toBe(3);
  await comeBack();
  expect(server.now.of("game:join")).toEqual([]);
});

test("a table that is shown no more says why", async () => {
  const table = await joined();
  await comeBack();
  server.now.last("game:join").answer(refusal("too_many_games"));
  await timing.pass();
  expect(table.getSnapshot()).toMatchObject({ closed: true, error: { code: "too_many_games" } });
});

test("too many commands at once are refused here", async () => {
  const table = await joined();
  const all = Array.from({ length: 101 }, () => code(table.act(1)));
  expect(await all[100]).toBe("too_many_commands");
  client.close();
  expect(new Set(await Promise.all(all.slice(0, 100)))).toEqual(new Set(["closed"]));
});
