import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A component that is loaded when it is first shown. */
export function lazy<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
): (props: P) => preact.JSX.Element {
  let loaded: ComponentType<P> | null = null;
  return (props) => {
    const [, arrived] = useState(loaded !== null);
    useEffect(() => {
      if (loaded) return;
      let stopped = false;
      void load().then((found) => {
        loaded = found.default;
        if (!stopped) arrived(true);
      });
      return () => {
        stopped = true;
      };
    }, []);
    const Loaded = loaded;
    return Loaded ? <Loaded {...props} /> : <div class="coming" aria-busy="true" />;
  };
}
