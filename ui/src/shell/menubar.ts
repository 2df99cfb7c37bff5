// macOS has one menu bar for all windows and misses it when it is bare; elsewhere the window needs none.
import { type CommandId, definition, MENU_BAR } from "../commands/catalogue";
import { firstShortcut } from "../commands/registry.svelte";
import { isMac } from "../lib/keys";
import type { App } from "./app.svelte";

export async function showMenuBar(app: App): Promise<void> {
  const { backend, commands } = app.host;
  if (!isMac() || !backend.menuBarSet) return;
  await app.host.attempt(
    async () =>
      backend.menuBarSet?.(
        MENU_BAR.map((menu) => ({
          label: menu.label(),
          items: menu.items.map((id) => (id === "-" ? null : { id, label: definition(id).label(), shortcut: firstShortcut(id) ?? null })),
        })),
        (id) => commands.run(id as CommandId),
      ),
  );
}
