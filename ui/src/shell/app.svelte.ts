// The composition of the window: the only place that knows every feature.
import type { AppInfo, Backend, Changed, PlaceRef, Profile } from "../backend";
import { Commands } from "../commands/registry.svelte";
import { Browser } from "../features/browser/browser.svelte";
import { Buckets } from "../features/buckets/buckets.svelte";
import { Search } from "../features/search/search.svelte";
import { Doctor } from "../features/doctor/doctor.svelte";
import { Keys } from "../features/keys/keys.svelte";
import { Imports } from "../features/profiles/imports.svelte";
import { Profiles } from "../features/profiles/profiles.svelte";
import { SignIns } from "../features/profiles/signins.svelte";
import { SettingsStore } from "../features/settings/settings.svelte";
import { SpeedStore } from "../features/transfers/speed.svelte";
import { Transfers } from "../features/transfers/transfers.svelte";
import { Uploads } from "../features/uploads/uploads.svelte";
import { Asks } from "../lib/asks.svelte";
import { Host } from "../lib/host";
import { setPlatform } from "../lib/keys";
import { Nav } from "../lib/nav.svelte";
import { Toasts } from "../lib/toasts.svelte";

export class App {
  readonly host: Host;
  readonly profiles: Profiles;
  readonly signIns: SignIns;
  readonly imports: Imports;
  readonly doctor: Doctor;
  readonly search: Search;
  readonly buckets: Buckets;
  readonly browser: Browser;
  readonly transfers: Transfers;
  readonly uploads: Uploads;
  readonly settings: SettingsStore;
  readonly speed: SpeedStore;
  readonly keys: Keys;

  info = $state.raw<AppInfo | null>(null);
  inspector = $state(true);
  sidebar = $state(true);
  palette = $state(false);
  shortcuts = $state(false);
  /** The path bar is being typed in. */
  pathEdit = $state(false);
  /** What a context menu of the sidebar is about; otherwise commands mean the current place. */
  pointed = $state.raw<{ profile: string; bucket: string | null } | null>(null);
  searchedFrom = $state.raw<{ profile: string; bucket: string } | null>(null);
  #stops: (() => void)[] = [];
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: Backend) {
    this.host = new Host(backend, new Nav(), new Toasts(), new Asks(), new Commands());
    this.profiles = new Profiles(this.host);
    this.signIns = new SignIns(this.host);
    this.doctor = new Doctor(this.host);
    this.search = new Search(this.host);
    this.imports = new Imports(this.host);
    this.buckets = new Buckets(this.host);
    this.browser = new Browser(this.host);
    this.settings = new SettingsStore(this.host);
    this.speed = new SpeedStore(this.host);
    this.keys = new Keys(this.host);
    this.transfers = new Transfers(this.host, (job) => {
      if (job.kind !== "download") this.#refreshIfHere(job.profile, job.bucket);
    });
    this.uploads = new Uploads(this.host, () => this.browser.listing?.place ?? null, undefined, (place) => this.keys.ruleText(place));
  }

  async start(): Promise<void> {
    await Promise.all([
      this.settings.load(),
      this.speed.load(),
      this.keys.load(),
      this.profiles.load(),
      this.signIns.loadPrompts(),
      this.transfers.start(),
      this.uploads.start(),
      this.host.attempt(async () => {
        this.info = await this.host.backend.appInfo();
        setPlatform(this.info.platform);
      }),
      this.host.attempt(async () => {
        this.#stops.push(await this.host.backend.onChanged((changed) => this.#changed(changed)));
      }),
    ]);
    const [first] = this.profiles.list;
    if (first) await this.openProfile(first);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.transfers.stop();
    this.speed.stop();
    this.uploads.stop();
    this.browser.close();
  }

  /** Expands a connection and, when nothing is open yet, goes to its first bucket. */
  async openProfile(profile: Profile): Promise<void> {
    this.buckets.expanded.add(profile.id);
    if (this.buckets.of(profile.id).buckets === null) await this.buckets.load(profile.id);
    const [first] = this.buckets.of(profile.id).buckets ?? [];
    if (this.host.nav.place.kind !== "home") return;
    if (first) this.host.nav.go({ kind: "browse", profile: profile.id, bucket: first.name, prefix: "" });
    else this.host.nav.go({ kind: "connection", profile: profile.id });
  }

  /** The check-up of a connection, with the bucket that is in sight. */
  openDoctor(profile: string, bucket: string | null): void {
    const start = this.profiles.byId(profile)?.options?.start?.split("/")[0];
    if (this.buckets.of(profile).buckets === null) void this.buckets.load(profile);
    this.host.nav.go({ kind: "doctor", profile, bucket: bucket ?? start ?? "" });
  }

  /** Search, with the bucket that was in sight as one that can be listed. */
  openSearch(): void {
    const target = this.target;
    if (target?.bucket) this.searchedFrom = { profile: target.profile, bucket: target.bucket };
    this.host.nav.go({ kind: "search" });
  }

  async startSandbox(): Promise<void> {
    const profile = await this.profiles.startSandbox();
    if (!profile) return;
    await this.buckets.load(profile.id);
    this.host.nav.replace({ kind: "home" });
    await this.openProfile(profile);
  }

  /** Bucket and connection that a command is about. */
  get target(): { profile: string; bucket: string | null } | null {
    if (this.pointed) return this.pointed;
    const { place } = this.host.nav;
    if (place.kind === "browse" || place.kind === "access") return { profile: place.profile, bucket: place.bucket };
    if (place.kind === "connection" || place.kind === "doctor") return { profile: place.profile, bucket: null };
    return null;
  }

  /** What "encryption here" means: the pointed bucket, the selected folder, else where we are. */
  get encryptionPlace(): PlaceRef | null {
    const { target } = this;
    if (!target?.bucket) return null;
    const place = { profile: target.profile, bucket: target.bucket };
    const { listing } = this.browser;
    if (this.pointed || !listing) return { ...place, prefix: "" };
    const { chosen, selection } = listing;
    if (selection.count === 0) return { ...place, prefix: listing.place.prefix };
    return selection.count === 1 && chosen?.kind === "folder" ? { ...place, prefix: chosen.key } : null;
  }

  /** Counts what is selected, then asks how it is to be encrypted. */
  async changeEncryption(): Promise<void> {
    const { listing } = this.browser;
    if (!listing || listing.selection.count === 0) return;
    await this.host.attempt(async () => {
      const frozen = await listing.freeze();
      this.keys.changing = { frozen, bucket: listing.place.bucket, done: () => void listing.clear() };
    });
  }

  #changed(changed: Changed): void {
    switch (changed.what) {
      case "profiles":
      case "vault":
        void this.profiles.load();
        break;
      case "keys":
        void this.keys.load();
        this.browser.listing?.forgetAccess();
        break;
      case "signIn":
        void this.signIns.refresh(changed.profile);
        break;
      case "settings":
        void this.settings.load();
        void this.speed.load();
        break;
      case "buckets":
        if (changed.profile === null) break;
        if (this.buckets.of(changed.profile).buckets !== null) void this.buckets.load(changed.profile);
        if (changed.bucket !== null) {
          this.buckets.again(changed.profile, changed.bucket);
          this.#refreshIfHere(changed.profile, changed.bucket);
        }
        break;
    }
  }

  /** Several jobs may end in one moment: look once. */
  #refreshIfHere(profile: string, bucket: string): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => {
      const { listing } = this.browser;
      if (listing?.place.profile === profile && listing.place.bucket === bucket) void listing.refresh();
    }, 150);
  }
}
