// Small pictures of the games on offer, drawn here: a position, or what it is played with.
import { lookOf, toneOf } from "../boards/look";

/** Positions: a letter is a stone of seat 0 (x) or 1 (o), a dot is an empty cell. */
const POSITIONS: Record<string, string[]> = {
  "tic-tac-toe": ["x.o", ".x.", "o.x"],
  tic_tac_toe: ["x.o", ".x.", "o.x"],
  phantom_ttt: ["x.?", "?x.", "..?"],
  "connect-four": [".....", "..x..", ".ox..", ".oxo.", "xxoox"],
  connect_four: [".....", "..x..", ".ox..", ".oxo.", "xxoox"],
  go: [".....", "..ox.", ".oxx.", "..o..", "....."],
  phantom_go: [".....", "..?x.", ".?xx.", "..?..", "....."],
  gomoku: [".....", ".xo..", "..x..", ".o.x.", "....o"],
  othello: [".....", ".xo..", ".ooo.", "..xo.", "....."],
  hex: ["..o.", ".xo.", ".xx.", "o..."],
  dark_hex: ["..?.", ".x?.", ".xx.", "?..."],
  checkers: [".o.o.", "o.o..", "...x.", "x.x..", ".x.x."],
  clobber: ["xoxo", "ox.x", "x.xo", "oxox"],
  lines_of_action: [".xxx.", "o...o", "o...o", "o...o", ".xxx."],
  mnk: ["....", ".xo.", ".ox.", "x..."],
};
const CHESS = ["rnbqk", "pp.pp", "..pP.", "PPP.P", "RNBQK"];
const CHESSES = new Set(["chess", "antichess", "crazyhouse", "dark_chess", "kriegspiel", "rbc", "breakthrough", "amazons"]);
const CARDS = new Set([
  "goofspiel", "duel", "gin_rummy", "hearts", "spades", "bridge", "crazy_eights", "leduc_poker", "kuhn_poker",
  "universal_poker", "blackjack", "cribbage", "euchre", "oh_hell", "skat", "tarok", "dou_dizhu", "go_fish", "hanabi",
  "solitaire", "tiny_bridge_2p", "tiny_bridge_4p", "repeated_leduc_poker", "tiny_hanabi",
]);
const DICE = new Set(["backgammon", "pig", "liars_dice", "liars_dice_ir", "yacht", "einstein_wurfelt_nicht", "maedn", "2048"]);
const GLYPHS: Record<string, string> = { k: "♚", q: "♛", r: "♜", b: "♝", n: "♞", p: "♟" };

const nameOf = (engine: string): string => engine.slice(engine.indexOf(":") + 1).replace(/_ir$/, "");

export function Thumb({ engine }: { engine: string }) {
  const name = nameOf(engine);
  return (
    <svg class="thumb" viewBox="0 0 64 64" aria-hidden="true">
      {CHESSES.has(name) ? (
        <Chess name={name} />
      ) : POSITIONS[name] ? (
        <Stones engine={engine} rows={POSITIONS[name]} />
      ) : CARDS.has(name) ? (
        <CardFan name={name} />
      ) : DICE.has(name) ? (
        <Dice />
      ) : (
        <Initials name={name} />
      )}
    </svg>
  );
}

function Chess({ name }: { name: string }) {
  const rows = name === "breakthrough" ? ["pppp", "pp.p", "..p.", "PPPP"] : name === "amazons" ? ["..q.", "q..x", "..Q.", ".x.Q"] : CHESS;
  const size = 64 / rows.length;
  return (
    <g>
      {rows.flatMap((row, y) =>
        Array.from({ length: rows.length }, (_, x) => {
          const letter = row[x] ?? ".";
          const glyph = GLYPHS[letter.toLowerCase()];
          const side = letter === letter.toUpperCase() ? "tone-light" : "tone-dark";
          return (
            <g key={`${x} ${y}`} transform={`translate(${x * size} ${y * size})`}>
              <rect class={(x + y) % 2 ? "dark" : "light"} width={size + 0.2} height={size + 0.2} />
              {letter === "x" && <circle class="none" cx={size / 2} cy={size / 2} r={size / 4} />}
              {glyph && letter !== "x" && (
                <text class={side} x={size / 2} y={size * 0.8} font-size={size * 0.85}>
                  {glyph}
                </text>
              )}
            </g>
          );
        }),
      )}
    </g>
  );
}

