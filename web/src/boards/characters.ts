// Pieces of shogi and xiangqi as their characters, where this machine has a font that knows them.
import type { Cell } from "./model";

const SHOGI: Readonly<Record<string, string>> = {
  king: "王",
  rook: "飛",
  bishop: "角",
  gold: "金",
  silver: "銀",
  knight: "桂",
  lance: "香",
  pawn: "歩",
  "promoted rook": "龍",
  "promoted bishop": "馬",
  "promoted silver": "全",
  "promoted knight": "圭",
  "promoted lance": "杏",
  "promoted pawn": "と",
};
/** The two sides of xiangqi write theirs each in their own way; seat 0 is red. */
const XIANGQI: Readonly<Record<string, string>> = {
  general: "帥將",
  advisor: "仕士",
  elephant: "相象",
  horse: "傌馬",
  chariot: "俥車",
  cannon: "炮砲",
  soldier: "兵卒",
};
const SIZE = 16;

let known: boolean | null = null;

/** The character of a piece; undefined if there is none, or no font for it. */
export function characterOf({ piece, seat }: Cell): string | undefined {
  const character = SHOGI[piece] ?? XIANGQI[piece]?.[seat ?? 0];
  if (character === undefined) return undefined;
  known ??= isDrawn("王");
  return known ? character : undefined;
}

/** A character that no font has looks like one that cannot exist. */
function isDrawn(character: string): boolean {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (context === null) return false;
  const [own, none] = [character, "\u{10fffe}"].map((one) => {
    context.clearRect(0, 0, SIZE, SIZE);
    context.font = `${SIZE - 2}px sans-serif`;
    context.fillText(one, 0, SIZE - 2);
    return context.getImageData(0, 0, SIZE, SIZE).data.join();
  });
  return own !== none;
}
