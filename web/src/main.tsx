import { render } from "preact";
import { bring, separateTab } from "./account";
import { App } from "./app";
import { applyTheme } from "./settings";
import "./style/base.css";
import "./style/lobby.css";
import "./style/table.css";
import "./style/small.css";

/** What an address may bring: a token, or that this tab is another player. It does not stay there. */
function arrive(): void {
  const [path = "", query = ""] = location.hash.split("?", 2);
  const token = /[#&]token=([^&]+)/.exec(path)?.[1] ?? new URLSearchParams(query).get("token");
  const game = /[#&]game=([\w-]+)/.exec(path)?.[1];
  if (token) {
    separateTab();
    try {
      bring(decodeURIComponent(token));
    } catch {
      // It is none: then a name is asked for.
    }
  } else if (query === "new-player") separateTab();
  else return;
  const hash = path.startsWith("#/") ? path : game ? `#/game/${game}` : "#/";
  history.replaceState(null, "", hash);
}

applyTheme();
arrive();
window.addEventListener("hashchange", arrive);
const root = document.getElementById("app") as HTMLElement;
root.replaceChildren();
render(<App />, root);
