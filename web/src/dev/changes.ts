// What differs between two JSON values.
import { isRecord } from "../boards/model";
import type { Json } from "../wire";

/** Undefined: it is not there. */
export interface Change {
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Changes that are listed, at most. */
const MOST = 200;

export const joined = (path: string, key: string | number): string =>
  typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;

export function changes(before: Json | undefined, after: Json | undefined, path = "", found: Change[] = []): Change[] {
  if (before === after || found.length >= MOST) return found;
  if (Array.isArray(before) && Array.isArray(after) && !shifted(before, after)) {
    const longest = Math.max(before.length, after.length);
    for (let at = 0; at < longest; at++) changes(before[at], after[at], joined(path, at), found);
  } else if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      changes(before[key], after[key], joined(path, key), found);
    }
  } else found.push({ path, before, after });
  return found;
}

/** Of a list of plain values that has grown or shrunk, all of it is said: what moved up did not change. */
const shifted = (before: readonly Json[], after: readonly Json[]): boolean =>
  before.length !== after.length && [...before, ...after].every((one) => one === null || typeof one !== "object");

export const short = (value: Json | undefined): string => {
  if (value === undefined) return "–";
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};
