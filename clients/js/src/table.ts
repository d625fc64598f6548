// One table: comes back after every loss, and plays every action exactly once.
import type { ActOptions, CommandOptions, EventPayload, Mode } from "./commands.js";
import { MeepleError, closed, lost } from "./errors.js";
import type {
  ChatHistory,
  ChatLine,
  GameOverMessage,
  GamePresence,
  GameRematch,
  Joined,
  Json,
  OfferKind,
  Receipt,
} from "./generated.js";
import { newId } from "./ids.js";
import type { Line, Payload } from "./line.js";
import { Queue } from "./queue.js";
import {
  changed,
  ended,
  lastLines,
  newTable,
  withPlayers,
  type CommandEvent,
  type Game,
  type Pending,
  type TableState,
} from "./state.js";
import { Store, until, type Readable } from "./store.js";

/**
 * A game that this client has joined or watches, as a store of its `TableState`.
 *
 * What it is asked to do throws `MeepleError`: the server's refusal, or `connection_lost` if no
 * answer came in time; then call again with the same `actionId` to be sure.
 */
export class Table<View = Json, Action = Json> implements Readable<TableState<View, Action>> {
  readonly subscribe: Readable<TableState<View, Action>>["subscribe"];
  readonly getSnapshot: Readable<TableState<View, Action>>["getSnapshot"];
  readonly #line: Line;
  readonly #forget: () => void;
  readonly #store: Store<TableState<View, Action>>;
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  readonly #joins = new Queue();
  readonly #commands = new Queue();
  #mode: Mode = "game:join";
  #entering: Promise<void> | null = null;
  /** A join is on its way. */
  #joining = false;
  /** The whole state is needed, and not what came after the one that is here. */
  #fresh = true;
  /** The seq of the state that the server has said it will send next. */
  #promised = -1;

  /** Made by `Client.join` and `Client.spectate`. */
  constructor(
    readonly gameId: string,
    line: Line,
    forget: () => void,
  ) {
    this.#line = line;
    this.#forget = forget;
    this.#store = new Store(newTable<View, Action>(gameId));
    this.subscribe = this.#store.subscribe;
    this.getSnapshot = this.#store.getSnapshot;
  }

  // --- playing ----------------------------------------------------------------------------------

  /** Plays `action`, exactly once whatever happens to the line; gives the seq of its entry. */
  act(action: Action, { actionId, seq }: ActOptions = {}): Promise<number> {
    const payload = seq === undefined ? { action } : { action, seq };
    return this.#command("game:action", payload, actionId, action);
  }

  /** Gives up; gives the seq. */
  resign({ actionId }: CommandOptions = {}): Promise<number> {
    return this.#command("game:resign", {}, actionId);
  }

