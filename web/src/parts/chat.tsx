import { useEffect, useRef, useState } from "preact/hooks";
import { words, type ChatLine } from "../wire";

interface Props {
  lines: readonly ChatLine[];
  say: (text: string) => Promise<void>;
  mute: (userId: string) => void;
  own: string;
}

const LONGEST = 200;

export function Chat({ lines, say, mute, own }: Props) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState("");
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [lines.length]);
  async function send(event: Event): Promise<void> {
    event.preventDefault();
    const text = typed.trim();
    if (!text) return;
    setError("");
    try {
      await say(text);
      setTyped("");
    } catch (failure) {
      // What was typed stays.
      setError(words(failure));
    }
  }
  return (
    <section class="chat" aria-label="Chat">
      <ol ref={list} aria-live="polite" tabIndex={lines.length ? 0 : -1}>
        {lines.map((line) => (
          <li key={`${line.at} ${line.user_id} ${line.text}`}>
            <strong class={line.seat === null ? "watcher" : `tone-text-${line.seat % 6}`}>{line.name}</strong>{" "}
            {line.text}
            {line.user_id !== own && (
              <button class="quiet small mute" onClick={() => mute(line.user_id)} aria-label={`Mute ${line.name}`}>
                mute
              </button>
            )}
          </li>
        ))}
      </ol>
      <form onSubmit={(event) => void send(event)}>
        <input
          value={typed}
          maxLength={LONGEST}
          placeholder="Say something"
          aria-label="Say something at this table"
          autocomplete="off"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button aria-label="Send">➤</button>
      </form>
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </section>
  );
}
