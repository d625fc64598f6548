// Chess on cm-chessboard: drag, click, promotion, last move, premove. Beneath it lies a grid of
// squares that is ours: it has the colours, and the keyboard and screen readers use it.
import { Chessboard, INPUT_EVENT_TYPE, type MoveInput } from "cm-chessboard/src/Chessboard.js";
import { PromotionDialog } from "cm-chessboard/src/extensions/promotion-dialog/PromotionDialog.js";
import "cm-chessboard/assets/chessboard.css";
import "cm-chessboard/assets/extensions/promotion-dialog/promotion-dialog.css";
import sprite from "cm-chessboard/assets/pieces/standard.svg?url";
import { useEffect, useRef, useState } from "preact/hooks";
import { still } from "../motion";
import type { BoardProps, Cell, Grid, Move } from "./model";
import { meant } from "./model";
import { Question, usePicking } from "./picking";
import "./chess.css";

const LETTERS: Record<string, string> = {
  pawn: "p",
  knight: "n",
  bishop: "b",
  rook: "r",
  queen: "q",
  king: "k",
};
const WHITE = 1;
const FILES = "abcdefgh";

type Premove = readonly [number, number];

const squareOf = (cell: number): string => `${FILES[cell % 8]}${8 - Math.floor(cell / 8)}`;
const cellOf = (square: string): number =>
  (8 - Number(square[1])) * 8 + FILES.indexOf(square[0] ?? "a");

function fenOf(cells: (Cell | null)[]): string {
  const letters = cells.map((cell) => {
    const letter = cell ? (LETTERS[cell.piece] ?? "p") : "1";
    return cell?.seat === WHITE ? letter.toUpperCase() : letter;
  });
  const rows = Array.from({ length: 8 }, (_, row) => letters.slice(row * 8, row * 8 + 8).join(""));
  return rows.join("/").replace(/1+/g, (empty) => String(empty.length));
}

export function ChessBoard(props: BoardProps & { board: Grid }) {
  const { state, board, moves, mayAct, pending, act, flip } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<Chessboard | null>(null);
  const [premove, setPremove] = useState<Premove | null>(null);
  const [held, setHeld] = useState<number | null>(null);
  const picking = usePicking({ moves, mayAct, act, seq: state.seq });
  const color = state.seat === null ? null : state.seat === WHITE ? "w" : "b";
  const orientation: "w" | "b" = (color === "b") !== flip ? "b" : "w";
  const playing = color !== null && state.status === "live";
  // The board calls with what is true at that moment.
  const now = useRef(props);
  now.current = props;

  useEffect(() => {
    const made = new Chessboard(place.current as HTMLElement, {
      position: fenOf(board.cells),
      orientation,
      assetsCache: false,
      style: {
        borderType: "none",
        showCoordinates: false,
        pieces: { file: new URL(sprite, document.baseURI).href },
        animationDuration: still() ? 0 : 160,
      },
      extensions: [{ class: PromotionDialog, props: { language: "en" } }],
    });
    view.current = made;
    // What stands where is said by the squares; only the choice of a promotion is the picture's.
    place.current?.querySelector("svg")?.setAttribute("role", "presentation");
    return () => {
      made.destroy();
      view.current = null;
    };
  }, []);

  // What was begun for the last position is not meant any more.
  useEffect(() => setHeld(null), [state.seq, playing]);

  const side = useRef(orientation);
  side.current = orientation;
  const turning = useRef(false);
  useEffect(() => void turn(), [orientation]);

  /** Turn the board to the side that is wanted; it turns but once at a time. */
  async function turn(): Promise<void> {
    if (turning.current) return;
    turning.current = true;
    while (view.current && view.current.getOrientation() !== side.current) {
      await view.current.setOrientation(side.current);
    }
    turning.current = false;
  }

  const fen = fenOf(board.cells);
  useEffect(() => {
    if (pending === undefined) void view.current?.setPosition(fen, !still());
  }, [fen, pending === undefined]);

  useEffect(() => {
    if (!playing || color === null) return;
    view.current?.enableMoveInput(onInput, color);
    return () => view.current?.disableMoveInput();
  }, [playing, color]);

  useEffect(() => {
    if (!mayAct || premove === null) return;
    setPremove(null);
    const found = between(moves, ...premove);
    // A premove makes a queen: there is no time to ask.
    const move = found.find(({ text }) => text.includes("=Q")) ?? found[0];
    if (move) act(move.action);
  }, [mayAct, state.seq]);

  function onInput(event: MoveInput): boolean | void {
    const { mayAct, moves, act, pending, state } = now.current;
    if (event.type === INPUT_EVENT_TYPE.moveInputStarted) {
      const from = cellOf(event.squareFrom);
      const may = pending === undefined && (!mayAct || meant(moves, [from]).length > 0);
      setHeld(may ? from : null);
      setPremove(null);
      picking.clear();
      return may && state.status === "live";
    }
    if (event.type === INPUT_EVENT_TYPE.validateMoveInput) {
      const [from, to] = [cellOf(event.squareFrom), cellOf(event.squareTo)];
      setHeld(null);
      if (!mayAct) {
        setPremove([from, to]);
        return false;
      }
      const found = between(moves, from, to);
      if (found.length > 0) show(from, to);
      if (found.length === 1 && found[0]) act(found[0].action);
      else if (found.length > 1) promote(found, event.squareTo);
      // It has been shown. The library's own way is confused by a press elsewhere while a man moves.
      return false;
    }
    if (event.type === INPUT_EVENT_TYPE.moveInputCanceled) setHeld(null);
  }

  /** Have the man stand there at once, while the move is on its way. */
  function show(from: number, to: number): void {
    const cells = [...now.current.board.cells];
    [cells[from], cells[to]] = [null, cells[from] ?? null];
    const dragged = document.querySelector(".cm-chessboard-draggable-piece") !== null;
    void view.current?.setPosition(fenOf(cells), !dragged && !still());
  }

  function promote(found: Move[], square: string): void {
    const { act, board } = now.current;
    view.current?.showPromotionDialog(square, color ?? "w", ({ piece }) => {
      const wanted = `=${piece?.[1]?.toUpperCase()}`;
      const move = found.find(({ text }) => text.includes(wanted));
      if (move) act(move.action);
      else void view.current?.setPosition(fenOf(board.cells), true);
    });
  }

  const path = held === null ? picking.picked : [held];
  const targets = new Set(
    mayAct && path.length > 0 ? meant(moves, path).map((move) => move.path[path.length]) : [],
  );
  const cells = board.cells.map((_, cell) => cell);
  const order = orientation === "w" ? cells : cells.reverse();
  return (
    <div class="chess-board">
      <Squares
        order={order}
        board={board}
        classOf={(cell) =>
          [
            board.last?.includes(cell) && "last",
            path.includes(cell) && "picked",
            premove?.includes(cell) && "premove",
            targets.has(cell) && (board.cells[cell] ? "capture" : "target"),
          ]
            .filter(Boolean)
            .join(" ")
        }
        possible={(cell) => picking.next.has(cell)}
        press={picking.click}
        cancel={() => {
          view.current?.cancelMoveInput();
          picking.clear();
          setPremove(null);
        }}
      />
      <div class="men" ref={place} />
      {premove && (
        <button class="quiet small premove-note" onClick={() => setPremove(null)}>
          Premove {squareOf(premove[0])}–{squareOf(premove[1])} ✕
        </button>
      )}
      <Question picking={picking} />
    </div>
  );
}

