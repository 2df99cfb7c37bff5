// Files from the desktop: where they would land, what was chosen for that bucket, and the start of the job.
import type { DropEvent, OnExisting, Staged, UploadOptions } from "../../backend";
import { askConflict } from "../../lib/conflict";
import { bytes, count } from "../../lib/format";
import { type DropTarget, dropPlaceName, dropTargetAt, type PointLookup } from "../../lib/droptarget";
import { protectionText } from "../../lib/encryption";
import type { Host } from "../../lib/host";
import { visible } from "../../lib/names";
import { m } from "../../paraglide/messages.js";

export type UploadPlace = { profile: string; bucket: string; prefix: string };
export type Hover = { x: number; y: number; label: string; refused: boolean };

export class Uploads {
  /** Shown beside the pointer while files are over the window. */
  hover = $state.raw<Hover | null>(null);
  /** The bucket whose upload options are open. */
  sheet = $state.raw<{ profile: string; bucket: string } | null>(null);
  #staged: Staged | null = null;
  #marked: HTMLElement | null = null;
  #stop: (() => void) | null = null;

  constructor(
    private readonly host: Host,
    /** The open listing's place, or null where none is open. */
    private readonly here: () => UploadPlace | null,
    private readonly lookup?: PointLookup,
    /** How the rules of places encrypt what comes there. */
    private readonly rule: (place: UploadPlace) => string | null = () => null,
  ) {}

  async start(): Promise<void> {
    await this.host.attempt(async () => {
      this.#stop = await this.host.backend.onDrop((event) => this.drop(event));
    });
  }

  stop(): void {
    this.#stop?.();
  }

  drop(event: DropEvent): void {
    if (event.phase === "leave") {
      this.#clear();
      return;
    }
    if (event.phase !== "over") this.#staged = event.staged;
    const target = this.#targetAt(event.x, event.y);
    if (event.phase === "drop") {
      const staged = this.#staged;
      this.#clear();
      if (target && staged) void this.upload(staged, target);
      else this.host.toasts.show(this.#whyRefused());
      return;
    }
    this.#mark(target);
    const staged = this.#staged;
    if (!staged) return;
    this.hover = {
      x: event.x,
      y: event.y,
      label: target ? m.drop_label({ what: stagedText(staged), place: visible(dropPlaceName(target)) }) : this.#whyRefused(),
      refused: target === null,
    };
  }

  #targetAt(x: number, y: number): DropTarget | null {
    // A dialog covers the window: nothing behind it may receive files.
    if (document.querySelector("[role=dialog], [role=alertdialog]")) return null;
    return this.lookup ? dropTargetAt(x, y, this.lookup) : dropTargetAt(x, y);
  }

  #whyRefused(): string {
    if (document.querySelector("[role=dialog], [role=alertdialog]")) return m.drop_refused_dialog();
    return this.here() ? m.drop_refused_here() : m.drop_refused_no_bucket();
  }

  #mark(target: DropTarget | null): void {
    const element = target?.element ?? null;
    if (this.#marked !== element) this.#marked?.removeAttribute("data-drop-over");
    element?.setAttribute("data-drop-over", "");
    this.#marked = element;
  }

  #clear(): void {
    this.#mark(null);
    this.hover = null;
    this.#staged = null;
  }

  async choose(what: "files" | "folder"): Promise<void> {
    const place = this.here();
    if (!place) return;
    await this.host.attempt(async () => {
      const staged = await this.host.backend.uploadChoose(what);
      if (staged) await this.upload(staged, place);
    });
  }

  async upload(staged: Staged, to: UploadPlace): Promise<void> {
    const { profile, bucket, prefix } = to;
    await this.host.attempt(async () => {
      const options = await this.host.backend.uploadOptions({ profile, bucket });
      if (options.visibility === "public" && !(await this.#agreePublic(staged, to))) return;
      const onExisting = await this.#onExisting(staged, to);
      if (onExisting === null) return;
      await this.host.backend.uploadStart({ handle: staged.handle, profile, bucket, prefix, options, onExisting });
      const said = {
        what: stagedText(staged),
        place: visible(dropPlaceName(to)),
        visibility: options.visibility === "public" ? m.visibility_public() : m.visibility_private(),
      };
      const how = this.#how(options, to);
      this.host.toasts.show(
        how === null ? m.toast_uploading(said) : m.toast_uploading_encrypted({ ...said, how }),
        { action: { label: m.toast_options(), run: () => (this.sheet = { profile, bucket }) } },
      );
    });
  }

  /** How it will be encrypted, as far as this computer asks for it. */
  #how({ protection }: UploadOptions, to: UploadPlace): string | null {
    if (protection.how === "with") return protectionText(protection.protection);
    return protection.how === "place" ? this.rule(to) : null;
  }

  /** Remembered options may make strangers readers: that is said each time, not only when it was chosen. */
  #agreePublic(staged: Staged, to: UploadPlace): Promise<boolean> {
    return this.host.asks.confirm({
      title: m.upload_public_title({ what: stagedText(staged) }),
      body: [m.upload_public_body({ bucket: to.bucket })],
      sample: staged.names.map(visible),
      action: m.upload_public_action(),
      tone: "warning",
    });
  }

  /** Nothing is written over unseen. null: nothing is to be uploaded. */
  async #onExisting(staged: Staged, { profile, bucket, prefix }: UploadPlace): Promise<OnExisting | null> {
    const found = await this.host.backend.uploadReplaces({ handle: staged.handle, profile, bucket, prefix });
    // All was looked at and nothing is there: there is nothing to ask.
    return found.count === 0 && !found.more ? "overwrite" : askConflict(this.host.asks, found, "objects");
  }

  async saveOptions(options: UploadOptions): Promise<boolean> {
    const sheet = this.sheet;
    if (!sheet) return false;
    const ok = await this.host.attempt(() => this.host.backend.uploadOptionsSet({ ...sheet, options }));
    if (ok) this.sheet = null;
    return ok;
  }
}

/** "report.pdf (1.2 MB)", "3 files (12 MB)", "2 folders" while they are still being counted. */
export function stagedText(staged: Staged): string {
  const only = staged.names[0];
  const size = staged.counting ? m.staged_counting() : bytes(staged.bytes);
  if (staged.names.length === 1 && only !== undefined && staged.files + staged.folders <= 1) return m.staged_one({ name: visible(only), size });
  if (staged.files === 0 && staged.folders > 0) return m.staged_folders({ n: staged.folders, nText: count(staged.folders), size });
  return m.staged_files({ n: staged.files, nText: count(staged.files), size });
}
