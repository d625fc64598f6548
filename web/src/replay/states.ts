// The states of a game, entry by entry, as this viewer may see them; pages are kept.
import { look } from "../session";
import { MeepleError, type GameState } from "../wire";

const PAGE = 50;

export interface States {
  /** The state after the entry of this seq; throws `MeepleError`. */
  at(seq: number): Promise<GameState>;
}

interface Page {
  readonly states: readonly GameState[];
}

export function statesOf(id: string): States {
  const pages = new Map<number, Promise<Page>>();

  function pageOf(page: number): Promise<Page> {
    const known = pages.get(page);
    if (known) return known;
    const coming = look((rest) => rest.states(id, page * PAGE, PAGE)) as unknown as Promise<Page>;
    pages.set(page, coming);
    // One that failed is asked for again.
    coming.catch(() => pages.delete(page));
    return coming;
  }

  return {
    async at(seq) {
      const page = Math.floor(seq / PAGE);
      const { states } = await pageOf(page);
      // The next page is here when it is stepped on.
      if (seq % PAGE > PAGE / 2 && states.length === PAGE) void pageOf(page + 1).catch(() => undefined);
      const found = states[seq % PAGE];
      if (!found) throw new MeepleError({ code: "not_found", message: "There is no such move.", retryable: false });
      return found;
    },
  };
}
