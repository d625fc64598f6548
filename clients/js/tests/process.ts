// A real Meeple server in a process of its own, with its data in a folder of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PYTHON =
  process.env["MEEPLE_PYTHON"] ??
  fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));

export class ServerProcess {
  url = "";
  /** What it wrote. */
  output = "";
  #port = "0";
  readonly #secret = randomBytes(32).toString("hex");
  #process: ChildProcess | undefined;

  private constructor(readonly folder: string) {}

  static async start(): Promise<ServerProcess> {
    const server = new ServerProcess(await mkdtemp(join(tmpdir(), "meeple-")));
    await server.start();
    return server;
  }

  /** Starts (again, on the same port and data); returns once it listens. */
  async start(): Promise<void> {
    const child = spawn(PYTHON, ["-m", "meeple", "serve", "--port", this.#port], {
      env: { ...process.env, MEEPLE_DATA: this.folder, MEEPLE_SECRET: this.#secret },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    const lines = createInterface({ input: child.stderr });
    const url = await new Promise<string>((resolve, reject) => {
      lines.on("line", (line) => {
        const text = line.replace(/\u001b\[[0-9;]*m/g, "");
        this.output += `${text}\n`;
        const found = text.includes("listening") && /url=(\S+)/.exec(text)?.[1];
        if (found) resolve(found);
      });
      child.once("exit", () => reject(new Error(`it did not start:\n${this.output}`)));
    });
    this.url = url;
    this.#port = new URL(url).port;
  }

  /** A token of this user that is good for so many seconds. */
  token(userId: string, ttl: number): string {
    const claims = { sub: userId, name: "Ann", exp: Math.floor(Date.now() / 1000) + ttl };
    const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((one) =>
      Buffer.from(JSON.stringify(one)).toString("base64url"),
    );
    const signature = createHmac("sha256", this.#secret).update(parts.join("."));
    return [...parts, signature.digest("base64url")].join(".");
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill("SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }
}
