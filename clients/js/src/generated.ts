// Made from the server's schemas by `make types`; do not edit.

/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What went wrong, in stable words. */
export type ErrorCode =
  | "internal_error"
  | "invalid_token"
  | "token_expired"
  | "forbidden"
  | "muted"
  | "banned"
  | "rate_limited"
  | "invalid_message"
  | "unknown_event"
  | "not_found"
  | "node_not_found"
  | "payload_too_large"
  | "engine_not_found"
  | "policy_not_available"
  | "game_not_found"
  | "not_in_game"
  | "game_full"
  | "too_many_games"
  | "seat_taken"
  | "game_not_started"
  | "game_started"
  | "out_of_time"
  | "game_over"
  | "not_claimable"
  | "illegal_action"
  | "not_your_turn"
  | "forced_action_required"
  | "stale_seq"
  | "engine_error"
  | "offer_not_allowed"
  | "offer_too_soon"
  | "no_offer"
  | "unavailable"
  | "duplicate_action"
  | "configuration_error"
  | "database_in_use";

/** `auth_error`: the token is bad, or it has expired; a disconnect follows. */
export interface AuthErrorMessage {
  readonly code: string;
  readonly message: string;
}

/** Where a game stands. */
export type GameStatus = "open" | "live" | "over";

/** What a seat is asked to do. */
export interface Request {
  /** `action`, or `forced` if nothing but this is allowed. */
  readonly kind: string;
  /** the engine's description of a forced action, else null. */
  readonly forced: Json;
  /** each of the legal actions in words; left out if the engine has none. */
  readonly labels?: readonly string[];
}

/** So many `seconds` for every action. */
export interface PerAction {
  readonly kind: "per_action";
  readonly first_move?: number | null | undefined;
  readonly seconds: number;
}

/** `initial` seconds, and `increment` more after every action. */
export interface Fischer {
  readonly kind: "fischer";
  readonly first_move?: number | null | undefined;
  readonly initial: number;
  readonly increment?: number | undefined;
}

/** `initial` seconds; after every action what it took comes back, up to `delay` seconds. */
export interface Bronstein {
  readonly kind: "bronstein";
  readonly first_move?: number | null | undefined;
  readonly initial: number;
  readonly delay: number;
}

/** `initial` seconds, which start to run `delay` seconds into every action. */
export interface Delay {
  readonly kind: "delay";
  readonly first_move?: number | null | undefined;
  readonly initial: number;
  readonly delay: number;
}

/** `main` seconds, then `periods` of `period` seconds, each lost if wholly used. */
export interface ByoYomi {
  readonly kind: "byo_yomi";
  readonly first_move?: number | null | undefined;
  readonly main: number;
  readonly periods: number;
  readonly period: number;
}

/** So many `days` for every action. */
export interface Correspondence {
  readonly kind: "correspondence";
  readonly first_move?: number | null | undefined;
  readonly days: number;
}

/** The clocks of a game, as they are at the message's `server_time`. */
export interface ClockView {
  /** the time control. */
  readonly control: PerAction | Fischer | Bronstein | Delay | ByoYomi | Correspondence;
  /** the seats on the clock. */
  readonly running: readonly number[];
  /** ms that each seat's clock shows: of its main time, or of its byo-yomi period. */
  readonly remaining: readonly number[];
  /** of `running`, the seats whose first action is yet to come; until then their `remaining` stands. */
  readonly first_move: readonly number[];
  /** when the first of the seats on the clock runs out of time; null if none runs. */
  readonly due_at: number | null;
  /** the clocks stand until then; left out if they do not. */
  readonly paused_until?: number;
  /** ms until each seat's `remaining` starts to run; only with a simple delay. */
  readonly delay?: readonly number[];
  /** byo-yomi periods that each seat has left, the present one included. */
  readonly periods?: readonly number[];
  /** whether each seat's `remaining` is that of a period. */
  readonly in_period?: readonly boolean[];
}

