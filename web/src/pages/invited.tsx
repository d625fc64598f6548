// Somebody has the link to a table, and no name yet.
import { useEffect, useState } from "preact/hooks";
import { Enter } from "../parts/enter";
import { Header } from "../parts/header";
import { ask, strangers } from "../session";
import { nameOf, standing, title } from "../text";
import { words, type GameState } from "../wire";

export function Invited({ id, refresh }: { id: string; refresh: () => void }) {
  const [state, setState] = useState<GameState | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    strangers.game(id).then(
      (found) => setState(found as unknown as GameState),
      (failure: unknown) => setError(words(failure)),
    );
  }, [id]);
  const host = state?.players.find(({ user_id }) => user_id !== null);
  return (
    <>
      <Header refresh={refresh} />
      <main class="lobby stranger">
        <section class="hero">
          <h1>{state ? title(state.engine) : "A table"}</h1>
          {error ? (
            <p class="error" role="alert">
              {error}
            </p>
          ) : (
            <>
              <p>
                {state?.status === "open"
                  ? `${host ? nameOf(host) : "Somebody"} is waiting for you.`
                  : state
                    ? standing(state)
                    : " "}
              </p>
              <Enter what={state?.status === "open" ? "Sit down" : "Watch"} entered={() => void sitDown(id, state, refresh)} />
            </>
          )}
        </section>
      </main>
    </>
  );
}

async function sitDown(id: string, state: GameState | null, refresh: () => void): Promise<void> {
  try {
    if (state?.status === "open") await ask((rest) => rest.takeSeat(id));
  } catch {
    // Somebody was quicker: the table says so.
  }
  refresh();
}
