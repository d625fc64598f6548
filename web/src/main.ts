import { account, separateTab } from "./account";
import { Line } from "./line";
import { game } from "./pages/game";
import { invited } from "./pages/invited";
import { lobby } from "./pages/lobby";
import type { Page } from "./pages/page";
import "./style.css";

const root = document.getElementById("app") as HTMLElement;
let page: Page | null = null;
let line: { user: string; line: Line } | null = null;

/** The connection of whoever plays here now. */
function lineOf(user: string): Line {
  if (line?.user !== user) {
    line?.line.close();
    line = { user, line: new Line() };
  }
  return line.line;
}

function show(): void {
  page?.stop();
  page = null;
  const [, id, extra] = /^#\/game\/([\w-]+)(\/new-player)?$/.exec(location.hash) ?? [];
  if (extra) {
    separateTab();
    history.replaceState(null, "", `#/game/${id}`);
  }
  const me = account();
  if (id === undefined) page = lobby(root, show);
  else if (me === null) page = invited(root, id, show);
  else page = game(root, id, lineOf(me.user_id), show);
}

window.addEventListener("hashchange", show);
show();
