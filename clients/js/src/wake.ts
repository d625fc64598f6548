// What a browser tells of sleep and network; elsewhere, nothing does.

/** Calls when the page is seen again or the network is back; gives what ends it. */
export function onWake(call: () => void): () => void {
  if (typeof document === "undefined" || typeof window === "undefined") return () => undefined;
  const seen = (): void => {
    if (document.visibilityState === "visible") call();
  };
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", call);
  return () => {
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", call);
  };
}
