import type { ConnectionState } from "@meeple/client";
import { useState } from "preact/hooks";
import { account, signOut } from "../account";
import { devMode } from "../dev/mode";
import { devAddress } from "../router";
import { isLoud, setLoud, setTheme, theme, type Theme } from "../settings";
import { Latency } from "./line";

const NEXT: Record<Theme, Theme> = { auto: "dark", dark: "light", light: "auto" };
const SIGNS: Record<Theme, string> = { auto: "◐", dark: "☾", light: "☀" };

export function Header({ line, refresh }: { line?: ConnectionState | undefined; refresh: () => void }) {
  const [shown, setShown] = useState(theme());
  const [loud, setIsLoud] = useState(isLoud());
  const me = account();
  const next = (): void => {
    setTheme(NEXT[shown]);
    setShown(NEXT[shown]);
  };
  const leave = (): void => {
    signOut();
    refresh();
  };
  return (
    <header class="masthead">
      <a class="brand" href="#/">
        <img src="./favicon.svg" alt="" width="28" height="28" />
        Meeple
      </a>
      <nav>
        <Latency line={line} />
        {devMode && (
          <a class="button quiet small" href={devAddress()}>
            Debug
          </a>
        )}
        <button
          class="quiet icon"
          aria-label={loud ? "Sound is on" : "Sound is off"}
          aria-pressed={loud}
          title="Sound"
          onClick={() => {
            setLoud(!loud);
            setIsLoud(!loud);
          }}
        >
          {loud ? "♪" : "♪̸"}
        </button>
        <button class="quiet icon" aria-label={`Colours: ${shown}`} title={`Colours: ${shown}`} onClick={next}>
          {SIGNS[shown]}
        </button>
        {me && (
          <button class="quiet me" onClick={leave} title="Be somebody else" aria-label={`You are ${me.name}. Be somebody else`}>
            {me.name}
          </button>
        )}
      </nav>
    </header>
  );
}
