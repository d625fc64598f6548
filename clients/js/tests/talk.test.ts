import { expect, test } from "vitest";
import {
  connect,
  Rest,
  type ChatLine,
  type Client,
  type Guest,
  type Json,
  type Table,
} from "../src/index.js";
import { open, serve, server } from "./served.js";

serve();

type TicTacToe = Table<Json, number>;

async function online({ token }: Guest): Promise<Client> {
  const client = await connect({ url: server.url, token });
  open.push(client);
  return client;
}

/** A game of two who are both there. */
async function twoAtATable(more: object = {}) {
  const { url } = server;
  const strangers = new Rest({ url });
  const [ann, ben] = [await strangers.guest("Ann"), await strangers.guest("Ben")];
  const rest = new Rest({ url, token: ann.token });
  const { game_id } = await rest.createGame({ engine: "tic-tac-toe", ...more });
  await new Rest({ url, token: ben.token }).takeSeat(game_id);
  const clients = [await online(ann), await online(ben)] as const;
  const one: TicTacToe = await clients[0].join(game_id);
  const other: TicTacToe = await clients[1].join(game_id);
  return { game_id, ann, ben, rest, clients, one, other };
}

const says = (table: TicTacToe, text: string): Promise<unknown> =>
  table.until(({ chat }) => chat.some((line) => line.text === text));

test("what one says all the players hear, and one who comes later too", async () => {
  const { game_id, ann, ben, one, other } = await twoAtATable();
  const heard: ChatLine[] = [];
  other.on("game:chat", (line) => heard.push(line));
  await one.chat("Have fun, Ben!");
  await says(other, "Have fun, Ben!");
  expect(heard).toMatchObject([{ seat: 0, user_id: ann.user_id, room: "players" }]);
  const later: TicTacToe = await (await online(ben)).join(game_id);
  await says(later, "Have fun, Ben!");
  await expect(one.chat(" ")).rejects.toMatchObject({ code: "invalid_message" });
});

test("one who is muted is not heard, and heard again afterwards", async () => {
  const { ann, one, other } = await twoAtATable();
  await other.mute(ann.user_id);
  await one.chat("first");
  await other.mute(ann.user_id, false);
  await one.chat("second");
  await says(other, "second");
  expect(other.getSnapshot().chat.map(({ text }) => text)).toEqual(["second"]);
});

test("an offer is declined, and another one accepted", async () => {
  const { one, other, rest, game_id } = await twoAtATable();
  await one.act(4);
  await one.offer("takeback");
  const { game } = await other.until((state) => state.game?.offers);
  expect(game?.offers).toMatchObject([{ kind: "takeback", seat: 0 }]);
  await other.answer("takeback", true);
  await one.until(({ game: now, myTurn }) => myTurn && now?.offers === undefined);
  await one.act(0);
  await other.until(({ myTurn }) => myTurn);
  await expect(other.answer("draw", true)).rejects.toMatchObject({ code: "no_offer" });
  await other.resign();
  await one.until((state) => state.game?.outcome);
  await one.offer("rematch");
  await other.until((state) => state.game?.offers);
  await other.answer("rematch", false);
  await one.until((state) => state.game?.offers === undefined);
  // What was taken back stays in the log; its part from a seq on can be read alone.
  const { entries } = await rest.log(game_id, 4);
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => 4 + index));
  expect(entries.slice(0, 3).map(({ kind }) => kind)).toEqual(["action", "offered", "answered"]);
});

test("an offer is made and answered once, however often it is sent", async () => {
  const { one, other } = await twoAtATable();
  await one.act(4);
  const seqs = [await one.offer("takeback", { actionId: "x" })];
  seqs.push(await one.offer("takeback", { actionId: "x" }));
  expect(seqs).toEqual([5, 5]);
  await other.until((state) => state.game?.offers);
  const answers = [
    await other.answer("takeback", false, { actionId: "y" }),
    await other.answer("takeback", false, { actionId: "y" }),
  ];
  expect(answers).toEqual([6, 6]);
});

test("those who agree on a rematch are told where it is", async () => {
  const { one, other, ann } = await twoAtATable();
  await one.resign();
  await other.until((state) => state.game?.outcome);
  await other.offer("rematch");
  await one.until((state) => state.game?.offers);
  await one.answer("rematch", true);
  const { rematch } = await one.until((state) => state.rematch);
  await other.until((state) => state.rematch === rematch);
  const next: TicTacToe = await (await online(ann)).join(String(rematch));
  // The seats are swapped.
  expect(next.getSnapshot().seat).toBe(1);
});

test("more time is asked for and given", async () => {
  const time_control = { kind: "fischer", initial: 60 };
  const { one, other } = await twoAtATable({ time_control });
  const before = one.getSnapshot().game?.clock?.remaining;
  await one.offer("more_time", { seconds: 30 });
  await other.until((state) => state.game?.offers);
  await other.answer("more_time", true);
  const { game } = await one.until((state) => state.game?.offers === undefined);
  expect(game?.clock?.remaining[0]).toBe((before?.[0] ?? 0) + 30_000);
});

test("the game is claimed from one who left and does not come back", async () => {
  const { clients, game_id, one, other } = await twoAtATable();
  await one.act(4);
  await expect(other.claim()).rejects.toMatchObject({ code: "not_claimable" });
  await clients[0].leave(game_id);
  const { game } = await other.until((state) => state.game?.players[0]?.gone);
  const at = game?.players[0]?.gone?.claimable_at ?? 0;
  await new Promise((done) => setTimeout(done, at - clients[1].now() + 50));
  await other.claim("win");
  const over = await other.until((state) => state.game?.outcome);
  expect(over.game?.outcome).toMatchObject({ winners: [1], reason: "abandoned" });
}, 30_000);

test("a server that goes away says so, and the client comes back to the next one", async () => {
  const { clients, one } = await twoAtATable();
  const statuses: string[] = [];
  clients[0].connection.subscribe(({ status }) => {
    if (status !== statuses.at(-1)) statuses.push(status);
  });
  await server.kill("SIGTERM");
  await server.start();
  expect(await one.act(4)).toBe(4);
  expect(statuses.slice(0, 3)).toEqual(["online", "draining", "connecting"]);
  expect(statuses.at(-1)).toBe("online");
});
