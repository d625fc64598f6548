import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The pieces of chess are under a licence of their own, which their file says and the package's does not.
const PIECES = `Chess pieces: copies from Wikimedia Commons (https://commons.wikimedia.org/wiki/Category:SVG_chess_pieces/Standard)
by Cburnett and Rfc1394, modified by Stefan Haack for cm-chessboard.
Licence: Attribution-ShareAlike 3.0 Unported (https://creativecommons.org/licenses/by-sa/3.0/).
`;

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
      const source = `This page contains:\n\n${[...texts, PIECES].join(`\n${"-".repeat(72)}\n\n`)}`;
      this.emitFile({ type: "asset", fileName: "licences.txt", source });
    },
  };
}

// The page's Content-Security-Policy allows styles that a script sets, and no attribute `style`. The one
// place where cm-chessboard writes that attribute, while a piece is dragged, is put in the other form.
function stylesByScript() {
  const written = /\.setAttribute\(\s*"style",\s*(`[^`]*`|"[^"]*")\s*\)/g;
  return {
    name: "styles-by-script",
    transform(code, id) {
      if (!id.includes("cm-chessboard/src/view/VisualMoveInput.js")) return null;
      if (!written.test(code)) throw new Error("cm-chessboard has changed: look at stylesByScript");
      return { code: code.replace(written, ".style.cssText = $1"), map: null };
    },
  };
}

// For `npm run dev`: where `meeple serve` listens.
const server = process.env.MEEPLE_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "./",
  plugins: [licences(), stylesByScript()],
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  resolve: {
    alias: { "@meeple/client": fileURLToPath(new URL("../clients/js/src/index.ts", import.meta.url)) },
    // The client's sources are taken as they are; what they need is installed here.
    dedupe: ["socket.io-client"],
  },
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