/** How a house bot plays: by a policy of `meeple.bots`, at a level of skill from 1 on. */
export interface Bot {
  readonly policy: string;
  readonly level: number;
}

/** A player who is gone from a live game. */
export interface GoneView {
  /** from when on, in milliseconds since 1970. */
  readonly since: number;
  /** from when on the others may claim, unless the player comes back. */
  readonly claimable_at: number;
  /** whether the player left on purpose; if not, the line broke. */
  readonly closed: boolean;
}

/** One seat of a table, as everybody sees it; an empty seat has no user. */
export interface PlayerView {
  readonly seat: number;
  readonly user_id: string | null;
  readonly name: string | null;
  readonly online: boolean;
  readonly bot?: Bot;
  readonly gone?: GoneView;
}

/** How a game ended. */
export interface Outcome {
  /** the winning seats, in order; empty for a draw. */
  readonly winners: readonly number[];
  /** a stable word such as `"line"`, `"checkmate"` or `"resigned"`. */
  readonly reason: string;
  /** a score a seat, where the game has scores. */
  readonly scores: readonly number[] | null;
}

/** What can be offered. */
export type OfferKind = "draw" | "takeback" | "rematch" | "more_time";

/** An offer that is open; everybody at the table is shown it as it is. */
export interface Offer {
  /** what is offered. */
  readonly kind: OfferKind;
  /** who offers it. */
  readonly seat: number;
  /** the seq of its entry. */
  readonly since_seq: number;
  /** the seats that have accepted it, while others are still to answer. */
  readonly accepted?: readonly number[];
  /** how much time is asked for. */
  readonly seconds?: number;
}

/** `game:state`: a game as one viewer may see it. */
export interface GameState {
  readonly game_id: string;
  /** number of the log's entry that made this state. */
  readonly seq: number;
  readonly engine: string;
  /** open, live or over. */
  readonly status: GameStatus;
  /** the viewer's seat; null for a spectator. */
  readonly seat: number | null;
  /** the engine's view; null before the start. */
  readonly view: Json;
  /** the seats that may act now. */
  readonly to_act: readonly number[];
  /** what this seat may do; null if it is not to act or they are too many to list. */
  readonly legal_actions: readonly Json[] | null;
  /** what this seat is asked to do; null if nothing. */
  readonly request: Request | null;
  /** the clocks; null for a game without time control. */
  readonly clock: ClockView | null;
  readonly players: readonly PlayerView[];
  /** how the game ended; null while it is on. */
  readonly outcome: Outcome | null;
  /** milliseconds since 1970. */
  readonly server_time: number;
  /** what players offer each other; left out if nothing. */
  readonly offers?: readonly Offer[];
  /** the id of the game that the players went on to; left out if there is none. */
  readonly rematch?: string;
}

/** `game:over`: how a game ended; `seq` is that of its `ended` entry. */
export interface GameOverMessage {
  readonly game_id: string;
  readonly seq: number;
  readonly outcome: Outcome;
}

/** `game:presence`: who is at the table now. */
export interface GamePresence {
  readonly game_id: string;
  readonly players: readonly PlayerView[];
}

/** `game:warning`: a seat has only `remaining` ms left, until `due_at`. */
export interface GameWarning {
  readonly game_id: string;
  readonly seat: number;
  readonly remaining: number;
  readonly due_at: number;
}

/** `game:rematch`: the players go on in another game, where each has another seat. */
export interface GameRematch {
  readonly game_id: string;
  readonly new_game_id: string;
}

/** `game:chat`: what somebody said at a table. */
export interface ChatLine {
  readonly game_id: string;
  /** the speaker's; null for a spectator. */
  readonly seat: number | null;
  readonly user_id: string;
  readonly name: string;
  readonly text: string;
  /** milliseconds since 1970. */
  readonly at: number;
  /** `players`, which only players hear, or `spectators`. */
  readonly room: "players" | "spectators";
}

/** `game:chats`: what was said at a table before, as far as the viewer may know it. */
export interface ChatHistory {
  readonly game_id: string;
  readonly lines: readonly ChatLine[];
}

