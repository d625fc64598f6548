// The connection and the requests of whoever plays here now.
import { Client, MeepleError, Rest } from "@meeple/client";
import { account, renew, type Account } from "./account";

const STALE = new Set(["invalid_token", "token_expired"]);

const token = async (): Promise<string> => (account() ?? (await renew())).token;

/** Requests in nobody's name. */
export const strangers = new Rest();
const signed = new Rest({ token });

/** A request in the account's name; a guest whom the server no longer knows comes anew. */
export async function ask<T>(request: (rest: Rest) => Promise<T>): Promise<T> {
  try {
    return await request(signed);
  } catch (error) {
    const stale = error instanceof MeepleError && STALE.has(error.code);
    if (!stale || !account()?.guest) throw error;
    await renew();
    return request(signed);
  }
}

/** A request in the account's name, or, if nobody plays here, in nobody's. */
export const look: typeof ask = (request) => (account() ? ask(request) : request(strangers));

let open: { readonly who: string; readonly client: Client } | null = null;

/** The account's connection: one for the page, whatever it shows. */
export function clientOf(who: Account): Client {
  if (open?.who !== who.token) {
    open?.client.close();
    open = { who: who.token, client: new Client({ token }) };
  }
  return open.client;
}
