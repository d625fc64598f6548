import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Player, guest, rest, table } from "./table.js";

const open = [];
const player = async (name, options) => {
  const one = await Player.named(name, options);
  open.push(one);
  return one;
};
const again = (one, options) => {
  const back = new Player(one.account, options);
  open.push(back);
  return back;
};
after(() => open.forEach((one) => one.close()));

const seqs = (one) =>
  one.seen
    .filter(([event]) => event === "game:state" || event === "game:over")
    .map(([, payload]) => payload.seq);

describe("two stock clients", () => {
  test("play tic-tac-toe to the end, one of them reloading in mid-game", async () => {
    const [ann, ben] = [await player("Ann"), await player("Ben")];
    const game_id = await table("tic-tac-toe", [ann, ben]);
    const joined = await ann.ask("game:join", { game_id });
    assert.deepEqual(joined, { ok: true, game_id, seq: 3, seat: 0 });
    await ben.ask("game:join", { game_id });
    const first = await ann.state(3);
    assert.equal(first.seat, 0);
    assert.deepEqual(first.to_act, [0]);
    assert.deepEqual(first.legal_actions, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.equal((await ben.state(3)).legal_actions, null);

    assert.deepEqual(await ann.ask("game:action", { game_id, action: 0 }), { ok: true, game_id, seq: 4 });
    await ben.state(4);
    await ben.ask("game:action", { game_id, action: 3 });
    await ann.state(5);

    ben.close();
    await ann.event("game:presence", (one) => one.players[1].online === false);
    await ann.ask("game:action", { game_id, action: 1 });
    const back = again(ben);
    const missed = await back.ask("game:join", { game_id, last_seq: 5 });
    assert.equal(missed.seq, 6);
    await back.state(6);
    assert.deepEqual(seqs(back), [6]);
    await back.ask("game:action", { game_id, action: 4 });
    await ann.state(7);
    await ann.ask("game:action", { game_id, action: 2 });

    for (const one of [ann, back]) {
      const over = await one.event("game:over");
      assert.deepEqual(over.outcome.winners, [0]);
      assert.equal(over.seq, 9);
    }
    assert.deepEqual(seqs(ann), [3, 4, 5, 6, 7, 8, 9]);
  });

  test("play goofspiel at once and in secret, to the end", async () => {
    const [ann, ben] = [await player("Ann"), await player("Ben")];
    const game_id = await table("goofspiel", [ann, ben], { options: { cards: 4 } });
    await ann.ask("game:join", { game_id });
    await ben.ask("game:join", { game_id });
    for (let round = 0; round < 4; round++) {
      await Promise.all(
        [ann, ben].map(async (one) => {
          const ready = ({ to_act, seq }) => to_act.length === 2 && seq === 3 + 2 * round;
          const state = await one.event("game:state", ready);
          const action = state.legal_actions[0];
          const reply = await one.ask("game:action", { game_id, action });
          assert.equal(reply.ok, true, JSON.stringify(reply));
        }),
      );
    }
    const [a, b] = [await ann.event("game:over"), await ben.event("game:over")];
    assert.deepEqual(a, b);
    assert.equal(a.outcome.scores.length, 2);
    const log = (await rest("GET", `/games/${game_id}/log`)).body.entries;
    assert.equal(log.filter((entry) => entry.kind === "action" && entry.payload !== null).length, 8);
    assert.ok(!JSON.stringify(log).includes("seed"));
  });

  test("play over long-polling alone", async () => {
    const [ann, ben] = [
      await player("Ann", { transports: ["polling"] }),
      await player("Ben", { transports: ["polling"] }),
    ];
    const game_id = await table("connect-four", [ann, ben]);
    await ann.ask("game:join", { game_id });
    await ben.ask("game:join", { game_id });
    await ann.ask("game:action", { game_id, action: 3 });
    await ben.state(4);
    assert.equal(ben.socket.io.engine.transport.name, "polling");
  });

  test("a resend under the same action_id gets the first ack and plays nothing", async () => {
    const [ann, ben] = [await player("Ann"), await player("Ben")];
    const game_id = await table("tic-tac-toe", [ann, ben]);
    await ann.ask("game:join", { game_id });
    const move = { game_id, action: 4, action_id: "one" };
    const first = await ann.ask("game:action", move);
    assert.deepEqual(await ann.ask("game:action", move), first);
    const state = (await rest("GET", `/games/${game_id}`)).body;
    assert.equal(state.seq, first.seq);
  });

  test("the same action_id in two seats names two actions", async () => {
    const [ann, ben] = [await player("Ann"), await player("Ben")];
    const game_id = await table("tic-tac-toe", [ann, ben]);
    const first = await ann.ask("game:action", { game_id, action: 4, action_id: "1" });
    const second = await ben.ask("game:action", { game_id, action: 0, action_id: "1" });
    assert.equal(second.seq, first.seq + 1);
  });
});

describe("refusals", () => {
  test("each wrong thing gets its code", async () => {
    const [ann, ben, stranger] = [await player("Ann"), await player("Ben"), await player("Cat")];
    const game_id = await table("tic-tac-toe", [ann, ben]);
    await ann.ask("game:join", { game_id });
    const cases = [
      [ann, "game:action", { game_id, action: 9 }, "illegal_action"],
      [ann, "game:action", { game_id, action: true }, "illegal_action"],
      [ann, "game:action", { game_id, action: { x: [1] } }, "illegal_action"],
      [ben, "game:action", { game_id, action: 0 }, "not_your_turn"],
      [ann, "game:action", { game_id, action: 0, seq: 1 }, "stale_seq"],
      [ann, "game:action", { game_id: "nowhere", action: 0 }, "game_not_found"],
      [stranger, "game:action", { game_id, action: 0 }, "not_in_game"],
      [stranger, "game:join", { game_id }, "not_in_game"],
      [ann, "game:action", { game_id }, "invalid_message"],
      [ann, "game:action", "rubbish", "invalid_message"],
      [ann, "game:action", { game_id, action: 0, sqe: 1 }, "invalid_message"],
      [ann, "game:action", { game_id: 7, action: 0 }, "invalid_message"],
      [ann, "game:join", { game_id, last_seq: -1 }, "invalid_message"],
      [ann, "game:action", { game_id, action: "x".repeat(9000) }, "payload_too_large"],
      [ann, "game:nonsense", {}, "unknown_event"],
      [ann, "auth:refresh", { token: "rubbish" }, "invalid_token"],
    ];
    for (const [who, event, payload, code] of cases) {
      const reply = await who.ask(event, payload);
      assert.equal(reply.ok, false, `${event} ${JSON.stringify(payload)}`);
      assert.equal(reply.error.code, code, `${event} ${JSON.stringify(payload)}`);
      assert.equal(typeof reply.error.message, "string");
      assert.equal(reply.error.retryable, false);
    }
    assert.equal((await rest("GET", `/games/${game_id}`)).body.seq, 3);
  });

  test("one who asked for no ack gets game:error", async () => {
    const ann = await player("Ann");
    ann.socket.emit("game:join", { game_id: "nowhere" });
    const error = await ann.event("game:error");
    assert.equal(error.code, "game_not_found");
    assert.equal(error.event, "game:join");
  });

  test("a bad token gets auth_error, then a disconnect, and nothing else", async () => {
    const bad = new Player({ token: "rubbish" });
    open.push(bad);
    await bad.event("disconnect");
    assert.equal(bad.seen[0][0], "auth_error");
    assert.equal(bad.seen[0][1].code, "invalid_token");
    assert.equal(typeof bad.seen[0][1].message, "string");
    assert.deepEqual(bad.seen.map(([event]) => event), ["auth_error", "disconnect"]);
    // Any other reason, and the client would connect again for ever.
    assert.equal(bad.seen[1][1], "io server disconnect");
    assert.equal(bad.socket.active, false);
  });
});

describe("others at the table", () => {
  test("a spectator watches every seq and may not act", async () => {
    const [ann, ben, eve] = [await player("Ann"), await player("Ben"), await player("Eve")];
    const game_id = await table("goofspiel", [ann, ben], { options: { cards: 2 } });
    assert.equal((await eve.ask("game:spectate", { game_id })).seat, null);
    await ann.ask("game:action", { game_id, action: 1 });
    await ben.ask("game:action", { game_id, action: 2 });
    const state = await eve.state(5);
    assert.equal(state.seat, null);
    assert.equal(state.legal_actions, null);
    assert.deepEqual(seqs(eve), [3, 4, 5]);
    assert.equal((await eve.ask("game:action", { game_id, action: 1 })).error.code, "not_in_game");
    await eve.ask("game:leave", { game_id });
    await ann.ask("game:action", { game_id, action: 2 });
    await eve.ask("game:heartbeat", {});
    assert.deepEqual(seqs(eve), [3, 4, 5]);
  });

  test("resigning ends the game, and nothing comes after", async () => {
    const [ann, ben] = [await player("Ann"), await player("Ben")];
    const game_id = await table("tic-tac-toe", [ann, ben]);
    await ann.ask("game:join", { game_id });
    await ben.ask("game:join", { game_id });
    assert.equal((await ben.ask("game:resign", { game_id })).ok, true);
    const over = await ann.event("game:over");
    assert.deepEqual(over.outcome.winners, [0]);
    assert.equal(over.outcome.reason, "resigned");
    const reply = await ann.ask("game:action", { game_id, action: 0 });
    assert.equal(reply.error.code, "game_over");
    assert.equal((await ann.ask("game:resign", { game_id })).error.code, "game_over");
  });

  test("two tabs of one player: closing one leaves the player online", async () => {
    const [ann, ben] = [await player("Ann"), await player("Ben")];
    const game_id = await table("tic-tac-toe", [ann, ben]);
    await ann.ask("game:join", { game_id });
    await ben.ask("game:join", { game_id });
    const tab = again(ben);
    await tab.ask("game:join", { game_id });
    ben.close();
    await tab.ask("game:action", { game_id, action: 0 });
    await ann.ask("game:action", { game_id, action: 0 });
    assert.equal((await ann.state(4)).players[1].online, true);
    tab.close();
    await ann.event("game:presence", (one) => one.players[1].online === false);
  });

  test("heartbeats are answered with the server's time", async () => {
    const ann = await player("Ann");
    const reply = await ann.ask("game:heartbeat", {});
    assert.equal(reply.ok, true);
    assert.ok(Math.abs(reply.server_time - Date.now()) < 60_000);
  });

  test("guests are refused a name that is none", async () => {
    assert.equal((await rest("POST", "/guests", null, { name: "" })).body.error.code, "invalid_message");
    assert.ok((await guest("Ann")).token);
  });
});
