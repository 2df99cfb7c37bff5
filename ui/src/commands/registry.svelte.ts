import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { isTyping, matches } from "../lib/keys";
import { CATALOGUE, COMMAND_IDS, type CommandId, definition } from "./catalogue";

export type Handler = {
  run: () => void;
  /** Why it can't be done now, or null. */
  off?: () => string | null;
  checked?: () => boolean;
};

export class Commands {
  readonly #handlers = new SvelteMap<CommandId, Handler>();

  /** Later providers win until they leave: a dialog may take a command over. */
  provide(handlers: Partial<Record<CommandId, Handler>>): () => void {
    const before = new Map<CommandId, Handler | undefined>();
    for (const id of Object.keys(handlers) as CommandId[]) {
      const handler = handlers[id];
      if (!handler) continue;
      // An effect that provides must not depend on what was provided before.
      before.set(id, untrack(() => this.#handlers.get(id)));
      this.#handlers.set(id, handler);
    }
    return () => {
      for (const [id, previous] of before) {
        if (this.#handlers.get(id) !== handlers[id]) continue;
        if (previous) this.#handlers.set(id, previous);
        else this.#handlers.delete(id);
      }
    };
  }

  provided(id: CommandId): boolean {
    return this.#handlers.has(id);
  }

  /** null: it can run. "": nobody provides it here. Else the reason to show. */
  offReason(id: CommandId): string | null {
    const handler = this.#handlers.get(id);
    if (!handler) return "";
    return handler.off?.() ?? null;
  }

  checked(id: CommandId): boolean | undefined {
    return this.#handlers.get(id)?.checked?.();
  }

  run(id: CommandId): boolean {
    const handler = this.#handlers.get(id);
    if (!handler || this.offReason(id) !== null) return false;
    handler.run();
    return true;
  }

  /** True when the key was a command's. */
  key(e: KeyboardEvent): boolean {
    const typing = isTyping(e.target);
    for (const id of COMMAND_IDS) {
      const def = definition(id);
      if (def.local) continue;
      for (const shortcut of def.shortcuts ?? []) {
        if (!matches(shortcut, e)) continue;
        const modified = /Mod\+|^F\d/.test(shortcut);
        if (typing && (!modified || TEXT_KEYS.has(shortcut)) && !def.always) continue;
        if (!this.provided(id)) continue;
        e.preventDefault();
        this.run(id);
        return true;
      }
    }
    return false;
  }
}

/** In a text field these belong to the text. */
const TEXT_KEYS = new Set(["Mod+A", "Mod+Backspace", "Mod+ArrowUp", "Mod+B", "Mod+D", "Mod+Shift+A"]);

export function firstShortcut(id: CommandId): string | undefined {
  return (CATALOGUE[id] as { shortcuts?: readonly string[] }).shortcuts?.[0];
}
