// One table as this page knows it: comes back after every loss, and plays every action once.
import { signed, user } from "./account";
import { newId } from "./ids";
import type { Line } from "./line";
import { Refused, words, type GameOver, type GameState, type Json, type Presence } from "./wire";

interface Pending {
  event: "game:action" | "game:resign";
  payload: { game_id: string; action_id: string; action?: Json; seq?: number };
  /** The seq of its entry, once it is acked. */
  acked: number | null;
  sending: boolean;
}

interface Joined {
  seq: number;
  seat: number | null;
}

const AGAIN_MS = 1_000;

export class Table {
  state: GameState | null = null;
  /** The last thing that went wrong. */
  error: string | null = null;
  /** There is no table to show, and there will be none. */
  missing = false;
  readonly #line: Line;
  readonly #changed: () => void;
  readonly #stops: (() => void)[];
  #pending: Pending | null = null;
  #entering = false;
  /** Somebody asked to enter (afresh) while that was under way. */
  #enterNext: "missed" | "afresh" | null = null;
  /** Up to here the server may jump: it said on a join that this is where the game is. */
  #syncedTo = -1;
  #again: number | undefined;
  #stopped = false;

  constructor(
    readonly id: string,
    line: Line,
    changed: () => void,
  ) {
    this.#line = line;
    this.#changed = changed;
    this.#stops = [
      line.watch(() => this.#onLine()),
      line.on<GameState>("game:state", (state) => this.#onState(state)),
      line.on<GameOver>("game:over", (over) => this.#onOver(over)),
      line.on<Presence>("game:presence", (presence) => this.#onPresence(presence)),
    ];
    if (line.status === "online") void this.#enter(true);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#again);
    for (const stop of this.#stops) stop();
    this.#line.ask("game:leave", { game_id: this.id }).catch(() => undefined);
  }

  /** The action that is on its way; undefined if there is none. */
  get pendingAction(): Json | undefined {
    return this.#pending?.payload.action;
  }

  /** Something is on its way to the server. */
  get waiting(): boolean {
    return this.#pending !== null;
  }

  get mayAct(): boolean {
    const { state } = this;
    return state?.seat != null && state.to_act.includes(state.seat) && !this.waiting;
  }

  act(action: Json): void {
    const { state } = this;
    if (!this.mayAct || state === null) return;
    const payload: Pending["payload"] = { game_id: this.id, action_id: newId(), action };
    // Where only this seat can move the game on, an action is for this position and no later one.
    if (state.to_act.length === 1) payload.seq = state.seq;
    this.#start({ event: "game:action", payload, acked: null, sending: false });
  }

  resign(): void {
    const payload = { game_id: this.id, action_id: newId() };
    this.#start({ event: "game:resign", payload, acked: null, sending: false });
  }

  async sit(): Promise<void> {
    await this.#command(`/games/${this.id}/seats`, {});
  }

  /** Close a table at which nobody has played yet. */
  async abort(): Promise<void> {
    await this.#command(`/games/${this.id}/abort`);
  }

  async #command(path: string, body?: object): Promise<void> {
    this.error = null;
    try {
      await signed("POST", path, body);
    } catch (error) {
      this.error = words(error);
    }
    this.#changed();
    await this.#enter(false);
  }

  // --- coming (back) ----------------------------------------------------------------------------

  #onLine(): void {
    if (this.#line.status === "online") void this.#enter(true);
    this.#changed();
  }

  /** Join, or watch if there is no seat; then send what is not acked yet. */
  async #enter(onlyMissed: boolean): Promise<void> {
    if (this.#stopped) return;
    if (this.#entering) {
      if (this.#enterNext !== "afresh") this.#enterNext = onlyMissed ? "missed" : "afresh";
      return;
    }
    this.#entering = true;
    clearTimeout(this.#again);
    try {
      const known = onlyMissed && this.state ? { last_seq: this.state.seq } : {};
      const joined = await this.#join({ game_id: this.id, ...known });
      this.#syncedTo = joined.seq;
      if (this.state && this.state.seat !== joined.seat) {
        // Somebody sat down, or came back as somebody else: everything looks different.
        this.#syncedTo = (await this.#join({ game_id: this.id })).seq;
      }
      this.#entering = false;
      if (onlyMissed) this.error = null;
      void this.#send();
    } catch (error) {
      this.#entering = false;
      this.#onEnterFailed(error);
    }
    const next = this.#enterNext;
    this.#enterNext = null;
    if (next !== null && this.#line.status === "online") void this.#enter(next === "missed");
  }

  async #join(payload: object): Promise<Joined> {
    try {
      return await this.#line.ask<Joined>("game:join", payload);
    } catch (error) {
      if (!(error instanceof Refused && error.code === "not_in_game")) throw error;
      return this.#line.ask<Joined>("game:spectate", payload);
    }
  }

  #onEnterFailed(error: unknown): void {
    if (error instanceof Refused && error.retryable) {
      // Offline, the next connect does it.
      if (this.#line.status === "online" && !this.#stopped) {
        this.#again = window.setTimeout(() => void this.#enter(true), AGAIN_MS);
      }
      return;
    }
    this.missing = this.state === null;
    this.error = words(error);
    this.#changed();
  }

  // --- what the server says ---------------------------------------------------------------------

  #follows(seq: number): boolean {
    if (this.state === null || this.#entering) return true;
    if (seq <= this.state.seq + 1 || seq <= this.#syncedTo) return true;
    void this.#enter(true);
    return false;
  }

  #onState(state: GameState): void {
    if (state.game_id !== this.id || !this.#follows(state.seq)) return;
    if (this.state && state.seq < this.state.seq && state.seat === this.state.seat) return;
    if (state.seq !== this.state?.seq) this.error = null;
    this.#show(state);
    // Sat down in another tab: this one is shown a spectator's view still.
    const seated = state.players.some((player) => player.user_id === user());
    if (state.seat === null && seated && !this.#entering) void this.#enter(false);
  }

  #onOver({ game_id, seq, outcome }: GameOver): void {
    if (game_id !== this.id || this.state === null || !this.#follows(seq)) return;
    const over = { status: "over" as const, to_act: [], legal_actions: null, request: null };
    this.#show({ ...this.state, ...over, seq, outcome });
  }

  #onPresence({ game_id, players }: Presence): void {
    if (game_id === this.id && this.state) this.#show({ ...this.state, players });
  }

  #show(state: GameState): void {
    this.state = state;
    const acked = this.#pending?.acked ?? null;
    if (acked !== null && state.seq >= acked) this.#pending = null;
    this.#changed();
  }

  // --- playing ----------------------------------------------------------------------------------

  #start(pending: Pending): void {
    this.#pending = pending;
    this.error = null;
    this.#changed();
    void this.#send();
  }

  /** Send what is pending; again, under the same id, until the server has answered. */
  async #send(): Promise<void> {
    const pending = this.#pending;
    if (!pending || pending.sending || pending.acked !== null || this.#stopped) return;
    pending.sending = true;
    try {
      const { seq } = await this.#line.ask<{ seq: number }>(pending.event, pending.payload);
      pending.acked = seq;
      if (this.#pending === pending && this.state && this.state.seq >= seq) this.#pending = null;
    } catch (error) {
      if (error instanceof Refused && error.retryable) {
        // Offline, it goes once the table is joined again.
        if (this.#line.status === "online") {
          window.setTimeout(() => void this.#send(), AGAIN_MS);
        }
      } else {
        if (this.#pending === pending) this.#pending = null;
        this.error = words(error);
      }
    } finally {
      pending.sending = false;
    }
    this.#changed();
  }
}
