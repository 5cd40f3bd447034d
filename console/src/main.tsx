// Starts the page.
import { render } from "preact";
import { App } from "./app";
import "./styles/colours.css";
import "./styles/base.css";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
