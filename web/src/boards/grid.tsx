// Any grid, as SVG: by click, by drag, and by the keyboard.
import { useMemo, useRef, useState } from "preact/hooks";
import { nameOf } from "../text";
import { pendingOn, useArrival } from "./arrival";
import { Aside } from "./aside";
import { geometryOf, type Geometry } from "./geometry";
import { Ground, Labels } from "./ground";
import { lookOf, type Look } from "./look";
import { meant, type BoardProps, type Cell, type Grid } from "./model";
import { Piece } from "./pieces";
import { Question, usePicking, type Picking } from "./picking";
import "./grid.css";

const STEPS: Record<string, readonly [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

interface Drag {
  from: number;
  startX: number;
  startY: number;
  x: number;
  y: number;
  moving: boolean;
}

export function GridBoard(props: BoardProps & { board: Grid }) {
  const { state, board, moves, mayAct, act, pending, flip } = props;
  const look = lookOf(state.engine);
  const turned = look.bottom !== undefined && state.seat !== null && state.seat !== look.bottom;
  const flipped = turned !== flip;
  const geometry = useMemo(
    () => geometryOf(board, look, flipped),
    [board.rows, board.columns, board.shape, look, flipped],
  );
  const picking = usePicking({ moves, mayAct, act, seq: state.seq });
  const [focus, setFocus] = useState(() => Math.floor(board.cells.length / 2));
  const svg = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const dragged = useRef(false);
  const shown = pendingOn(board, moves, pending, state.seat);
  useArrival(svg, shown, geometry, look, dragged);

  const press = (cell: number): void => picking.click(look.falls ? landing(cell, board, picking) : cell);

  function keys(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step) {
      event.preventDefault();
      const next = geometry.beside(focus, ...step);
      if (next === null) return;
      setFocus(next);
      svg.current?.querySelector<SVGElement>(`[data-cell="${next}"]`)?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      press(focus);
    } else if (event.key === "Escape") picking.clear();
  }

  // --- dragging -----------------------------------------------------------------------------------

  function point(event: PointerEvent): { x: number; y: number } {
    const matrix = svg.current?.getScreenCTM()?.inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return { x, y };
  }

  function down(event: PointerEvent, cell: number): void {
    if (event.button !== 0 || !mayAct) return;
    const goesOn = meant(moves, [cell]).some(({ path }) => path.length > 1);
    if (!goesOn || !board.cells[cell]) return;
    // The picture must not scroll under the finger.
    (event.currentTarget as Element).releasePointerCapture?.(event.pointerId);
    const { x, y } = point(event);
    setDrag({ from: cell, startX: x, startY: y, x, y, moving: false });
  }

  function move(event: PointerEvent): void {
    if (!drag) return;
    const { x, y } = point(event);
    const moving = drag.moving || Math.hypot(x - drag.startX, y - drag.startY) > 2;
    setDrag({ ...drag, x, y, moving });
  }

  function up(event: PointerEvent): void {
    if (!drag) return;
    const { from, moving } = drag;
    setDrag(null);
    if (!moving) return;
    const target = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-cell]");
    const to = Number(target?.getAttribute("data-cell") ?? Number.NaN);
    suppress.current = true;
    window.setTimeout(() => (suppress.current = false), 0);
    if (Number.isNaN(to) || to === from) return;
    dragged.current = true;
    if (!picking.drop(from, to)) dragged.current = false;
  }
  // The click that follows a drag means nothing.
  const suppress = useRef(false);

  const pad = board.labels ? 4.5 : 0.6;
  const box = `${-pad} -0.6 ${geometry.width + pad + 0.6} ${geometry.height + pad + 0.6}`;
  const next = look.falls ? columnsOf(picking.next, board) : picking.next;
  const hand = drag?.moving ? drag : null;
  return (
    <div class={`grid-board cells-${look.cells} shape-${board.shape}`}>
      <svg
        ref={svg}
        viewBox={box}
        role="grid"
        aria-label="Board"
        aria-readonly={!mayAct}
        class={hand ? "dragging" : undefined}
        style={{ aspectRatio: `${geometry.width + pad + 0.6} / ${geometry.height + pad + 0.6}` }}
        onKeyDown={keys}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => setDrag(null)}
      >
        <Ground board={board} geometry={geometry} look={look} />
        {Array.from({ length: board.rows }, (_, row) => (
          <g role="row" key={row}>
            {Array.from({ length: board.columns }, (_, column) => {
              const cell = row * board.columns + column;
              const { x, y } = geometry.at(cell);
              const on = shown.cells[cell] ?? null;
              const classes = [
                "cell",
                (row + column) % 2 ? "odd" : "even",
                board.last?.includes(cell) && "last",
                board.marked?.includes(cell) && "marked",
                picking.picked.includes(cell) && "picked",
                next.has(cell) && (picking.picked.length ? "target" : "mine"),
              ];
              return (
                <g
                  key={cell}
                  role="gridcell"
                  data-cell={cell}
                  class={classes.filter(Boolean).join(" ")}
                  transform={`translate(${x} ${y})`}
                  tabIndex={cell === focus ? 0 : -1}
                  aria-label={said(board, cell, on, state.players.map(nameOf), next.has(cell))}
                  aria-selected={picking.picked.includes(cell)}
                  onClick={() => {
                    if (suppress.current) return;
                    setFocus(cell);
                    press(cell);
                  }}
                  onPointerDown={(event) => down(event, cell)}
                  onFocus={() => setFocus(cell)}
                >
                  <path class="ground" d={geometry.outline} />
                  {look.cells === "holes" && <circle class="hole" r="4.1" />}
                  {on && (
                    <g class={`piece ${shown.arriving === cell ? "arriving" : ""}`} data-piece={cell}>
                      {hand?.from !== cell && <Stack cell={on} look={look} geometry={geometry} y={y} turned={isTurned(look, on, state.seat, flip)} />}
                    </g>
                  )}
                  <circle class="hint" r={on ? 4.6 : 1.4} />
                  <path class="ring" d={geometry.outline} />
                </g>
              );
            })}
          </g>
        ))}
        <Labels board={board} geometry={geometry} flipped={flipped} />
        {hand && board.cells[hand.from] && (
          <g class="held" transform={`translate(${hand.x} ${hand.y}) scale(1.15)`}>
            <Piece cell={board.cells[hand.from] as Cell} look={look} />
          </g>
        )}
      </svg>
      <Aside board={board} look={look} state={state} />
      <Question picking={picking} />
    </div>
  );
}

