// The app freezes Object.prototype; what can't live with that must fail here too.
Object.freeze(Object.prototype);

import { configure } from "@testing-library/svelte";
import { afterAll } from "vitest";

// A failing look-up prints its name, not the whole window.
// On a busy machine a component may take its time; a second is not a verdict.
configure({ asyncUtilTimeout: 5000, getElementError: (message) => new Error(message ?? "no such element") });

// Files share one document (see `isolate` in vite.config.ts): what one leaves, the next one would find.
afterAll(() => document.body.replaceChildren());
