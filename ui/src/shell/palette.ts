// What the palette offers: every command that someone provides now, and every bucket that is known.
import { COMMAND_IDS, definition, GROUP_LABELS } from "../commands/catalogue";
import { firstShortcut } from "../commands/registry.svelte";
import { shown } from "../lib/keys";
import type { App } from "./app.svelte";

export type Entry = {
  id: string;
  kind: "command" | "bucket";
  label: string;
  note: string;
  shortcut: string | null;
  /** null: can run. "": off, no reason. */
  off: string | null;
  run: () => void;
};

const SHOWN = 60;

export function entries(app: App): Entry[] {
  const { commands, nav } = app.host;
  const list: Entry[] = [];
  for (const id of COMMAND_IDS) {
    if (id === "app.palette" || !commands.provided(id)) continue;
    const def = definition(id);
    const shortcut = firstShortcut(id);
    list.push({
      id,
      kind: "command",
      label: def.label(),
      note: GROUP_LABELS[def.group](),
      shortcut: shortcut ? shown(shortcut) : null,
      off: commands.offReason(id),
      run: () => commands.run(id),
    });
  }
  for (const profile of app.profiles.list) {
    for (const bucket of app.buckets.of(profile.id).buckets ?? []) {
      list.push({
        id: `bucket:${profile.id}/${bucket.name}`,
        kind: "bucket",
        label: bucket.name,
        note: profile.name,
        shortcut: null,
        off: null,
        run: () => nav.go({ kind: "browse", profile: profile.id, bucket: bucket.name, prefix: "" }),
      });
    }
  }
  return list;
}

/** Words in any order; what begins with the text comes first, what can't run last. */
export function search(list: Entry[], text: string): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (e: Entry): number => {
    const label = e.label.toLowerCase();
    const base = words.length === 0 ? (e.kind === "command" ? 0 : 1) : label.startsWith(words[0] ?? "") ? 0 : 1;
    return base + (e.off === null ? 0 : 10);
  };
  return list
    .filter((e) => {
      const hay = `${e.label} ${e.note}`.toLowerCase();
      return words.every((w) => hay.includes(w));
    })
    .map((e, i) => ({ e, i, r: rank(e) }))
    .sort((a, b) => a.r - b.r || a.i - b.i)
    .slice(0, SHOWN)
    .map(({ e }) => e);
}