const between = (moves: readonly Move[], from: number, to: number): Move[] =>
  moves.filter(({ path }) => path.length === 2 && path[0] === from && path[1] === to);

interface SquaresProps {
  order: number[];
  board: Grid;
  classOf: (cell: number) => string;
  possible: (cell: number) => boolean;
  press: (cell: number) => void;
  cancel: () => void;
}

const STEPS: Record<string, number> = { ArrowUp: -8, ArrowDown: 8, ArrowLeft: -1, ArrowRight: 1 };

function Squares({ order, board, classOf, possible, press, cancel }: SquaresProps) {
  const [focus, setFocus] = useState(52);
  const root = useRef<HTMLDivElement>(null);

  function keys(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const here = order.indexOf(focus);
      if (Math.abs(step) === 1 && Math.floor((here + step) / 8) !== Math.floor(here / 8)) return;
      const next = order[here + step];
      if (next === undefined) return;
      setFocus(next);
      root.current?.querySelector<HTMLElement>(`[data-cell="${next}"]`)?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      press(focus);
    } else if (event.key === "Escape") cancel();
  }

  const rows = Array.from({ length: 8 }, (_, row) => order.slice(row * 8, row * 8 + 8));
  return (
    <div class="squares" role="grid" aria-label="Chess board" ref={root} onKeyDown={keys}>
      {rows.map((row, down) => (
        <div role="row" key={down}>
          {row.map((cell, right) => {
            const on = board.cells[cell];
            const what = on ? `${on.seat === WHITE ? "white" : "black"} ${on.piece}` : "empty";
            return (
              <div
                key={cell}
                role="gridcell"
                data-cell={cell}
                class={`${(Math.floor(cell / 8) + cell) % 2 ? "dark" : "light"} ${classOf(cell)}`}
                tabIndex={cell === focus ? 0 : -1}
                aria-label={`${squareOf(cell)}: ${what}${possible(cell) ? ", possible" : ""}`}
                onFocus={() => setFocus(cell)}
              >
                {right === 0 && <i class="rank" data-label={squareOf(cell)[1]} />}
                {down === 7 && <i class="file" data-label={squareOf(cell)[0]} />}
              </div>
            );
          })}
        </div>
      ))}
    </div>
  );
}
