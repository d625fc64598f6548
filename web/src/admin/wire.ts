// What the server says under /api/v1/admin.
import type { GameRow, LogEntry } from "@meeple/client";

export type { GameRow, GameStatus, LogEntry } from "@meeple/client";

export interface ErrorLine {
  readonly at: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly exception: string | null;
}

export interface NodeReport {
  readonly node: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  /** Milliseconds since 1970, as all times here. */
  readonly at: number;
  readonly started_at: number;
  readonly connections: number;
  readonly games: number;
  readonly draining: boolean;
  /** A second. */
  readonly rates: { readonly events: number; readonly refused: number; readonly errors: number };
  readonly parts: Readonly<Record<string, string>>;
  readonly engines: readonly {
    readonly name: string;
    readonly commands: number;
    readonly mean_ms: number;
    readonly slow: number;
  }[];
  readonly errors: readonly ErrorLine[];
}

export interface Overview {
  readonly here: string;
  readonly complete: boolean;
  readonly nodes: readonly NodeReport[];
}

export interface GameLog {
  readonly game_id: string;
  readonly engine: string;
  readonly entries: readonly LogEntry[];
}

export type SanctionKind = "ban" | "mute";

export interface Sanction {
  readonly user_id: string;
  readonly kind: SanctionKind;
  readonly since: number;
  readonly until: number | null;
  readonly why: string;
  readonly admin_id: string;
  readonly admin_name: string;
}

export interface UserInfo {
  readonly user_id: string;
  readonly name: string | null;
  readonly connections: number;
  readonly sanctions: readonly Sanction[];
  readonly games: readonly GameRow[];
}

export interface SanctionList {
  readonly sanctions: readonly Sanction[];
  readonly total: number;
}

export interface Act {
  readonly id: string;
  readonly at: number;
  readonly admin_id: string;
  readonly admin_name: string;
  readonly what: string;
  readonly target: string;
  readonly why: string;
  readonly details: Readonly<Record<string, unknown>>;
}

