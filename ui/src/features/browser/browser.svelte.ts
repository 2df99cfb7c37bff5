// The bucket browser: which listing is open, and what can be done with what is selected in it.
import type { Frozen, Row } from "../../backend";
import { askConflict } from "../../lib/conflict";
import type { Host } from "../../lib/host";
import { parentPrefix } from "../../lib/names";
import { m } from "../../paraglide/messages.js";
import { deleteAsk } from "./deletion";
import { Listing, type ListingPlace } from "./listing.svelte";

export class Browser {
  listing = $state.raw<Listing | null>(null);
  folderDialog = $state(false);
  /** Where each place was left, so that Back returns to the same rows. */
  readonly #left = new Map<string, { top: number; cursor: number }>();
  readonly #left_max = 200;
  #shown: { place: ListingPlace; name: string } | null = null;

  constructor(private readonly host: Host) {}

  open(place: ListingPlace): void {
    const old = this.listing;
    if (old && same(old.place, place)) return;
    old?.close();
    this.listing = new Listing(this.host.backend, place, {
      sort: old?.sort ?? "name",
      descending: old?.descending ?? false,
    });
    this.#reveal(this.listing);
  }

  close(): void {
    this.listing?.close();
    this.listing = null;
  }

  leave(place: ListingPlace, top: number, cursor: number): void {
    if (this.#left.size > this.#left_max) this.#left.clear();
    this.#left.set(JSON.stringify(place), { top, cursor });
  }

  left(place: ListingPlace): { top: number; cursor: number } | null {
    return this.#left.get(JSON.stringify(place)) ?? null;
  }

  /** Enter a folder; for an object, false: the inspector is the shell's. */
  openRow(row: Row): boolean {
    const place = this.listing?.place;
    if (!place || row.kind !== "folder") return false;
    this.host.nav.go({ kind: "browse", ...place, prefix: row.key });
    return true;
  }

  /** Goes to the folder that something lies in, and selects it there. */
  show(profile: string, bucket: string, key: string): void {
    const prefix = parentPrefix(key);
    this.#shown = { place: { profile, bucket, prefix }, name: key.slice(prefix.length) };
    this.host.nav.go({ kind: "browse", profile, bucket, prefix });
    if (this.listing && same(this.listing.place, this.#shown.place)) this.#reveal(this.listing);
  }

  #reveal(listing: Listing): void {
    if (this.#shown && same(this.#shown.place, listing.place)) listing.reveal(this.#shown.name);
    this.#shown = null;
  }

  up(): void {
    const place = this.listing?.place;
    if (place && place.prefix !== "") this.host.nav.go({ kind: "browse", ...place, prefix: parentPrefix(place.prefix) });
  }

  /** Why nothing can be done with the selection, or null. */
  selectionOff(): string | null {
    return (this.listing?.selection.count ?? 0) > 0 ? null : m.off_nothing_selected();
  }

  oneOff(): string | null {
    return this.listing?.selection.count === 1 ? null : m.off_select_one();
  }

  uri(): string | null {
    const listing = this.listing;
    if (!listing) return null;
    const key = listing.chosen?.key ?? listing.place.prefix;
    return `s3://${listing.place.bucket}/${key}`;
  }

  async copyUri(): Promise<void> {
    const uri = this.uri();
    if (uri !== null) await this.copy(uri);
  }

  async copyUrl(): Promise<void> {
    const listing = this.listing;
    const row = listing?.chosen;
    if (!listing || !row) return;
    await this.host.attempt(async () => {
      const info = await this.host.backend.objectInfo({ profile: listing.place.profile, bucket: listing.place.bucket, key: row.key });
      await this.copy(info.url);
    });
  }

  async copy(text: string): Promise<void> {
    await this.host.attempt(async () => {
      await this.host.backend.clipboardWrite(text);
      this.host.toasts.show(m.toast_copied());
    });
  }

  /** `asStored`: what was encrypted before it was uploaded stays so. */
  async download(asStored = false): Promise<void> {
    const listing = this.listing;
    if (!listing || listing.selection.count === 0) return;
    await this.host.attempt(async () => {
      const folder = await this.host.backend.downloadChoose();
      if (!folder) return;
      const frozen = await listing.freeze();
      const place = { token: frozen.token, folder: folder.handle };
      const found = await this.host.backend.downloadReplaces(place);
      const onExisting = found.count === 0 && !found.more ? "keepBoth" : await askConflict(this.host.asks, found, "files");
      if (onExisting === null) return;
      await this.host.backend.downloadStart({ ...place, onExisting, asStored });
      this.host.toasts.show(m.toast_download_started({ folder: folder.name }), {
        action: { label: m.toast_show(), run: () => this.host.nav.go({ kind: "transfers" }) },
      });
    });
  }

  async remove(): Promise<void> {
    const listing = this.listing;
    if (!listing || listing.selection.count === 0) return;
    await this.host.attempt(async () => {
      const frozen: Frozen = await listing.freeze();
      if (!(await this.host.asks.confirm(deleteAsk(frozen, listing.place)))) return;
      await this.host.backend.deleteStart(frozen.token);
      await listing.clear();
    });
  }

  async createFolder(name: string): Promise<void> {
    const listing = this.listing;
    if (!listing) return;
    await this.host.backend.folderCreate({ ...listing.place, name });
    this.folderDialog = false;
    await listing.refresh();
  }
}

function same(a: ListingPlace, b: ListingPlace): boolean {
  return a.profile === b.profile && a.bucket === b.bucket && a.prefix === b.prefix;
}