function Stones({ engine, rows }: { engine: string; rows: string[] }) {
  const look = lookOf(engine);
  const hex = /hex/.test(engine);
  const columns = rows[0]?.length ?? 1;
  const size = 60 / (columns + (hex ? (rows.length - 1) / 2 : 0));
  const tall = hex ? size * 0.87 : size;
  const top = (64 - tall * rows.length) / 2;
  return (
    <g>
      <rect class={`ground ${hex ? "marks" : look.cells}`} width="64" height="64" />
      {rows.flatMap((row, y) =>
        [...row].map((letter, x) => {
          const cx = 2 + (x + 0.5 + (hex ? y / 2 : 0)) * size;
          const cy = top + (y + 0.5) * tall;
          const seat = letter === "x" ? 0 : letter === "o" ? 1 : null;
          const r = size * 0.4;
          const mark = look.cells === "marks";
          return (
            <g key={`${x} ${y}`}>
              {look.cells === "lines" && !hex && (
                <path class="line" d={`M${cx - size / 2} ${cy}h${size}M${cx} ${cy - size / 2}v${size}`} />
              )}
              {look.cells === "checkered" && (x + y) % 2 === 1 && (
                <rect class="dark" x={cx - size / 2} y={cy - size / 2} width={size} height={size} />
              )}
              {(look.cells === "plain" || look.cells === "marks" || look.cells === "felt") && !hex && (
                <rect class="box" x={cx - size / 2} y={cy - size / 2} width={size} height={size} />
              )}
              {hex && <circle class="box" cx={cx} cy={cy} r={size * 0.48} />}
              {look.cells === "holes" && seat === null && <circle class="hole" cx={cx} cy={cy} r={r} />}
              {seat !== null && mark && seat === 0 && (
                <path class={`cross ${toneOf(look, 0)}`} d={`M${cx - r * 0.6} ${cy - r * 0.6}l${r * 1.2} ${r * 1.2}m0-${r * 1.2}l-${r * 1.2} ${r * 1.2}`} />
              )}
              {seat !== null && mark && seat === 1 && <circle class={`ringed ${toneOf(look, 1)}`} cx={cx} cy={cy} r={r * 0.7} />}
              {seat !== null && !mark && <circle class={`disc ${toneOf(look, seat)}`} cx={cx} cy={cy} r={r} />}
              {letter === "?" && (
                <text class="unknown" x={cx} y={cy + size * 0.28} font-size={size * 0.8}>
                  ?
                </text>
              )}
            </g>
          );
        }),
      )}
    </g>
  );
}

function CardFan({ name }: { name: string }) {
  const faces = name === "goofspiel" ? ["7", "9", "13"] : name === "duel" ? ["✦", "☾", "❦"] : ["♠", "♥", "♣"];
  return (
    <g>
      <rect class="ground felt-soft" width="64" height="64" />
      {faces.map((face, index) => (
        <g key={face} transform={`rotate(${(index - 1) * 16} 32 70) translate(${20 + (index - 1) * 3} 14)`}>
          <rect class="card" width="24" height="36" rx="3" />
          <text class={face === "♥" || face === "❦" ? "red" : "ink"} x="12" y="25" font-size="18">
            {face}
          </text>
        </g>
      ))}
    </g>
  );
}

function Dice() {
  const die = (x: number, y: number, turn: number, dots: number[][]) => (
    <g transform={`translate(${x} ${y}) rotate(${turn})`}>
      <rect class="card" x="-13" y="-13" width="26" height="26" rx="5" />
      {dots.map(([a = 0, b = 0]) => (
        <circle key={`${a} ${b}`} class="pip" cx={a * 7} cy={b * 7} r="2.6" />
      ))}
    </g>
  );
  return (
    <g>
      <rect class="ground felt-soft" width="64" height="64" />
      {die(22, 24, -12, [[-1, -1], [0, 0], [1, 1]])}
      {die(42, 41, 14, [[-1, -1], [1, -1], [0, 0], [-1, 1], [1, 1]])}
    </g>
  );
}

function Initials({ name }: { name: string }) {
  const letters = name
    .split(/[_-]/)
    .filter((part) => part !== "")
    .map((part) => part.charAt(0).toUpperCase())
    .slice(0, 2)
    .join("");
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 6, 7);
  return (
    <g>
      <rect class={`initials tone-${hue}`} width="64" height="64" />
      <text class="letters" x="32" y="41" font-size="24">
        {letters}
      </text>
    </g>
  );
}
