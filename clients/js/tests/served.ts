// A real server for all tests of a file, and the clients that each leaves open.
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Client } from "../src/index.js";
import { ServerProcess } from "./process.js";

export let server: ServerProcess;
/** Closed after each test. */
export const open: Client[] = [];

/** Called once in a file of tests. */
export function serve(): void {
  beforeAll(async () => {
    server = await ServerProcess.start();
  });
  afterEach(() => open.splice(0).forEach((client) => client.close()));
  afterAll(async () => {
    await server.stop();
    expect(server.output).not.toContain("Traceback");
  });
}