  /** Offers something to the others; `seconds` for more time. */
  offer(
    kind: OfferKind,
    { actionId, seconds }: CommandOptions & { readonly seconds?: number } = {},
  ): Promise<number> {
    return this.#command(
      "game:offer",
      seconds === undefined ? { kind } : { kind, seconds },
      actionId,
    );
  }

  /** Accepts or declines what was offered. */
  answer(kind: OfferKind, accept: boolean, { actionId }: CommandOptions = {}): Promise<number> {
    return this.#command("game:answer", { kind, accept }, actionId);
  }

  /** Claims the game, or half of it, if the others are gone for long enough. */
  claim(result: "win" | "draw" = "win", { actionId }: CommandOptions = {}): Promise<number> {
    return this.#command("game:claim", { result }, actionId);
  }

  /**
   * Says something. It is sent once: with `connection_lost` it is not known whether it was heard.
   */
  async chat(text: string): Promise<void> {
    await this.#line.ask("game:chat", { game_id: this.gameId, text }, { resend: false });
  }

  /** Hears no more of what this user says, or hears it again. */
  async mute(userId: string, muted = true): Promise<void> {
    await this.#line.ask("game:mute", { game_id: this.gameId, user_id: userId, muted });
  }

  /** Is told no more about the game. What is on its way goes on. */
  async leave(): Promise<void> {
    if (this.getSnapshot().closed) return;
    this.close(null);
    // The next connection does not come to this table anyway.
    if (!this.#line.online) return;
    try {
      await this.#line.ask("game:leave", { game_id: this.gameId }, { resend: false });
    } catch (error) {
      if (!(error instanceof MeepleError && error.code === "connection_lost")) throw error;
    }
  }

  /** Hears an event of this table as the server sends it; gives what ends it. */
  on<E extends string>(event: E, listener: (payload: EventPayload<E>) => void): () => void {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(listener));
    return () => {
      known.delete(listener);
    };
  }

  /** Waits until the table is so; throws after `ms` milliseconds, or if nothing more will come. */
  async until(
    test: (state: TableState<View, Action>) => unknown,
    ms = this.#line.periods.patience,
  ): Promise<TableState<View, Action>> {
    const found = await until(
      this.#store,
      (state) => Boolean(test(state)) || state.closed,
      this.#line.timing,
      ms,
    );
    if (found === undefined) throw lost();
    if (!test(found)) throw found.error ?? closed("table");
    return found;
  }

  #command(
    event: CommandEvent,
    payload: object,
    actionId = newId(),
    action?: Action,
  ): Promise<number> {
    const pending: Pending<Action> = {
      actionId,
      event,
      seq: null,
      ...(action === undefined ? {} : { action }),
    };
    const { timing, periods } = this.#line;
    const deadline = timing.now() + periods.patience;
    const done = this.#commands.run(async () => {
      const patience = Math.max(0, deadline - timing.now());
      const whole = { ...payload, game_id: this.gameId, action_id: actionId };
      const onAnswer = ({ seq }: Receipt): void => this.#replace(pending, { ...pending, seq });
      return (await this.#line.ask<Receipt>(event, whole, { patience, onAnswer })).seq;
    });
    this.#set({ pending: [...this.getSnapshot().pending, pending] });
    done.catch(() => this.#replace(pending));
    return done;
  }

  #replace(pending: Pending<Action>, ...by: Pending<Action>[]): void {
    const all = this.getSnapshot().pending;
    this.#set({ pending: all.flatMap((one) => (one === pending ? by : [one])) });
  }

  // --- coming (back); called by the client ------------------------------------------------------

  /** Joins, or watches; returns when there is a state. */
  enter(mode: Mode): Promise<void> {
    if (this.#entering !== null && this.#mode === mode) return this.#entering;
    const before = this.#mode;
    this.#mode = mode;
    this.#fresh = true;
    const entering = this.#enter().catch((error: unknown) => {
      if (this.#entering === entering) this.#entering = null;
      if (this.getSnapshot().game === null) this.close(error as MeepleError);
      else {
        this.#mode = before;
        this.#fresh = false;
      }
      throw error;
    });
    this.#entering = entering;
    return entering;
  }

  async #enter(): Promise<void> {
    await this.#join(this.#line.periods.patience);
    await this.until(() => !this.#fresh);
  }

  /** A connection stands, on which this table was not joined. */
  onConnect(): void {
    // A join that is on its way is sent again by itself.
    if (!this.#joining) this.#comeBack();
  }

  #comeBack(): void {
    // One who gave up would hear no more of the game.
    this.#join(Infinity).catch((error: unknown) => this.close(error as MeepleError));
  }

  #join(patience: number): Promise<Joined> {
    this.#joining = true;
    return this.#joins.run(async () => {
      this.#joining = true;
      try {
        const game = this.#fresh ? null : this.getSnapshot().game;
        const last = game === null ? {} : { last_seq: game.seq };
        const onAnswer = ({ seq }: Joined): void => {
          this.#promised = seq;
          if (game !== null && seq < game.seq) this.#goBack(seq);
        };
        const payload: Payload<Mode> = { game_id: this.gameId, ...last };
        return await this.#line.ask<Joined>(this.#mode, payload, { patience, onAnswer });
      } finally {
        this.#joining = false;
      }
    });
  }

  /** The log is shorter than what was seen: the server's data were restored from a backup. */
  #goBack(seq: number): void {
    this.#fresh = true;
    const kept = this.getSnapshot().pending.filter((one) => one.seq === null || one.seq <= seq);
    this.#set({ pending: kept });
  }

  /** Nothing more will come; `error` says why, unless it was asked for. */
  close(error: MeepleError | null): void {
    if (this.getSnapshot().closed) return;
    this.#forget();
    this.#set({ closed: true, error });
  }

  // --- what the server says; called by the client -----------------------------------------------

  onEvent(event: string, payload: unknown): void {
    if (event === "game:state") this.#onState(payload as Game<View, Action>);
    else if (event === "game:over") this.#onOver(payload as GameOverMessage);
    else if (event === "game:presence") this.#onPresence(payload as GamePresence);
    else if (event === "game:chat") this.#onChat(payload as ChatLine);
    else if (event === "game:chats") this.#set({ chat: lastLines((payload as ChatHistory).lines) });
    else if (event === "game:rematch") this.#set({ rematch: (payload as GameRematch).new_game_id });
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(payload as never);
  }

  #onState(game: Game<View, Action>): void {
    if (this.#isNews(game.seq)) this.#set({ game });
  }

  #onOver(over: GameOverMessage): void {
    const { game } = this.getSnapshot();
    if (game !== null && this.#isNews(over.seq)) {
      this.#set({ game: ended(game, over, this.#line.now()) });
    }
  }

  #onPresence(presence: GamePresence): void {
    const { game } = this.getSnapshot();
    if (game !== null) this.#set({ game: withPlayers(game, presence) });
  }

  #onChat(line: ChatLine): void {
    this.#set({ chat: lastLines([...this.getSnapshot().chat, line]) });
  }

  /** Whether a message of this seq follows on what is here; if others are missing, asks for them. */
  #isNews(seq: number): boolean {
    if (seq === this.#promised && this.#fresh) {
      this.#fresh = false;
      return true;
    }
    const { game } = this.getSnapshot();
    if (game === null || seq <= game.seq) return false;
    if (seq === game.seq + 1 || seq === this.#promised) return true;
    // What was missed comes with the next join, and this message again after it.
    if (!this.#joining) this.#comeBack();
    return false;
  }

  #set(changes: Partial<TableState<View, Action>>): void {
    this.#store.set(changed(this.getSnapshot(), changes));
  }
}
