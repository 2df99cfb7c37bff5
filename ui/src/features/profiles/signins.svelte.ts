// Who is signed in, until when, and the questions that only a person can answer.
import { SvelteMap } from "svelte/reactivity";
import type { OpenPrompt, Profile, SignInStatus } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";
import { m } from "../../paraglide/messages.js";

export class SignIns {
  readonly #status = new SvelteMap<string, SignInStatus>();
  prompts = $state.raw<OpenPrompt[]>([]);
  /** The connection that signs in now. */
  renewing = $state<string | null>(null);
  /** The connection whose sign-in goes on in the browser. */
  dialog = $state.raw<Profile | null>(null);

  constructor(private readonly host: Host) {}

  status(profile: string): SignInStatus | null {
    return this.#status.get(profile) ?? null;
  }

  /** Something about signing in changed. */
  async refresh(profile: string | null): Promise<void> {
    const known = profile === null ? [...this.#status.keys()] : [profile];
    await Promise.all([this.loadPrompts(), ...known.map((id) => this.load(id))]);
  }

  async loadPrompts(): Promise<void> {
    try {
      this.prompts = await this.host.backend.promptList();
    } catch (caught) {
      this.host.fail(caught);
    }
  }

  /** Asks nobody; a connection that is gone has no status. */
  async load(profile: string): Promise<void> {
    try {
      this.#status.set(profile, await this.host.backend.sessionStatus(profile));
    } catch {
      this.#status.delete(profile);
    }
  }

  async answer(id: number, answer: string | null): Promise<void> {
    this.prompts = this.prompts.filter((p) => p.id !== id);
    await this.host.attempt(() => this.host.backend.promptAnswer({ id, answer }));
    await this.loadPrompts();
  }

  /** By itself if that is possible, else with the person: a code, or the browser. */
  async renew(profile: Profile): Promise<void> {
    if (this.renewing !== null) return;
    this.renewing = profile.id;
    try {
      this.#status.set(profile.id, await this.host.backend.sessionRenew(profile.id));
    } catch (caught) {
      const { code } = asIpcError(caught);
      const browser = profile.options?.signIn.way === "sso" && (code === "expired_token" || code === "unauthenticated");
      if (browser) this.dialog = profile;
      else this.host.fail(caught);
    }
    this.renewing = null;
  }

  async end(profile: Profile): Promise<void> {
    const yes = await this.host.asks.confirm({
      title: m.sign_out_title({ name: profile.name }),
      body: [m.sign_out_body()],
      action: m.sign_out_action(),
      tone: "plain",
    });
    if (!yes) return;
    await this.host.attempt(() => this.host.backend.sessionEnd(profile.id));
    await this.load(profile.id);
  }
}
