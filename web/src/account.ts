// Who plays here: a guest account, kept in this browser (or in this tab alone).
import { Rest, type Guest } from "@meeple/client";
import { refusedAs } from "./wire";

const KEY = "meeple.account";
const STALE = new Set(["invalid_token", "token_expired"]);

/** Storage that forgets instead of failing where the browser allows none. */
class Shelf {
  #storage: Storage | null = null;
  #memory: string | null = null;

  constructor(open: () => Storage) {
    try {
      this.#storage = open();
    } catch {
      // Cookies and storage are switched off.
    }
  }

  get(): string | null {
    return this.#storage ? this.#storage.getItem(KEY) : this.#memory;
  }

  set(text: string): void {
    this.#memory = text;
    try {
      this.#storage?.setItem(KEY, text);
    } catch {
      this.#storage = null;
    }
  }
}

const browser = new Shelf(() => localStorage);
// Empty text: this tab is somebody else, who has not given a name yet.
const tab = new Shelf(() => sessionStorage);

const shelf = (): Shelf => (tab.get() === null ? browser : tab);

function stored(): Guest | null {
  try {
    return JSON.parse(shelf().get() || "null") as Guest | null;
  } catch {
    return null;
  }
}

/** The account, unless there is none or its token has expired. */
export function account(): Guest | null {
  const found = stored();
  return found && found.expires_at * 1000 > Date.now() ? found : null;
}

/** Whose account it is, expired or not: it stays that user's until it is renewed. */
export const user = (): string | undefined => stored()?.user_id;

/** The name that was used here last. */
export const lastName = (): string => stored()?.name ?? "";

/** From now on this tab has an account of its own, so that one person can try both sides. */
export function separateTab(): void {
  tab.set("");
}

/** Get a guest account. */
export async function enter(name: string): Promise<Guest> {
  const made = await new Rest().guest(name.trim() || "Guest");
  shelf().set(JSON.stringify(made));
  return made;
}

let renewing: Promise<Guest> | null = null;

/** A fresh account of the same name, in place of one that the server no longer takes. */
export function renew(): Promise<Guest> {
  renewing ??= enter(lastName()).finally(() => {
    renewing = null;
  });
  return renewing;
}

/** Whether an account is no good any more. */
export const isStale = (error: unknown): boolean => refusedAs(error, STALE);

/** A request in the account's name; renews an account that the server no longer takes. */
export async function signed<T>(ask: (rest: Rest) => Promise<T>): Promise<T> {
  const { token } = account() ?? (await renew());
  try {
    return await ask(new Rest({ token }));
  } catch (error) {
    if (!isStale(error)) throw error;
    return ask(new Rest({ token: (await renew()).token }));
  }
}
