import type { Json } from "@meeple/client";
import type { Board, Play } from "./board";
import { connectFour } from "./connect_four";
import { generic } from "./generic";
import { goofspiel } from "./goofspiel";
import { ticTacToe } from "./tic_tac_toe";

/** Gives null for a view that it does not know: then the table is the generic one. */
type Draw = (play: Play, view: Json) => Board | null;

const BOARDS: Record<string, Draw> = {
  "tic-tac-toe": ticTacToe,
  "connect-four": connectFour,
  goofspiel,
};

export const boardFor = (engine: string, view: Json, play: Play): Board =>
  BOARDS[engine]?.(play, view) ?? generic(play);
