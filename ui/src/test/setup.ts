// The app freezes Object.prototype; what can't live with that must fail here too.
Object.freeze(Object.prototype);

import { configure } from "@testing-library/svelte";

// A failing look-up prints its name, not the whole window.
configure({ getElementError: (message) => new Error(message ?? "no such element") });
