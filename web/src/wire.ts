// Of what the server says, what this page has words of its own for.
import { MeepleError, type EngineInfo, type Json } from "@meeple/client";

export interface Option {
  type?: string;
  description?: string;
  default?: Json;
  minimum?: number;
  maximum?: number;
  enum?: Json[];
}

interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  properties?: Record<string, Option>;
}

/** The house rules that a game has, by name. */
export function optionsOf({ options }: EngineInfo): Record<string, Option> {
  const schema = options as Schema;
  const name = schema.$ref?.split("/").at(-1);
  return (name === undefined ? schema : schema.$defs?.[name])?.properties ?? {};
}

/** Whether the server has refused with one of these codes. */
export const refusedAs = (error: unknown, codes: ReadonlySet<string>): error is MeepleError =>
  error instanceof MeepleError && codes.has(error.code);

/** What to tell a person of a failure. */
export const words = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
