// Where one is: the part of the address after `#`, which the server never sees.
import { useEffect, useState } from "preact/hooks";

export type Route =
  | { readonly page: "lobby" }
  | { readonly page: "table"; readonly id: string }
  | { readonly page: "replay"; readonly id: string; readonly seq: number | null }
  | { readonly page: "dev"; readonly id: string | null; readonly seq: number | null };

export function routeOf(hash: string): Route {
  const table = /^#\/game\/([\w-]+)$/.exec(hash);
  if (table?.[1]) return { page: "table", id: table[1] };
  const replay = /^#\/game\/([\w-]+)\/(\d+|replay)$/.exec(hash);
  if (replay?.[1]) {
    const seq = replay[2] === "replay" ? null : Number(replay[2]);
    return { page: "replay", id: replay[1], seq };
  }
  const dev = /^#\/dev(?:\/([\w-]+)(?:\/(\d+))?)?$/.exec(hash);
  if (dev) return { page: "dev", id: dev[1] ?? null, seq: dev[2] === undefined ? null : Number(dev[2]) };
  return { page: "lobby" };
}

export const tableAddress = (id: string): string => `#/game/${id}`;
export const replayAddress = (id: string, seq?: number): string => `#/game/${id}/${seq ?? "replay"}`;

/** The debug panel of a table, at an entry or at the last one; without a table, where one begins. */
export const devAddress = (id?: string, seq?: number | null): string =>
  ["#/dev", id, seq].filter((part) => part !== undefined && part !== null).join("/");

/** An address to send to somebody. */
export const whole = (hash: string): string => new URL(hash, location.href).href;

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = (): void => setHash(location.hash);
    window.addEventListener("hashchange", onChange);
    return () => window.removeEventListener("hashchange", onChange);
  }, []);
  return routeOf(hash);
}
