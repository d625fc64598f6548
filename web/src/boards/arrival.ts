// A piece comes from where it was; one that is on its way is shown as if it had come.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { still } from "../motion";
import { SIZE, type Geometry } from "./geometry";
import type { Look } from "./look";
import type { BoardProps, Cell, Grid } from "./model";

/** The board with the action that is on its way, where that is plain to see. */
export function pendingOn(board: Grid, moves: BoardProps["moves"], pending: BoardProps["pending"], seat: number | null) {
  const cells = [...board.cells];
  let arriving = -1;
  const move = pending === undefined ? undefined : moves.find(({ action }) => action === pending);
  const [from, to] = (move?.path ?? []) as number[];
  if (move?.path.length === 1 && from !== undefined && !cells[from] && seat !== null) {
    const like = board.cells.find((one) => one?.seat === seat);
    const first = board.cells.find(Boolean);
    const piece = like?.piece ?? (first?.piece === "x" ? "o" : first?.piece === "o" ? "x" : first?.piece);
    if (piece || board.cells.every((one) => !one)) {
      cells[from] = { piece: piece ?? (seat === 0 && move.text.startsWith("x") ? "x" : "stone"), seat };
      arriving = from;
    }
  } else if (move?.path.length === 2 && from !== undefined && to !== undefined) {
    cells[to] = cells[from] ?? null;
    cells[from] = null;
    arriving = to;
  }
  return { cells, arriving };
}

/** The piece of the last action comes from where it was. */
export function useArrival(
  svg: { current: SVGSVGElement | null },
  shown: { cells: (Cell | null)[] },
  geometry: Geometry,
  look: Look,
  dragged: { current: boolean },
): void {
  const before = useRef<(Cell | null)[] | null>(null);
  useLayoutEffect(() => {
    const past = before.current;
    before.current = shown.cells;
    if (!past || past.length !== shown.cells.length || still()) return;
    const gone = past.flatMap((one, at) => (one && !shown.cells[at] ? [at] : []));
    const came = shown.cells.flatMap((one, at) => (one && !same(one, past[at]) ? [at] : []));
    if (came.length > 4 || dragged.current) {
      dragged.current = false;
      return;
    }
    for (const at of came) {
      const piece = svg.current?.querySelector(`[data-piece="${at}"]`);
      const now = geometry.at(at);
      const from = gone.find((one) => same(past[one], shown.cells[at]));
      if (from !== undefined) {
        const was = geometry.at(from);
        piece?.animate([{ transform: `translate(${was.x - now.x}px, ${was.y - now.y}px)` }, { transform: "none" }], { duration: 160, easing: "ease-out" });
      } else if (look.falls) {
        const frames = [{ transform: `translateY(${-now.y - SIZE}px)` }, { transform: "none" }];
        piece?.animate(frames, { duration: 90 + now.y * 4, easing: "cubic-bezier(.55,0,.9,.6)" });
      } else {
        piece?.animate([{ transform: "scale(.4)", opacity: 0 }, { transform: "none", opacity: 1 }], { duration: 140, easing: "ease-out" });
      }
    }
  }, [shown.cells.map((one) => (one ? `${one.seat}${one.piece}${one.count ?? ""}` : "")).join()]);
  useEffect(() => {
    before.current = null;
  }, [geometry]);
}

const same = (a: Cell | null | undefined, b: Cell | null | undefined): boolean =>
  a?.piece === b?.piece && a?.seat === b?.seat;
