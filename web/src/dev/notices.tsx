// What became of the last change of a file, and what engines raised.
import { useState } from "preact/hooks";
import type { Failure, Info } from "./api";

const time = (at: number): string => new Date(at).toLocaleTimeString();

const place = ({ file, line }: Failure): string =>
  file === null ? "" : `${file.split("/").slice(-2).join("/")}${line === null ? "" : `:${line}`}`;

/** One failure: where, what, and its traceback on demand. */
export function Failed({ failure, title, open }: { failure: Failure; title: string; open?: boolean }) {
  return (
    <details class="dev-failure" open={open}>
      <summary>
        <strong>{title}</strong> {failure.message}
        {failure.file !== null && <code title={`${failure.file}:${failure.line ?? ""}`}>{place(failure)}</code>}
        <time>{time(failure.at)}</time>
      </summary>
      <pre tabIndex={0}>{failure.traceback}</pre>
    </details>
  );
}

const TITLES: Record<string, string> = {
  play: "The engine failed in a game.",
  import: "The module cannot be imported.",
};

export function Notices({ info, lost }: { info: Info | null; lost: string }) {
  const [read, setRead] = useState(0);
  const reload = info?.reload ?? null;
  // What an import raised is history once another one has gone well.
  const news = (info?.failures ?? []).filter(
    ({ number, what }) =>
      number > read && number !== reload?.failure?.number && !(what === "import" && reload !== null),
  );
  return (
    <div class="dev-notices">
      <p class={`dev-reload ${reload?.failure ? "bad" : reload ? "good" : ""}`} role="status">
        {lost
          ? `The server does not answer: ${lost}`
          : reload === null
            ? info && info.engines.length > 0
              ? `Watching the files of ${info.engines.join(", ")}: what you save is played at once.`
              : "No game of yours is here: try one with --engine MODULE:CLASS, or install it with pip install -e."
            : reload.failure
              ? `${reload.package} was not reloaded: the old code goes on.`
              : `Reloaded ${reload.package} at ${time(reload.at)} (version ${info?.version ?? 0})` +
                (reload.left.length ? `; ${reload.left.length} tables go on with the old code` : ".")}
      </p>
      {reload?.failure && (
        <div role="alert">
          <Failed failure={reload.failure} title="Not reloaded." open />
        </div>
      )}
      {news.length > 0 && (
        <div role="alert">
          {news.slice(0, 5).map((failure) => (
            <Failed key={failure.number} failure={failure} title={TITLES[failure.what] ?? failure.what} />
          ))}
          <button class="quiet small" onClick={() => setRead(news[0]?.number ?? 0)}>
            Read{news.length > 1 ? ` all ${news.length}` : ""}
          </button>
        </div>
      )}
    </div>
  );
}
