// The keys for encryption, the places that are encrypted by default, and the sheets that are about them.
import type { Frozen, IpcError, Key, KeyKind, NewKey, PlaceRef, ProtectedPlace, Protection, ServerWay } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";
import { protectionText } from "../../lib/encryption";
import { count } from "../../lib/format";
import { visible } from "../../lib/names";
import { m } from "../../paraglide/messages.js";

export class Keys {
  /** null: not asked yet. */
  list = $state.raw<Key[] | null>(null);
  places = $state.raw<ProtectedPlace[]>([]);
  error = $state.raw<IpcError | null>(null);
  /** The sheet for a new key, and the kind it begins with. */
  adding = $state.raw<{ kind: KeyKind } | null>(null);
  /** The sheet about a bucket or a folder. */
  place = $state.raw<PlaceRef | null>(null);
  /** The sheet that encrypts a frozen selection anew. */
  changing = $state.raw<{ frozen: Frozen; bucket: string; done: () => void } | null>(null);

  constructor(private readonly host: Host) {}

  async load(): Promise<void> {
    try {
      const { backend } = this.host;
      [this.list, this.places] = await Promise.all([backend.keyList(), backend.placeList()]);
      this.error = null;
    } catch (caught) {
      this.error = asIpcError(caught);
    }
  }

  add(kind: KeyKind): void {
    this.adding = { kind };
  }

  /** Rejects where it can't be kept: the sheet says why, and stays. */
  async keep(key: NewKey): Promise<void> {
    await this.host.backend.keyAdd(key);
    this.adding = null;
    await this.load();
    this.host.toasts.show(m.key_added({ name: key.name }), { tone: "success" });
    // What others gave is with them; what was made or thought of here is nowhere else.
    if (key.kind === "recipients") return;
    const yes = await this.host.asks.confirm({
      title: m.key_paper_title({ name: key.name }),
      body: [m.key_paper_body(), m.key_paper_file()],
      action: m.key_paper_action(),
      cancel: m.key_paper_later(),
      tone: "plain",
    });
    if (yes) await this.paper(key.name);
  }

  async paper(name: string): Promise<void> {
    await this.host.attempt(async () => {
      if (await this.host.backend.keyExport(name)) this.host.toasts.show(m.key_paper_done({ name }), { tone: "success" });
    });
  }

  async remove(key: Key): Promise<void> {
    await this.host.attempt(async () => {
      const uses = await this.host.backend.keyUses(key.name);
      const body = [key.kind === "recipients" ? m.key_remove_recipients() : m.key_remove_body()];
      if (uses.uploads.length > 0) body.push(m.key_remove_uploads({ buckets: uses.uploads.map((p) => p.bucket).join(", ") }));
      if (uses.jobs.length > 0) body.push(m.key_remove_jobs({ n: uses.jobs.length, nText: count(uses.jobs.length), jobs: uses.jobs.map(visible).join(", ") }));
      const yes = await this.host.asks.confirm({
        title: m.key_remove_title({ name: key.name }),
        body,
        action: m.key_remove_action(),
        tone: "danger",
        typed: key.name,
      });
      if (!yes) return;
      await this.host.backend.keyRemove(key.name);
      await this.load();
    });
  }

  /** Why a key can't go, or null. */
  removeOff(key: Key): string | null {
    const [first] = key.places;
    return first ? m.key_remove_off({ place: placeName(first) }) : null;
  }

  /** Rejects with the reason: the sheet shows it. */
  async protect(place: PlaceRef, protection: Protection | null): Promise<void> {
    await this.host.backend.placeSet({ ...place, protection });
    await this.load();
  }

  async unprotect(place: ProtectedPlace): Promise<void> {
    const yes = await this.host.asks.confirm({
      title: m.place_remove_title({ place: placeName(place) }),
      body: [m.place_remove_body()],
      action: m.place_remove_action(),
      tone: "warning",
    });
    const { profile, bucket, prefix } = place;
    if (yes) await this.host.attempt(() => this.protect({ profile, bucket, prefix }, null));
  }

  /** The rule for what comes to a place: the longest prefix counts. */
  rule({ profile, bucket, prefix }: PlaceRef): ProtectedPlace | null {
    const around = this.places.filter((p) => p.profile === profile && p.bucket === bucket && prefix.startsWith(p.prefix));
    return around.reduce<ProtectedPlace | null>((best, p) => (best === null || p.prefix.length > best.prefix.length ? p : best), null);
  }

  /** A place's own rule. */
  own(place: PlaceRef): ProtectedPlace | null {
    const rule = this.rule(place);
    return rule?.prefix === place.prefix ? rule : null;
  }

  ruleText(place: PlaceRef): string | null {
    const rule = this.rule(place);
    return rule ? protectionText(rule.protection) : null;
  }

  async encrypt(token: number, way: ServerWay): Promise<void> {
    await this.host.backend.encryptionStart({ token, way });
    const done = this.changing?.done;
    this.changing = null;
    done?.();
    this.host.toasts.show(m.change_started(), { action: { label: m.toast_show(), run: () => this.host.nav.go({ kind: "transfers" }) } });
  }
}

export function placeName({ bucket, prefix }: { bucket: string; prefix: string }): string {
  return visible(`${bucket}/${prefix}`);
}

export function usedBy(key: Key): string {
  return key.places.length === 0 ? m.key_unused() : m.key_used({ places: key.places.map(placeName).join(", ") });
}
