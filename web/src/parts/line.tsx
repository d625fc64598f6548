// The state of the line, said quietly.
import type { ConnectionState } from "@meeple/client";

/** Shown while there is no connection; the table stays in view. */
export function Banner({ line, kept }: { line: ConnectionState | undefined; kept: boolean }) {
  if (!line || (line.status === "online" && !line.error)) return null;
  const text = line.error
    ? line.error.message
    : line.status === "draining"
      ? "The server is restarting; you are taken to another one."
      : line.status === "offline"
        ? `Connection lost. Reconnecting …${kept ? " Your move is kept." : ""}`
        : "";
  return text ? (
    <p class="banner" role="status">
      {text}
    </p>
  ) : null;
}

export function Latency({ line }: { line: ConnectionState | undefined }) {
  if (!line) return null;
  const { status, latency } = line;
  const quality = status !== "online" ? "off" : latency === null || latency < 150 ? "good" : latency < 400 ? "fair" : "poor";
  const text = status === "online" ? (latency === null ? "online" : `${Math.round(latency)} ms`) : "…";
  return (
    <span class={`latency ${quality}`} title={`Connection: ${status}`}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}
