// One table as this page shows it: to a player as a player, to everybody else as one who watches.
import { MeepleError, type Client, type Game, type Json, type Table } from "@meeple/client";
import { signed, user } from "./account";
import { refusedAs, words } from "./wire";

const NO_SEAT = new Set(["not_in_game"]);

export class TablePage {
  /** The last thing that went wrong. */
  error: string | null = null;
  /** There is no table to show, and there will be none. */
  missing = false;
  #table: Table | null = null;
  #stopWatching = (): void => undefined;
  #entering = false;
  #stopped = false;

  constructor(
    readonly id: string,
    readonly client: Client,
    readonly changed: () => void,
  ) {
    void this.#enter();
    this.#stopWatching = client.connection.subscribe(() => queueMicrotask(() => this.#update()));
  }

  stop(): void {
    this.#stopped = true;
    this.#stopWatching();
    this.client.leave(this.id).catch(() => undefined);
  }

  get state(): Game | null {
    return this.#table?.getSnapshot().game ?? null;
  }

  /** The action that is on its way; undefined if there is none. */
  get pendingAction(): Json | undefined {
    return this.#table?.getSnapshot().pending[0]?.action;
  }

  /** Something is on its way to the server. */
  get waiting(): boolean {
    return (this.#table?.getSnapshot().pending.length ?? 0) > 0;
  }

  get mayAct(): boolean {
    return this.#table?.getSnapshot().myTurn ?? false;
  }

  act(action: Json): void {
    const { state } = this;
    if (!this.mayAct || state === null) return;
    // Where only this seat can move the game on, an action is for this position and no later one.
    const only = state.to_act.length === 1 ? { seq: state.seq } : {};
    void this.#tell(this.#table?.act(action, only));
  }

  resign(): void {
    void this.#tell(this.#table?.resign());
  }

  async sit(): Promise<void> {
    await this.#tell(signed((rest) => rest.takeSeat(this.id)));
    await this.#enter();
  }

  /** Close a table at which nobody has played yet. */
  async abort(): Promise<void> {
    await this.#tell(signed((rest) => rest.abort(this.id)));
  }

  /** Says what has gone wrong, if anything has. */
  async #tell(work: Promise<unknown> | undefined): Promise<void> {
    this.error = null;
    try {
      await work;
    } catch (error) {
      this.error = words(error);
    }
    this.#update();
  }

  #update(): void {
    if (!this.#stopped) this.changed();
  }

  /** Join, or watch if there is no seat. */
  async #enter(): Promise<void> {
    if (this.#entering) return;
    this.#entering = true;
    try {
      this.#follow(await this.#arrive());
    } catch (error) {
      this.error = words(error);
      this.missing = this.#table === null;
      this.#update();
      if (error instanceof MeepleError && error.retryable && !this.#stopped) setTimeout(this.#again);
    } finally {
      this.#entering = false;
    }
  }

  readonly #again = (): void => {
    if (!this.#stopped) void this.#enter();
  };

  async #arrive(): Promise<Table> {
    try {
      return await this.client.join(this.id);
    } catch (error) {
      if (!refusedAs(error, NO_SEAT)) throw error;
      return this.client.spectate(this.id);
    }
  }

  #follow(table: Table): void {
    if (table === this.#table || this.#stopped) return;
    this.#table = table;
    this.error = null;
    this.missing = false;
    const stopLine = this.#stopWatching;
    const stopTable = table.subscribe(({ game, seat, error }) => {
      if (error !== null) this.error = words(error);
      // Sat down in another tab: this one is shown a spectator's view still.
      const seated = game?.players.some((player) => player.user_id === user()) ?? false;
      if (seat === null && seated) void this.#enter();
      this.#update();
    });
    this.#stopWatching = () => {
      stopLine();
      stopTable();
    };
  }
}
