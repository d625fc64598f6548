import { h, say } from "../dom";

const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);

export const linkTo = (game: string): string => `${location.href.split("#")[0]}#/game/${game}`;

/** The link to send to the others. */
export function invitation(game: string): HTMLElement {
  const url = linkTo(game);
  const input = h("input", { id: "link", readonly: true, value: url });
  input.addEventListener("focus", () => input.select());
  const told = h("span", { class: "told", role: "status" });

  async function copy(): Promise<void> {
    say(told, (await copied(url, input)) ? "Copied." : "Select the link and copy it.");
    window.setTimeout(() => say(told, ""), 3_000);
  }

  const button = h("button", { type: "button", class: "main", onclick: () => void copy() }, "Copy");
  // Opens with an account of its own, to try both sides by oneself.
  const twin = h("a", { href: `${url}/new-player`, target: "_blank", rel: "noopener" });
  twin.textContent = "Try it yourself: open a second player in a new tab";
  return h(
    "section",
    { class: "invitation" },
    h("h2", {}, "Invite"),
    h("label", { for: "link" }, "Whoever opens this link can sit down:"),
    h("div", { class: "row" }, input, button),
    told,
    HERE.has(location.hostname) &&
      h(
        "p",
        { class: "hint" },
        "This address leads to this computer alone. For a friend on another device, serve with ",
        h("code", {}, "--host 0.0.0.0"),
        " and open the page under this computer's address in your network.",
      ),
    h("p", { class: "hint" }, twin),
  );
}

async function copied(text: string, input: HTMLInputElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is no clipboard on a plain http address: the old way still works there.
    input.select();
    return document.execCommand("copy");
  }
}
