import { useState } from "preact/hooks";
import { tableAddress, whole } from "../router";
import { lazy } from "./lazy";

const QrCode = lazy(() => import("./qr"));

/** The link that invites somebody to a table. */
export function Invite({ id }: { id: string }) {
  const link = whole(tableAddress(id));
  return (
    <section class="invite card-box" aria-label="Invite">
      <div>
        <h2>Invite somebody</h2>
        <p>Send this link, or have the code scanned. The game starts when the table is full.</p>
        <Copy text={link} what="Copy the link" label="Invitation link" />
        <p class="fine">
          To try it alone, <a href={`${tableAddress(id)}?new-player`} target="_blank" rel="noopener">open a second player</a> in
          another tab.
        </p>
      </div>
      <QrCode text={link} />
    </section>
  );
}

/** A text to take along. */
export function Copy({ text, what, label }: { text: string; what: string; label: string }) {
  const [copied, setCopied] = useState(false);
  async function copy(input: HTMLInputElement | null): Promise<void> {
    input?.select();
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // On a plain http address there is no clipboard: it is selected, to be copied by hand.
    }
  }
  return (
    <div class="copy">
      <input readOnly value={text} aria-label={label} onFocus={(event) => event.currentTarget.select()} />
      <button
        onClick={(event) =>
          void copy(event.currentTarget.parentElement?.querySelector("input") ?? null)
        }
      >
        {copied ? "Copied ✓" : what}
      </button>
    </div>
  );
}
