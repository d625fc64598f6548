// What a stock client needs to play: REST for the table, socket.io-client for the game.
import { io } from "socket.io-client";

export const url = process.env.MEEPLE_URL;

export async function rest(method, path, token, body) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: token ? { authorization: `Bearer ${token}` } : {},
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

export const guest = async (name) => (await rest("POST", "/guests", null, { name })).body;

export class Player {
  constructor(account, options = {}) {
    this.account = account;
    this.seen = []; // [event, payload] in the order of arrival
    this.waiting = [];
    this.socket = io(`${url}/game`, {
      auth: { token: account.token },
      forceNew: true,
      ...options,
    });
    this.socket.onAny((event, payload) => this.#note(event, payload));
    this.socket.on("disconnect", (reason) => this.#note("disconnect", reason));
  }

  static async named(name, options) {
    return new Player(await guest(name), options);
  }

  #note(event, payload) {
    this.seen.push([event, payload]);
    this.waiting = this.waiting.filter((check) => !check());
  }

  // Resolves once `find(events so far)` gives something.
  until(find, what, ms = 10_000) {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = find(this.seen);
        if (found === undefined || found === false) return false;
        clearTimeout(timer);
        resolve(found);
        return true;
      };
      const timer = setTimeout(
        () => reject(new Error(`no ${what} in ${JSON.stringify(this.seen)}`)),
        ms,
      );
      if (!check()) this.waiting.push(check);
    });
  }

  event(name, test = () => true) {
    return this.until((seen) => seen.find(([one, payload]) => one === name && test(payload))?.[1], name);
  }

  state(seq) {
    return this.event("game:state", (state) => state.seq === seq);
  }

  latest() {
    return this.seen.findLast(([event]) => event === "game:state")?.[1];
  }

  ask(event, ...args) {
    return this.socket.timeout(10_000).emitWithAck(event, ...args);
  }

  close() {
    this.socket.disconnect();
  }
}

export async function table(engine, players, extra = {}) {
  const made = await rest("POST", "/games", players[0].account.token, {
    engine,
    seats: players.length,
    ...extra,
  });
  for (const player of players.slice(1)) {
    await rest("POST", `/games/${made.body.game_id}/seats`, player.account.token, {});
  }
  return made.body.game_id;
}
