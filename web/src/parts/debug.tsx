// The debug panel beside a table, for authors; on most servers there is none.
import { useState } from "preact/hooks";
import { devMode } from "../dev/mode";
import { devAddress } from "../router";
import { lazy } from "./lazy";

const Panel = lazy(async () => ({ default: (await import("../dev/panel")).Panel }));

export function Debug({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  if (!devMode) return null;
  return (
    <section class={`debug ${open ? "open" : ""}`} aria-label="Debug">
      <p>
        <button class="small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Close" : "Debug"}
        </button>
        {open && <a href={devAddress(id)}>As a page</a>}
      </p>
      {open && <Panel id={id} />}
    </section>
  );
}
