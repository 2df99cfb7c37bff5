// What every feature may use, given once by the shell: the engine, where we are, and how to speak to the person.
import { getContext, setContext } from "svelte";
import type { Backend } from "../backend";
import type { Commands } from "../commands/registry.svelte";
import type { Asks } from "./asks.svelte";
import { asIpcError, describe, isCancelled, wantsKey } from "./errors";
import type { Nav } from "./nav.svelte";
import { m } from "../paraglide/messages.js";
import type { Toasts } from "./toasts.svelte";

export class Host {
  constructor(
    readonly backend: Backend,
    readonly nav: Nav,
    readonly toasts: Toasts,
    readonly asks: Asks,
    readonly commands: Commands,
  ) {}

  /** Runs an action; what goes wrong becomes a toast, a cancellation nothing. True when it worked. */
  async attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (caught) {
      this.fail(caught);
      return false;
    }
  }

  fail(caught: unknown): void {
    if (isCancelled(caught)) return;
    const error = asIpcError(caught);
    const action = wantsKey(error) ? { label: m.action_add_key(), run: () => void this.commands.run("key.create") } : null;
    this.toasts.show(describe(error).title, { tone: "danger", error, action });
  }
}

const KEY = Symbol("host");

export function provideHost(host: Host): Host {
  return setContext(KEY, host);
}

export function useHost(): Host {
  return getContext<Host>(KEY);
}
