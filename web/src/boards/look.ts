// How the board of each game looks. What is not here looks plain, and is played all the same.

export interface Look {
  /** What a cell is. */
  cells: "plain" | "checkered" | "lines" | "holes" | "felt" | "points" | "marks";
  /** What the words of pieces stand for. */
  pieces: "chess" | "letters" | "round";
  /** Colours of the seats: dark and light, or one each. */
  tones: "ink" | "ink-white-first" | "seats";
  /** The seat that plays up the board, who sees it as it is sent; the others see it turned. */
  bottom?: number;
  /** A click anywhere in a column is meant for the cell where the disc comes to lie. */
  falls?: boolean;
  /** For letters: an opponent's piece looks the other way. */
  turned?: boolean;
}

const CHESS: Look = { cells: "checkered", pieces: "chess", tones: "ink-white-first", bottom: 1 };
const STONES: Look = { cells: "lines", pieces: "round", tones: "ink" };
const PLAIN: Look = { cells: "plain", pieces: "round", tones: "seats" };
const CHECKERED: Look = { cells: "checkered", pieces: "round", tones: "seats" };
const MARKS: Look = { cells: "marks", pieces: "round", tones: "seats" };
const HOLES: Look = { cells: "holes", pieces: "round", tones: "seats", falls: true };

const LOOKS: Record<string, Look> = {
  "tic-tac-toe": MARKS,
  "connect-four": HOLES,
  "openspiel:tic_tac_toe": MARKS,
  "openspiel:phantom_ttt": MARKS,
  "openspiel:mnk": MARKS,
  "openspiel:connect_four": HOLES,
  "openspiel:chess": CHESS,
  "openspiel:antichess": CHESS,
  "openspiel:crazyhouse": CHESS,
  "openspiel:dark_chess": CHESS,
  "openspiel:kriegspiel": CHESS,
  "openspiel:rbc": CHESS,
  "openspiel:breakthrough": { ...CHESS, bottom: 1 },
  "openspiel:amazons": { ...CHESS, tones: "ink-white-first" },
  "openspiel:checkers": { ...CHECKERED, tones: "ink-white-first", bottom: 0 },
  "openspiel:clobber": { ...CHECKERED, tones: "ink" },
  "openspiel:lines_of_action": { ...CHECKERED, tones: "ink" },
  "openspiel:go": STONES,
  "openspiel:phantom_go": STONES,
  "openspiel:gomoku": STONES,
  "openspiel:othello": { cells: "felt", pieces: "round", tones: "ink" },
  "openspiel:xiangqi": { cells: "lines", pieces: "letters", tones: "seats", bottom: 0 },
  "openspiel:shogi": { cells: "plain", pieces: "letters", tones: "seats", bottom: 0, turned: true },
  "openspiel:backgammon": { cells: "points", pieces: "round", tones: "ink" },
};

export const lookOf = (engine: string): Look => LOOKS[engine] ?? PLAIN;

/** The class of a seat's colour on this board. */
export function toneOf(look: Look, seat: number | null): string {
  if (seat === null) return "tone-none";
  if (look.tones === "seats") return `tone-${seat % 6}`;
  const dark = look.tones === "ink" ? 0 : look.bottom === 0 ? 1 : 0;
  return seat === dark ? "tone-dark" : "tone-light";
}
