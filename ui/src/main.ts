import { mount } from "svelte";
import type { Backend } from "./backend";
import { App } from "./shell/app.svelte";
import Shell from "./shell/Shell.svelte";
import "./styles/tokens.css";
import "./styles/base.css";

// In a plain browser a demo engine stands in; the condition is constant in a release build, so that its bundle has none.
const DEMO = import.meta.env.DEV || import.meta.env.MODE === "demo";

async function chooseBackend(): Promise<Backend> {
  if (DEMO && !("__TAURI_INTERNALS__" in window)) {
    const { demoBackend } = await import("./backend/demo");
    return demoBackend(new URLSearchParams(location.search));
  }
  const { tauriBackend } = await import("./backend/tauri");
  return tauriBackend;
}

const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset["theme"] = dark ? "dark" : "light";

const target = document.querySelector("#app");
if (target) {
  const backend = await chooseBackend();
  mount(Shell, { target, props: { app: new App(backend) } });
}
