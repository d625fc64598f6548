import { render } from "preact";
import { applyTheme } from "../settings";
import "../style/base.css";
import { App } from "./app";
import "./admin.css";

applyTheme();
const root = document.getElementById("app") as HTMLElement;
root.replaceChildren();
render(<App />, root);
