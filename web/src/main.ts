import { Client, type Guest } from "@meeple/client";
import { account, isStale, renew, separateTab } from "./account";
import { game } from "./pages/game";
import { invited } from "./pages/invited";
import { lobby } from "./pages/lobby";
import type { Page } from "./pages/page";
import "./style.css";

const root = document.getElementById("app") as HTMLElement;
let page: Page | null = null;
let connected: { user: string; client: Client } | null = null;

/** The connection of whoever plays here now. */
function clientOf({ user_id, token }: Guest): Client {
  if (connected?.user !== user_id) {
    connected?.client.close();
    const client = new Client({ token });
    connected = { user: user_id, client };
    client.connection.subscribe(({ error }) => {
      // The page that is shown goes on as whom the server knows.
      if (isStale(error)) renew().then(show, () => undefined);
    });
  }
  return connected.client;
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
  else page = game(root, id, clientOf(me), show);
}

window.addEventListener("hashchange", show);
show();
