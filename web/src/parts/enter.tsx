import { useEffect, useRef, useState } from "preact/hooks";
import { bring, enter, lastName } from "../account";
import { words } from "../wire";

interface Props {
  what: string;
  entered: () => void;
  /** What one has come for: when it changes, the name is asked for. */
  wanted?: unknown;
}

/** Give a name, or come with a token. */
export function Enter({ what, entered, wanted }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(lastName());
  const [token, setToken] = useState("");
  const [byToken, setByToken] = useState(false);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (wanted) field.current?.focus();
  }, [wanted]);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      if (byToken) bring(token);
      else await enter(name);
      entered();
    } catch (failure) {
      setError(byToken ? "That is no token." : words(failure));
      setBusy(false);
    }
  }
  return (
    <form class="enter" onSubmit={(event) => void submit(event)}>
      {byToken ? (
        <input
          value={token}
          required
          placeholder="Your token"
          aria-label="Your token"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      ) : (
        <input
          ref={field}
          value={name}
          required
          maxLength={32}
          placeholder="Your name"
          aria-label="Your name"
          autocomplete="nickname"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      )}
      <button class="main" disabled={busy}>
        {what}
      </button>
      <button type="button" class="link" onClick={() => setByToken(!byToken)}>
        {byToken ? "Play as a guest" : "I have a token"}
      </button>
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
