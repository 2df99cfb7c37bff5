// The buckets of each connection as the sidebar knows them: listed on first expand, exposure asked when seen.
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Bucket, Exposure, IpcError } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";
import { m } from "../../paraglide/messages.js";

export type BucketsState = { loading: boolean; error: IpcError | null; buckets: Bucket[] | null };
const NONE: BucketsState = { loading: false, error: null, buckets: null };
const ASKED_AT_ONCE = 4;

export class Buckets {
  readonly #states = new SvelteMap<string, BucketsState>();
  readonly expanded = new SvelteSet<string>();
  readonly exposures = new SvelteMap<string, Exposure>();
  /** The connection for which the "new bucket" dialog is open. */
  dialog = $state<string | null>(null);
  #queue: { profile: string; bucket: string }[] = [];
  #asked = new Set<string>();
  #running = 0;

  constructor(private readonly host: Host) {}

  of(profile: string): BucketsState {
    return this.#states.get(profile) ?? NONE;
  }

  expand(profile: string): void {
    this.expanded.add(profile);
    const state = this.of(profile);
    if (state.buckets === null && !state.loading) void this.load(profile);
  }

  toggle(profile: string): void {
    if (this.expanded.has(profile)) this.expanded.delete(profile);
    else this.expand(profile);
  }

  async load(profile: string): Promise<void> {
    this.#states.set(profile, { ...this.of(profile), loading: true, error: null });
    try {
      const buckets = await this.host.backend.bucketList(profile);
      this.#states.set(profile, { loading: false, error: null, buckets });
    } catch (caught) {
      this.#states.set(profile, { loading: false, error: asIpcError(caught), buckets: this.of(profile).buckets });
    }
  }

  forget(profile: string): void {
    this.#states.delete(profile);
    this.expanded.delete(profile);
  }

  exposure(profile: string, bucket: string): Exposure | null {
    return this.exposures.get(id(profile, bucket)) ?? null;
  }

  learn(profile: string, bucket: string, exposure: Exposure): void {
    this.#asked.add(id(profile, bucket));
    this.exposures.set(id(profile, bucket), exposure);
  }

  /** A bucket came into sight: ask once, a few at a time. */
  seen(profile: string, bucket: string): void {
    if (this.#asked.has(id(profile, bucket))) return;
    this.#asked.add(id(profile, bucket));
    this.#queue.push({ profile, bucket });
    void this.#work();
  }

  again(profile: string, bucket: string): void {
    this.#asked.delete(id(profile, bucket));
    this.seen(profile, bucket);
  }

  async #work(): Promise<void> {
    if (this.#running >= ASKED_AT_ONCE) return;
    this.#running++;
    for (let next = this.#queue.pop(); next; next = this.#queue.pop()) {
      try {
        const { exposure } = await this.host.backend.bucketAccess(next);
        this.exposures.set(id(next.profile, next.bucket), exposure);
      } catch {
        this.exposures.set(id(next.profile, next.bucket), "unknown");
      }
    }
    this.#running--;
  }

  async create(profile: string, name: string, region: string | null): Promise<void> {
    await this.host.backend.bucketCreate({ profile, name, region });
    this.dialog = null;
    await this.load(profile);
    this.expanded.add(profile);
    this.host.nav.go({ kind: "browse", profile, bucket: name, prefix: "" });
  }

  async remove(profile: string, bucket: string): Promise<void> {
    const yes = await this.host.asks.confirm({
      title: m.bucket_delete_title({ bucket }),
      body: [m.bucket_delete_body()],
      action: m.bucket_delete_action(),
      tone: "danger",
    });
    if (!yes) return;
    await this.host.attempt(async () => {
      await this.host.backend.bucketDelete({ profile, bucket });
      this.host.nav.forget((p) => "bucket" in p && p.profile === profile && p.bucket === bucket);
      await this.load(profile);
    });
  }
}

function id(profile: string, bucket: string): string {
  return `${profile}/${bucket}`;
}