const isTurned = (look: Look, cell: Cell, seat: number | null, flip: boolean): boolean =>
  !!look.turned && ((cell.seat !== (seat ?? look.bottom)) !== flip);

/** Several checkers on one point lie one beyond the other; else there is one piece. */
function Stack({ cell, look, geometry, y, turned }: { cell: Cell; look: Look; geometry: Geometry; y: number; turned: boolean }) {
  if (look.cells !== "points") return <Piece cell={cell} look={look} turned={turned} />;
  const up = y > geometry.tall ? -1 : 1;
  const count = cell.count ?? 1;
  return (
    <>
      {Array.from({ length: Math.min(count, 5) }, (_, n) => (
        <g key={n} transform={`translate(0 ${up * (n * 9 - geometry.tall / 2 + 5)})`}>
          <Piece cell={{ ...cell, count: n === 4 ? count - 4 : 1 }} look={look} />
        </g>
      ))}
    </>
  );
}

function landing(cell: number, board: Grid, picking: Picking): number {
  const column = cell % board.columns;
  for (const key of picking.next) {
    if (typeof key === "number" && key % board.columns === column) return key;
  }
  return cell;
}

function columnsOf(next: Picking["next"], board: Grid): Set<number | string> {
  const columns = new Set([...next].map((key) => Number(key) % board.columns));
  return new Set(board.cells.map((_, at) => at).filter((at) => columns.has(at % board.columns)));
}

function said(board: Grid, at: number, on: Cell | null, names: string[], may: boolean): string {
  const { labels, columns } = board;
  const [row, column] = [Math.floor(at / columns), at % columns];
  const name = labels?.columns.length
    ? `${labels.columns[column]}${labels.rows[row]}`
    : `Row ${row + 1}, column ${column + 1}`;
  const count = on?.count && on.count > 1 ? `${on.count} × ` : "";
  const whose = on && on.seat !== null ? ` of ${names[on.seat] ?? `seat ${on.seat + 1}`}` : "";
  const what = on ? `${count}${on.piece}${whose}` : "empty";
  return `${name}: ${what}${may ? ", possible" : ""}`;
}
