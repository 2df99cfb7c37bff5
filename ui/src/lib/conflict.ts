// Something of that name is there already: one choice for the whole transfer, kept with the job.
import type { OnExisting, Replaces } from "../backend";
import { m } from "../paraglide/messages.js";
import type { Asks, Choice } from "./asks.svelte";
import { count } from "./format";
import { visible } from "./names";

/** The safe ones first: nothing is replaced by pressing Enter. */
function choices(found: Replaces, n: { n: number; nText: string }, to: "objects" | "files"): Choice[] {
  const lost = found.versioning === "versioned" ? m.replace_versioned() : m.replace_unversioned();
  const tone = found.versioning === "versioned" ? "plain" : "danger";
  const other = to === "objects" ? m.replace_action(n) : m.replace_files_action(n);
  return [
    { value: "keepBoth", label: m.conflict_both(), hint: m.conflict_both_hint(), action: m.conflict_both(), tone: "plain" },
    { value: "skip", label: m.conflict_skip(), hint: m.conflict_skip_hint(), action: m.conflict_skip_action(), tone: "plain" },
    { value: "newer", label: m.conflict_newer(), hint: m.conflict_newer_hint(), action: m.conflict_newer_action(), tone },
    { value: "sizeDiffers", label: m.conflict_size(), hint: m.conflict_size_hint(), action: m.conflict_size_action(), tone },
    { value: "differs", label: m.conflict_differs(), hint: m.conflict_differs_hint(), action: m.conflict_differs_action(), tone },
    { value: "overwrite", label: m.conflict_replace(), hint: lost, action: other, tone },
  ];
}

/** null: nothing is to be done at all. */
export async function askConflict(asks: Asks, found: Replaces, to: "objects" | "files"): Promise<OnExisting | null> {
  const n = { n: found.count, nText: (found.more ? "≥ " : "") + count(found.count) };
  const title = found.count === 0 ? m.conflict_maybe_title() : to === "objects" ? m.conflict_objects_title(n) : m.conflict_files_title(n);
  const chosen = await asks.choose({
    title,
    body: [m.conflict_body()],
    sample: found.sample.map(visible),
    choices: choices(found, n, to),
    choicesLabel: m.conflict_label(),
  });
  return chosen as OnExisting | null;
}
