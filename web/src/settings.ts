// What a person has set for this browser: light or dark, sound.
import { browser } from "./shelf";

export type Theme = "auto" | "light" | "dark";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

export function theme(): Theme {
  const found = browser.get("meeple.theme") as Theme | null;
  return found && THEMES.includes(found) ? found : "auto";
}

export function setTheme(wanted: Theme): void {
  browser.set("meeple.theme", wanted);
  applyTheme();
}

/** The page as it is set; `auto` is what the system says. */
export function applyTheme(): void {
  const wanted = theme();
  if (wanted === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = wanted;
}

export const isLoud = (): boolean => browser.get("meeple.sound") !== "off";
export const setLoud = (loud: boolean): void => browser.set("meeple.sound", loud ? "on" : "off");
