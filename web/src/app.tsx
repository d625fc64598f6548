import { useState } from "preact/hooks";
import { devMode } from "./dev/mode";
import { Lobby } from "./pages/lobby";
import { TablePage } from "./pages/table";
import { lazy } from "./parts/lazy";
import { useRoute } from "./router";

// What not everybody opens comes when it is opened.
const DevPage = lazy(async () => ({ default: (await import("./pages/dev")).DevPage }));
const ReplayPage = lazy(async () => ({ default: (await import("./pages/replay")).ReplayPage }));

export function App() {
  const route = useRoute();
  const [, again] = useState(0);
  const refresh = (): void => again((count) => count + 1);
  if (route.page === "table") return <TablePage key={route.id} id={route.id} refresh={refresh} />;
  if (route.page === "replay") return <ReplayPage key={route.id} id={route.id} seq={route.seq} refresh={refresh} />;
  if (route.page === "dev" && devMode) return <DevPage id={route.id} seq={route.seq} refresh={refresh} />;
  return <Lobby refresh={refresh} />;
}
