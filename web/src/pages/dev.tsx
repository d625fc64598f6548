// The debug panel as a page: where an author begins, or one game.
import { useEffect } from "preact/hooks";
import { Panel } from "../dev/panel";
import { Start } from "../dev/start";
import { Header } from "../parts/header";
import { devAddress } from "../router";

export function DevPage({ id, seq, refresh }: { id: string | null; seq: number | null; refresh: () => void }) {
  useEffect(() => {
    document.title = "Debug – Meeple";
  }, []);
  const moved = (to: number | null): void => {
    if (id !== null) history.replaceState(null, "", devAddress(id, to));
  };
  return (
    <>
      <Header refresh={refresh} />
      {id === null ? <Start /> : <Panel key={id} id={id} seq={seq} moved={moved} />}
    </>
  );
}
