import { afterEach, beforeEach, expect, test } from "vitest";
import { Client, connect, MeepleError, type TokenSource } from "../src/index.js";
import { FakeServer, FakeTiming, refusal } from "./fakes.js";

let timing: FakeTiming;
let server: FakeServer;
const clients: Client[] = [];

beforeEach(() => {
  timing = new FakeTiming();
  server = new FakeServer(timing);
});
afterEach(() => clients.splice(0).forEach((client) => client.close()));

function client(token: TokenSource = "t"): Client {
  const made = new Client({ url: "http://x", token }, { transport: server, timing });
  clients.push(made);
  return made;
}

const status = (one: Client): string => one.connection.getSnapshot().status;

const authError = (code: string): [string, object] => ["auth_error", { code, message: code }];

test("it is online once the server has answered, and knows its time and the way there", async () => {
  server.ahead = 5_000;
  server.oneWay = 20;
  const one = client();
  expect(status(one)).toBe("connecting");
  await timing.pass(50);
  expect(one.connection.getSnapshot()).toEqual({ status: "online", latency: 40, error: null });
  expect(one.now()).toBe(timing.now() + 5_000);
});

test("a line that breaks is connecting, and one that cannot come back is offline", async () => {
  const one = client();
  await timing.pass(20);
  const seen: string[] = [];
  one.connection.subscribe(({ status }) => seen.push(status));
  server.listens = false;
  server.now.drop();
  await timing.pass(5_000);
  server.listens = true;
  await timing.pass(5_000);
  expect(seen).toEqual(["online", "connecting", "offline", "online"]);
});

test("attempts to connect come less and less often, at least every five seconds", async () => {
  let attempts = 0;
  server.listens = false;
  const open = server.open.bind(server);
  server.open = (...given) => {
    attempts += 1;
    return open(...given);
  };
  client();
  await timing.pass(1_600);
  expect(attempts).toBe(5); // at 0, 100, 300, 700, 1500 ms
  await timing.pass(60_000);
  expect(attempts).toBeGreaterThan(16);
  expect(attempts).toBeLessThan(20);
});

test("a server that takes connections only to drop them is not stormed", async () => {
  server.onOpen = (connection) => connection.drop();
  client();
  await timing.pass(10_000);
  expect(server.connections.length).toBeLessThan(10);
});

test("a connection that does not answer is given up for another", async () => {
  const one = client();
  await timing.pass(20);
  server.welcomes = false;
  await timing.pass(20_000 + 10_000);
  expect(server.connections[0]?.open).toBe(false);
  server.welcomes = true;
  await timing.pass(20_000);
  expect(status(one)).toBe("online");
});

test("a draining server is shown as that until it has gone", async () => {
  const one = client();
  await timing.pass(20);
  server.now.say("server:draining", {});
  expect(status(one)).toBe("draining");
  server.now.drop();
  await timing.pass(200);
  expect(status(one)).toBe("online");
});

test("a bad token ends it with a typed error, and nothing is tried again", async () => {
  server.welcomes = false;
  server.onOpen = (connection) => {
    connection.say(...authError("invalid_token"));
    connection.drop();
  };
  const options = { url: "http://x", token: "bad" };
  const outcome = connect(options, { transport: server, timing }).catch((error: unknown) => error);
  await timing.pass(60_000);
  expect(await outcome).toBeInstanceOf(MeepleError);
  expect(await outcome).toMatchObject({ code: "invalid_token", retryable: false });
  expect(server.connections).toHaveLength(1);
  expect(timing.waiting).toBe(0);
});

test("a token that cannot be renewed ends it when it expires", async () => {
  const one = client("t");
  await timing.pass(20);
  server.now.say(...authError("token_expired"));
  expect(one.connection.getSnapshot()).toMatchObject({
    status: "offline",
    error: { code: "token_expired" },
  });
  await timing.pass(60_000);
  expect(server.connections).toHaveLength(1);
});

test("a token that has expired is renewed on the same connection; commands wait for it", async () => {
  let count = 0;
  const one = client(() => Promise.resolve(`t${++count}`));
  await timing.pass(20);
  server.now.say(...authError("token_expired"));
  await timing.pass();
  expect(server.now.last("auth:refresh").payload).toEqual({ token: "t2" });
  const heartbeats = server.now.of("game:heartbeat").length;
  const connected = one.connected();
  await timing.pass(20);
  expect(server.now.of("game:heartbeat")).toHaveLength(heartbeats);
  server.now.last("auth:refresh").answer({ ok: true, expires_at: 1 });
  await timing.pass(20);
  await connected;
  expect([server.connections.length, status(one)]).toEqual([1, "online"]);
});

test("a command that came too late for its token is sent again with the fresh one", async () => {
  const one = client(() => "fresh");
  await timing.pass(20);
  server.welcomes = false;
  const connected = one.connected();
  await timing.pass();
  server.now.say(...authError("token_expired"));
  server.now.last("game:heartbeat").answer(refusal("token_expired"));
  await timing.pass();
  server.now.last("auth:refresh").answer({ ok: true, expires_at: 1 });
  server.welcomes = true;
  await timing.pass(200);
  await connected;
});

test("another user's token ends it", async () => {
  const one = client(() => "another's");
  await timing.pass(20);
  server.now.say(...authError("token_expired"));
  await timing.pass();
  server.now.last("auth:refresh").answer(refusal("invalid_token"));
  await timing.pass(1_000);
  expect(one.connection.getSnapshot().error).toMatchObject({ code: "invalid_token" });
});

test("a source that gives only expired tokens is not asked for ever", async () => {
  server.welcomes = false;
  server.onOpen = (connection) => {
    connection.say(...authError("token_expired"));
    connection.drop();
  };
  const one = client(() => "old");
  await timing.pass(60_000);
  expect(one.connection.getSnapshot().error).toMatchObject({ code: "token_expired" });
  expect(server.connections.length).toBeLessThan(10);
});

test("a source that fails for a while is asked again", async () => {
  let fails = 3;
  const one = client(() => (fails-- > 0 ? Promise.reject(new Error("no net")) : "t"));
  await timing.pass(5_000);
  expect(status(one)).toBe("online");
});

test("whoever waits when it is closed is told, and no timer is left", async () => {
  const one = client();
  await timing.pass(20);
  server.welcomes = false;
  const outcome = one.connected().catch((error: unknown) => error);
  await timing.pass();
  one.close();
  expect(await outcome).toMatchObject({ code: "closed" });
  await timing.pass(60_000);
  expect([server.connections.length, timing.waiting, status(one)]).toEqual([1, 0, "offline"]);
  expect(one.connection.getSnapshot().error).toBeNull();
});
