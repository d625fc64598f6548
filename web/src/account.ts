// Who plays here: a guest, or whose token was given; kept in this browser (or in this tab alone).
import { Rest } from "@meeple/client";
import { browser, tab, type Shelf } from "./shelf";

export interface Account {
  readonly token: string;
  readonly user_id: string;
  readonly name: string;
  /** Seconds since 1970. */
  readonly expires_at: number;
  /** The account can be replaced by another of the same name. */
  readonly guest: boolean;
}

const KEY = "meeple.account";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

// An empty text: this tab is somebody else, who has not given a name yet.
const shelf = (): Shelf => (tab.get(KEY) === null ? browser : tab);

function stored(): Account | null {
  try {
    return JSON.parse(shelf().get(KEY) || "null") as Account | null;
  } catch {
    return null;
  }
}

/** The account, unless there is none or its token has expired. */
export function account(): Account | null {
  const found = stored();
  return found && found.expires_at * 1000 > Date.now() ? found : null;
}

/** The name that was used here last. */
export const lastName = (): string => stored()?.name ?? "";

/** From now on this tab has an account of its own, so that one person can try both sides. */
export function separateTab(): void {
  tab.set(KEY, "");
}

/** Nobody plays here any more. */
export function signOut(): void {
  shelf().set(KEY, "");
}

/** Get a guest account; throws `MeepleError`. */
export async function enter(name: string): Promise<Account> {
  const made = await new Rest().guest(name.trim() || "Guest");
  return keep({ ...made, guest: true });
}

/** Come with a token; throws if it is none. Whether the server takes it shows when it is used. */
export function bring(token: string): Account {
  const [, payload = ""] = token.trim().split(".");
  const text = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const subject = String(claims["sub"] ?? "");
  return keep({
    token: token.trim(),
    // Another provider's user has an id that only the server can work out.
    user_id: UUID.test(subject) ? subject.toLowerCase() : "",
    name: typeof claims["name"] === "string" ? claims["name"] : "Guest",
    expires_at: Number(claims["exp"] ?? 0),
    guest: false,
  });
}

function keep(made: Account): Account {
  shelf().set(KEY, JSON.stringify(made));
  return made;
}

let renewing: Promise<Account> | null = null;

/** A fresh guest account of the same name, in place of one that the server no longer takes. */
export function renew(): Promise<Account> {
  renewing ??= enter(lastName()).finally(() => {
    renewing = null;
  });
  return renewing;
}
