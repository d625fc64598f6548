// Just enough to write elements down; no markup is ever parsed.

export type Child = Node | string | number | null | undefined | false;
type Value = string | number | boolean | null | undefined | ((event: never) => void);
export type Props = Record<string, Value>;

const SVG = "http://www.w3.org/2000/svg";

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  set(element, props);
  fill(element, ...children);
  return element;
}

export function svg(tag: string, props: Props = {}, ...children: SVGElement[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  set(element, props);
  element.append(...children);
  return element;
}

/** Attributes and listeners (`onclick`); an attribute goes by false or null. */
export function set(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (value === false || value == null) {
      element.removeAttribute(name);
    } else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
}

/** Replace what is in an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(
    ...children
      .filter((child) => child !== null && child !== undefined && child !== false)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
}

/** Change a text only if it differs, so that a screen reader says it once. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that stays in reach of the keyboard while it is not to be used. */
export function usable(button: HTMLButtonElement, can: boolean): void {
  set(button, { "aria-disabled": can ? null : "true" });
}

/** Arrow keys go from button to button of a board. */
export function arrows(board: HTMLElement, columns: number): void {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  };
  board.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    const buttons = [...board.querySelectorAll<HTMLButtonElement>("button:not([hidden])")];
    const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (step === undefined || here < 0) return;
    event.preventDefault();
    buttons[here + step]?.focus();
  });
}
