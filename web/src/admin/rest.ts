// Requests under /api/v1/admin, with the token that this tab has.
import { tab } from "../shelf";

const KEY = "meeple.admin";
const SECONDS = 15;

/** What the server refused, and why. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Codes by which a token is of no use here any more. */
const SIGNED_OUT: ReadonlySet<string> = new Set(["invalid_token", "token_expired", "forbidden", "banned"]);

export const hasToken = (): boolean => Boolean(tab.get(KEY));
export const setToken = (token: string): void => tab.set(KEY, token.trim());

let turnedAway: (refusal: Refusal) => void = () => undefined;

/** `tell` is told when the token is refused, which is then forgotten. */
export function onTurnedAway(tell: (refusal: Refusal) => void): void {
  turnedAway = tell;
}

type Query = Readonly<Record<string, string | null | undefined>>;

/** Throws `Refusal`. */
export async function ask<T>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  { query = {}, body }: { query?: Query; body?: unknown } = {},
): Promise<T> {
  const given = Object.entries(query).filter((one): one is [string, string] => Boolean(one[1]));
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  let answer: Response;
  let read: unknown;
  try {
    answer = await fetch(`./api/v1/admin${path}${search}`, {
      method,
      headers: { Authorization: `Bearer ${tab.get(KEY) ?? ""}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(SECONDS * 1000),
    });
    read = await answer.json();
  } catch {
    throw new Refusal("unavailable", "The server does not answer.");
  }
  if (answer.ok) return read as T;
  const { code, message } = (read as { error: { code: string; message: string } }).error;
  const refusal = new Refusal(code, message);
  if (SIGNED_OUT.has(code)) {
    setToken("");
    turnedAway(refusal);
  }
  throw refusal;
}

export const get = <T>(path: string, query: Query = {}): Promise<T> => ask<T>("GET", path, { query });
