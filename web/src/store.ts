// Stores of `@meeple/client`, for components.
import type { Readable } from "@meeple/client";
import { useEffect, useState } from "preact/hooks";

/** What a store holds; undefined if there is no store. */
export function useStore<T>(store: Readable<T> | null): T | undefined {
  const [value, setValue] = useState<T | undefined>(() => store?.getSnapshot());
  useEffect(() => {
    if (store === null) return setValue(undefined);
    return store.subscribe((next) => setValue(() => next));
  }, [store]);
  return store === null ? undefined : value;
}

/** The time in milliseconds since 1970, afresh every `ms` while `running`. */
export function useNow(now: () => number, ms: number, running: boolean): number {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!running) return;
    const timer = window.setInterval(() => tick((count) => count + 1), ms);
    return () => window.clearInterval(timer);
  }, [ms, running]);
  return now();
}
