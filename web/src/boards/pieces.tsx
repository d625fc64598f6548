// What stands in a cell, as SVG around (0, 0) in a cell of 10 by 10.
import sprite from "cm-chessboard/assets/pieces/standard.svg?url";
import { toneOf, type Look } from "./look";
import type { Cell } from "./model";

const CHESS: Record<string, string> = {
  pawn: "p",
  knight: "n",
  bishop: "b",
  rook: "r",
  queen: "q",
  king: "k",
  amazon: "q",
};

export function Piece({ cell, look, turned }: { cell: Cell; look: Look; turned?: boolean }) {
  const tone = toneOf(look, cell.seat);
  const letter = CHESS[cell.piece];
  if (look.pieces === "chess" && letter) {
    const color = tone === "tone-light" ? "w" : "b";
    return <use href={`${sprite}#${color}${letter}`} transform="translate(-5 -5) scale(.25)" />;
  }
  if (look.pieces === "letters") return <Letters cell={cell} tone={tone} turned={!!turned} look={look} />;
  switch (cell.piece) {
    case "x":
      return <path class={`mark ${tone}`} d="M-2.6-2.6 2.6 2.6M2.6-2.6-2.6 2.6" />;
    case "o":
      return <circle class={`mark ${tone}`} r="2.9" />;
    case "arrow":
      return <circle class="arrow" r="2.6" />;
    case "unknown":
      return (
        <g class="unknown">
          <circle r="3.6" />
          <text dy=".35em">?</text>
        </g>
      );
    default:
      return <Round cell={cell} tone={tone} />;
  }
}

const ROUND = new Set(["stone", "disc", "man", "king", "checker"]);

function Round({ cell, tone }: { cell: Cell; tone: string }) {
  const known = ROUND.has(cell.piece);
  return (
    <g class={`round ${tone}`}>
      <circle r="4.1" />
      {cell.piece !== "stone" && cell.piece !== "disc" && <circle class="rim" r="3" />}
      {cell.piece === "king" && <path class="crown" d="M-2 1.3-2.3-1.2-.9 0 0-1.9.9 0 2.3-1.2 2 1.3z" />}
      {!known && <text dy=".35em">{initials(cell.piece)}</text>}
      {cell.count !== undefined && cell.count > 1 && <text dy=".35em">{cell.count}</text>}
    </g>
  );
}

function Letters({ cell, tone, turned, look }: { cell: Cell; tone: string; turned: boolean; look: Look }) {
  const [last = "", promoted] = cell.piece.split(" ").reverse();
  const text = initials(last === "knight" ? "n" : last);
  return (
    <g class={`letters ${tone}`} transform={turned ? "rotate(180)" : undefined}>
      {look.turned ? <path d="M0-4.3 2.9-3 3.8 4.1H-3.8L-2.9-3z" /> : <circle r="4.1" />}
      <text dy=".38em" class={promoted ? "promoted" : undefined}>
        {promoted ? `+${text}` : text}
      </text>
    </g>
  );
}

const initials = (word: string): string => word.charAt(0).toUpperCase();
