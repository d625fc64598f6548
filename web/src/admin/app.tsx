import { useEffect, useState } from "preact/hooks";
import { AuditView } from "./audit";
import { GameView } from "./game";
import { GamesView } from "./games";
import { OverviewView } from "./overview";
import { Problem } from "./parts";
import { get, hasToken, onTurnedAway, setToken } from "./rest";
import { UserView, UsersView } from "./users";

const VIEWS = ["overview", "games", "users", "audit"] as const;

const parts = (): string[] => location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);

export function App() {
  const [[view = "", id = ""], setRoute] = useState(parts);
  const [inside, setInside] = useState(hasToken());
  const [why, setWhy] = useState<string | null>(null);
  useEffect(() => {
    const moved = (): void => setRoute(parts());
    window.addEventListener("hashchange", moved);
    onTurnedAway((refusal) => {
      setWhy(refusal.code === "forbidden" ? "This is a player's token, not an admin's." : refusal.message);
      setInside(false);
    });
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  const leave = (): void => {
    setToken("");
    setWhy(null);
    setInside(false);
  };
  if (!inside) return <SignIn why={why} enter={() => (setWhy(null), setInside(true))} />;
  const shown = VIEWS.find((one) => one === view) ?? "overview";
  return (
    <>
      <header class="masthead">
        <a class="brand" href="#/overview">
          <img src="./favicon.svg" alt="" width="28" height="28" />
          Administration
        </a>
        <nav aria-label="Views">
          {VIEWS.map((one) => (
            <a key={one} href={`#/${one}`} aria-current={one === shown ? "page" : undefined}>
              {one.charAt(0).toUpperCase() + one.slice(1)}
            </a>
          ))}
          <button class="quiet small" onClick={leave}>
            Sign out
          </button>
        </nav>
      </header>
      <main class="admin">
        {shown === "overview" && <OverviewView />}
        {shown === "games" && (id ? <GameView key={id} id={id} /> : <GamesView />)}
        {shown === "users" && (id ? <UserView key={id} id={id} /> : <UsersView />)}
        {shown === "audit" && <AuditView key={id} target={id} />}
      </main>
    </>
  );
}

function SignIn({ why, enter }: { why: string | null; enter: () => void }) {
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setToken(String(new FormData(event.currentTarget as HTMLFormElement).get("token") ?? ""));
    setError(null);
    try {
      await get("/overview");
      enter();
    } catch (caught) {
      if (hasToken()) setError((caught as Error).message);
    }
  };
  return (
    <main class="admin sign-in">
      <h1>Meeple administration</h1>
      <form onSubmit={(event) => void submit(event)}>
        <label>
          Admin token
          <input name="token" type="password" required autocomplete="off" spellcheck={false} />
        </label>
        <button class="main">Sign in</button>
      </form>
      <Problem words={error ?? why} />
      <p class="fine">
        <code>meeple token NAME --admin</code> prints one. It is kept until this tab is closed.
      </p>
    </main>
  );
}
