import type { Density, Settings, Theme } from "../../backend";
import type { Host } from "../../lib/host";

export const ROW_HEIGHT: Record<Density, number> = { compact: 24, normal: 28, relaxed: 34 };

export class SettingsStore {
  theme = $state<Theme>("system");
  density = $state<Density>("normal");
  #dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  #systemDark = $state(this.#dark?.matches ?? false);

  readonly dark = $derived(this.theme === "dark" || (this.theme === "system" && this.#systemDark));
  readonly rowHeight = $derived(ROW_HEIGHT[this.density]);

  constructor(private readonly host: Host) {
    this.#dark?.addEventListener("change", (e) => (this.#systemDark = e.matches));
  }

  async load(): Promise<void> {
    await this.host.attempt(async () => {
      const { theme, density } = await this.host.backend.settingsGet();
      this.theme = theme;
      this.density = density;
    });
  }

  set(change: Partial<Settings>): void {
    if (change.theme) this.theme = change.theme;
    if (change.density) this.density = change.density;
    void this.host.attempt(() => this.host.backend.settingsSet({ theme: this.theme, density: this.density }));
  }
}
