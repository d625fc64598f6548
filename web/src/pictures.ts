// Small pictures of the games on offer, drawn here.
import { svg, type Props } from "./dom";

const circle = (cx: number, cy: number, r: number, kind: string): SVGElement =>
  svg("circle", { cx, cy, r, class: kind });
const line = (d: string, kind: string): SVGElement => svg("path", { d, class: kind });

function ticTacToe(): SVGElement[] {
  return [
    line("M24 10v44M40 10v44M10 24h44M10 40h44", "stroke-line"),
    line("M12 12l8 8m0-8l-8 8M28 28l8 8m0-8l-8 8", "stroke-0"),
    circle(48, 16, 4.5, "stroke-1"),
    circle(16, 48, 4.5, "stroke-1"),
  ];
}

function connectFour(): SVGElement[] {
  const rows = ["....", ".1..", ".00.", "0110"];
  const cells = rows.flatMap((row, y) =>
    [...row].map((cell, x) =>
      circle(14 + 12 * x, 14 + 12 * y, 4.6, cell === "." ? "fill-paper" : `fill-${cell}`),
    ),
  );
  return [svg("rect", { x: 5, y: 5, width: 54, height: 54, rx: 8, class: "fill-frame" }), ...cells];
}

function cards(): SVGElement[] {
  const card = (turn: number, kind: string): SVGElement => {
    const props: Props = { x: 21, y: 10, width: 22, height: 33, rx: 4, class: kind };
    return svg("rect", { ...props, transform: `rotate(${turn} 32 52)` });
  };
  return [
    card(-22, "edge fill-1"),
    card(0, "edge fill-0"),
    card(22, "edge fill-paper"),
    svg("path", { class: "fill-1", d: "M44 19l5 7-7 5-5-7z" }),
  ];
}

function meeple(): SVGElement[] {
  const d =
    "M32 8a10 10 0 0 1 9 14c7 1.5 16 5 16 10 0 4.5-7.5 5-12.5 4.5 2 6.5 8 13 8 17.3" +
    " 0 2.5-2 4-4.5 4h-9c-2.7 0-4-3.5-7-8.3-3 4.8-4.3 8.3-7 8.3h-9c-2.5 0-4.5" +
    "-1.5-4.5-4 0-4.3 6-10.8 8-17.3C14.5 37 7 36.5 7 32c0-5 9-8.5 16-10A10 10 0 0 1 32 8z";
  return [svg("path", { d, class: "fill-0" })];
}

const PICTURES: Record<string, () => SVGElement[]> = {
  "tic-tac-toe": ticTacToe,
  "connect-four": connectFour,
  goofspiel: cards,
};

export function picture(engine: string): SVGElement {
  const shapes = (PICTURES[engine] ?? meeple)();
  return svg("svg", { viewBox: "0 0 64 64", class: "picture", "aria-hidden": "true" }, ...shapes);
}

/** The sign of a seat: colour and shape, so that neither is needed alone. */
export function mark(seat: number): SVGElement {
  const shapes = [
    () => line("M7 7l10 10m0-10L7 17", "stroke-0"),
    () => circle(12, 12, 6, "stroke-1"),
    () => svg("path", { d: "M12 5l7 13H5z", class: "stroke-2" }),
    () => svg("rect", { x: 6, y: 6, width: 12, height: 12, class: "stroke-3" }),
    () => svg("path", { d: "M12 4l8 8-8 8-8-8z", class: "stroke-4" }),
    () => line("M12 4v16M4 12h16", "stroke-5"),
  ];
  const shape = shapes[seat % shapes.length] as () => SVGElement;
  return svg("svg", { viewBox: "0 0 24 24", class: "mark", "aria-hidden": "true" }, shape());
}