/** `game:error`: the failure of an event for which the client asked no ack. */
export interface GameErrorMessage {
  readonly event: string;
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** `server:draining`: the node is going away and ends the connection soon; connect again. */
export interface ServerDraining {
}

/** What the server may send. */
export interface ServerEvents {
  "auth_error": AuthErrorMessage;
  "game:state": GameState;
  "game:over": GameOverMessage;
  "game:presence": GamePresence;
  "game:warning": GameWarning;
  "game:rematch": GameRematch;
  "game:chat": ChatLine;
  "game:chats": ChatHistory;
  "game:error": GameErrorMessage;
  "server:draining": ServerDraining;
}

/** What went wrong: a stable `code`, words for people, and whether to try again. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** The ack of an event that was refused. */
export interface Failed {
  readonly error: ErrorBody;
  readonly ok: false;
}

/** What an accepted command is acked with: the game and the seq of the command's entry. */
export interface Receipt {
  readonly game_id: string;
  readonly seq: number;
  readonly ok: true;
}

/** What a join is acked with: the seq that the game is at, and the seat (null: spectator). */
export interface Joined {
  readonly game_id: string;
  readonly seq: number;
  readonly seat: number | null;
  readonly ok: true;
}

/** A user in a seat, or a bot of the house's, under the user id of `bot_user_id`. */
export interface Player {
  readonly user_id: string;
  readonly name: string;
  readonly bot?: Bot | null;
}

/** What lobby and archive know of a game, written in the same transaction as its entries. */
export interface GameRow {
  /** the game's id; ids sort by time of creation. */
  readonly game_id: string;
  /** the name of its engine. */
  readonly engine: string;
  /** its house rules, validated and complete. */
  readonly options: { readonly [key: string]: Json };
  /** open, live or over. */
  readonly status: GameStatus;
  /** true if the lobby shows it. */
  readonly public: boolean;
  /** one item a seat; null while it is empty. */
  readonly players: readonly (Player | null)[];
  /** server time of the first entry, in milliseconds since 1970. */
  readonly created_at: number;
  /** server time of the entry that changed this row last. */
  readonly updated_at: number;
  /** how it ended; null while it is on. */
  readonly outcome: Outcome | null;
  /** its clocks; null without, and in rows that were written before there was this. */
  readonly time_control: PerAction | Fischer | Bronstein | Delay | ByoYomi | Correspondence | null;
}

/** Nobody looks at the clock. */
export interface NoControl {
  readonly kind: "none";
}

/** What an entry of a game's log records. */
export type EntryKind = "created" | "seated" | "started" | "action" | "resigned" | "timed_out" | "paused" | "abandoned" | "aborted" | "ended" | "offered" | "answered";

/** One entry of a game's log, as far as the viewer may see it. */
export interface LogEntry {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly seat: number | null;
  readonly payload: { readonly [key: string]: Json } | null;
  readonly action_id: string | null;
  readonly at: number;
}

/** `POST /guests`: ask for a guest account. */
export interface NewGuest {
  readonly name: string;
}

/** A guest account; `expires_at` of its token in seconds since 1970. */
export interface Guest {
  readonly token: string;
  readonly user_id: string;
  readonly name: string;
  readonly expires_at: number;
}

/** A seat for a bot of the house's: how it plays, and its level of skill, 1 to 10. */
export interface BotSeat {
  readonly bot: string;
  readonly level?: number | undefined;
}

/** `POST /games`: make a table. */
export interface NewGame {
  readonly engine: string;
  readonly options?: { readonly [key: string]: Json } | undefined;
  readonly time_control?: PerAction | Fischer | Bronstein | Delay | ByoYomi | Correspondence | NoControl | null | undefined;
  readonly seats?: number | readonly (string | BotSeat | null)[] | null | undefined;
  readonly public?: boolean | undefined;
  readonly claim_after?: number | null | undefined;
  readonly chat?: boolean | undefined;
}

/** `POST /games/{id}/seats`: sit down; without `seat`, on the first that is free. */
export interface TakeSeat {
  readonly seat?: number | null | undefined;
}

/** An empty body. */
export interface Nothing {
}

/** A game on offer; `options` is a JSON Schema. */
export interface EngineInfo {
  readonly name: string;
  readonly summary: string;
  readonly min_seats: number;
  readonly max_seats: number;
  readonly perfect_information: boolean;
  readonly options: { readonly [key: string]: Json };
}

/** `GET /engines`. */
export interface EngineList {
  readonly engines: readonly EngineInfo[];
}

/** `GET /games` and `GET /me/games`; `cursor` asks for the next page, null: no more. */
export interface GameList {
  readonly games: readonly GameRow[];
  readonly cursor: string | null;
}

/** `GET /games/{id}/log`: the replay. */
export interface GameLogBody {
  readonly game_id: string;
  readonly engine: string;
  readonly entries: readonly LogEntry[];
}

/** `GET /games/{id}/states`: a page of the replay, state by state. */
export interface GameStates {
  readonly game_id: string;
  readonly states: readonly GameState[];
}

/** What a command on a game is answered with: the seq of its entry. */
export interface ReceiptBody {
  readonly game_id: string;
  readonly seq: number;
}

/** `/health/live` and `/health/ready`; each part is `ok` or says what is wrong. */
export interface Health {
  readonly status: string;
  readonly parts: { readonly [key: string]: string };
}

/** `game:join`: take part, or come back; `last_seq` asks only for what came after it. */
export interface Join {
  readonly game_id: string;
  readonly last_seq?: number | null | undefined;
}

/** `game:spectate`: watch a game. */
export interface Spectate {
  readonly game_id: string;
  readonly last_seq?: number | null | undefined;
}

/** `game:leave`: be told no more about a game. */
export interface Leave {
  readonly game_id: string;
}

/** `game:action`: play; a resend under the same `action_id` plays nothing. */
export interface Act {
  readonly game_id: string;
  readonly action: Json;
  readonly action_id?: string | null | undefined;
  readonly seq?: number | null | undefined;
}

/** `game:resign`: give up. */
export interface Resign {
  readonly game_id: string;
  readonly action_id?: string | null | undefined;
}

/** `game:claim`: end a game whose other players are gone. */
export interface Claim {
  readonly game_id: string;
  readonly result?: "draw" | "win" | undefined;
  readonly action_id?: string | null | undefined;
}

/** `game:offer`: offer the others something, or accept what they offer. */
export interface OfferMessage {
  readonly game_id: string;
  readonly kind: OfferKind;
  readonly seconds?: number | null | undefined;
  readonly action_id?: string | null | undefined;
}

/** `game:answer`: accept or decline what is offered; decline one's own to take it back. */
export interface Answer {
  readonly game_id: string;
  readonly kind: OfferKind;
  readonly accept: boolean;
  readonly action_id?: string | null | undefined;
}

/** `game:chat`: say something at the table. */
export interface Say {
  readonly game_id: string;
  readonly text: string;
}

/** `game:mute`: hear nothing more from a user at this table; or hear them again. */
export interface Mute {
  readonly game_id: string;
  readonly user_id: string;
  readonly muted: boolean;
}

/** `game:heartbeat`: keep presence alive, and ask for the server's time. */
export interface Heartbeat {
}

/** `auth:refresh`: go on with a fresh token of the same user. */
export interface RefreshToken {
  readonly token: string;
}

/** What a client may send. */
export interface ClientEvents {
  "game:join": Join;
  "game:spectate": Spectate;
  "game:leave": Leave;
  "game:action": Act;
  "game:resign": Resign;
  "game:claim": Claim;
  "game:offer": OfferMessage;
  "game:answer": Answer;
  "game:chat": Say;
  "game:mute": Mute;
  "game:heartbeat": Heartbeat;
  "auth:refresh": RefreshToken;
}
