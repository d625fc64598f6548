import { Rest, type EngineInfo, type GameRow } from "@meeple/client";
import { account, signed, user } from "../account";
import { fill, h } from "../dom";
import { words } from "../wire";
import { gameList, myGame, openGame } from "./games";
import { header } from "./header";
import { nameForm } from "./name_form";
import { newTable } from "./new_table";
import type { Page } from "./page";

const LOOK_MS = 4_000;
const SHOWN = 20;

/** Where one finds a game: make a table, sit down at one, go back to one. */
export function lobby(root: HTMLElement, refresh: () => void): Page {
  document.title = "Meeple";
  const me = account();
  const tables = gameList("No table is waiting for players. Make one!", openGame);
  const mine = gameList("You have not played yet.", (row) => myGame(row, me?.user_id ?? ""));
  const banner = h("p", { class: "banner", role: "status", hidden: true });
  const start = h("section", { class: "start" });
  const main = h(
    "main",
    { class: "lobby" },
    start,
    h("section", {}, h("h2", {}, "Open tables"), tables.element),
    me && h("section", {}, h("h2", {}, "My games"), mine.element),
  );
  fill(root, header(refresh), banner, main);

  const rest = new Rest();
  let engines: EngineInfo[] | null = null;

  async function look(): Promise<void> {
    try {
      engines ??= await offer();
      const open = await rest.games({ status: "open", limit: SHOWN });
      const isMine = (row: GameRow): boolean => row.players.some((one) => one && one.user_id === me?.user_id);
      tables.show(open.games.filter((row) => !isMine(row)));
      if (me) mine.show((await signed((mine) => mine.myGames({ limit: SHOWN }))).games);
      banner.hidden = true;
    } catch (error) {
      fill(banner, `${words(error)} Trying again …`);
      banner.hidden = false;
    }
    // The account was renewed under our hands.
    if (me && user() !== me.user_id && !stopped) refresh();
  }

  async function offer(): Promise<EngineInfo[]> {
    const found = [...(await rest.engines()).engines];
    if (me) fill(start, h("h1", {}, "New table"), newTable(found));
    return found;
  }

  if (!me) {
    fill(
      start,
      h("h1", {}, "Play with a friend"),
      h("p", {}, "Give a name, make a table, send the link. No account, no installation."),
      nameForm("Start", refresh),
    );
  }

  let stopped = false;
  let timer: number | undefined;
  async function keepLooking(): Promise<void> {
    if (!document.hidden) await look();
    if (!stopped) timer = window.setTimeout(() => void keepLooking(), LOOK_MS);
  }
  const onVisible = (): void => {
    if (!document.hidden) void look();
  };
  document.addEventListener("visibilitychange", onVisible);
  void keepLooking();

  return {
    stop(): void {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    },
  };
}
