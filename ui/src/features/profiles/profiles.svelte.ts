// The connections and the vault that keeps their keys.
import type { IpcError, Profile, Provider, VaultStatus } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";
import { m } from "../../paraglide/messages.js";

export class Profiles {
  list = $state.raw<Profile[]>([]);
  providers = $state.raw<Provider[]>([]);
  vault = $state.raw<VaultStatus>({ state: "ready", reason: null, hasPassphrase: false });
  loaded = $state(false);
  error = $state.raw<IpcError | null>(null);
  /** The open form: a new connection (null inside) or one to edit. */
  form = $state.raw<{ profile: Profile | null } | null>(null);
  startingSandbox = $state(false);

  constructor(private readonly host: Host) {}

  async load(): Promise<void> {
    try {
      const { backend } = this.host;
      [this.list, this.vault, this.providers] = await Promise.all([
        backend.profileList(),
        backend.vaultStatus(),
        backend.providerList(),
      ]);
      this.error = null;
    } catch (caught) {
      this.error = asIpcError(caught);
    }
    this.loaded = true;
  }

  byId(id: string): Profile | undefined {
    return this.list.find((p) => p.id === id);
  }

  async startSandbox(): Promise<Profile | null> {
    this.startingSandbox = true;
    let started: Profile | null = null;
    await this.host.attempt(async () => {
      started = await this.host.backend.sandboxStart();
      this.list = await this.host.backend.profileList();
    });
    this.startingSandbox = false;
    return started;
  }

  async remove(profile: Profile): Promise<boolean> {
    const yes = await this.host.asks.confirm({
      title: m.connection_remove_title({ name: profile.name }),
      body: [m.connection_remove_body()],
      action: m.connection_remove_action(),
      tone: "danger",
    });
    if (!yes) return false;
    return this.host.attempt(async () => {
      await this.host.backend.profileRemove(profile.id);
      this.list = await this.host.backend.profileList();
    });
  }
}
