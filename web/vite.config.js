import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// Whoever passes the built page on passes on other people's code: their licences go along.
function licences() {
  return {
    name: "licences",
    generateBundle(_options, bundle) {
      const folders = new Set();
      for (const part of Object.values(bundle)) {
        for (const id of part.moduleIds ?? []) {
          const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(id.replace(/^\0/, ""));
          if (found) folders.add(found[0]);
        }
      }
      const texts = [...folders].sort().map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json")));
        const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
        if (!file) throw new Error(`${name} has no licence file in ${dirname(folder)}`);
        return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
      });
      const source = `This page contains:\n\n${texts.join(`\n${"-".repeat(72)}\n\n`)}`;
      this.emitFile({ type: "asset", fileName: "licences.txt", source });
    },
  };
}

// For `npm run dev`: where `meeple serve` listens.
const server = process.env.MEEPLE_URL ?? "http://127.0.0.1:8000";

// Its source and not its build, so that a change shows at once.
const client = fileURLToPath(new URL("../clients/js/src/index.ts", import.meta.url));

export default defineConfig({
  base: "./",
  plugins: [licences()],
  resolve: { alias: { "@meeple/client": client } },
  build: {
    outDir: "../src/meeple/web",
    emptyOutDir: true,
    target: "es2022",
    // Nothing inline: the page is served under a strict Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    fs: { allow: [".."] },
    proxy: {
      "/api": server,
      "/health": server,
      "/socket.io": { target: server, ws: true },
    },
  },
});
