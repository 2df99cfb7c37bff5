// The app freezes Object.prototype; what can't live with that must fail here too.
Object.freeze(Object.prototype);

import { configure } from "@testing-library/svelte";

// A failing look-up prints its name, not the whole window.
// On a busy machine a component may take its time; a second is not a verdict.
configure({ asyncUtilTimeout: 5000, getElementError: (message) => new Error(message ?? "no such element") });
