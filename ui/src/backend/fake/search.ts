// The index of what was listed, as the engine keeps it.
import type * as T from "../types";
import type { World } from "./world";

export class FakeSearch {
  /** `profile/bucket` of what was listed as a whole, and when. */
  readonly listed = new Map<string, string>();
  saved: T.SavedSearch[] = [];
  /** Tells nothing by itself: `step` and `end` do. */
  byHand = false;
  error: T.IpcError | null = null;
  #hits: T.Hit[] = [];
  #id = 0;
  #tell: ((event: T.IndexingEvent) => void) | null = null;

  constructor(private readonly world: World) {}

  open(req: { text: string; profile: string | null; bucket: string | null }): T.FoundNames {
    const words = req.text.toLowerCase().split(/\s+/).filter((word) => word !== "");
    this.#hits = [];
    for (const [place, listedAt] of this.listed) {
      const [profile = "", bucket = ""] = place.split("/");
      if ((req.profile ?? profile) !== profile || (req.bucket ?? bucket) !== bucket) continue;
      for (const o of this.world.bucket(profile, bucket).objects) {
        if (!words.every((word) => o.key.toLowerCase().includes(word))) continue;
        this.#hits.push({ profile, bucket, key: o.key, kind: "object", size: o.size, modified: o.modified, storageClass: "STANDARD", listedAt });
      }
    }
    this.sort({ sort: "name", descending: false });
    const oldest = this.#hits.map((hit) => hit.listedAt).sort()[0] ?? null;
    return { id: ++this.#id, count: this.#hits.length, bytes: this.#hits.reduce((sum, hit) => sum + (hit.size ?? 0), 0), oldest, whole: true };
  }

  rows(req: { start: number; len: number }): T.Hit[] {
    return this.#hits.slice(req.start, req.start + req.len);
  }

  sort(req: { sort: T.SortColumn; descending: boolean }): void {
    const by = (hit: T.Hit): string | number => (req.sort === "size" ? (hit.size ?? -1) : req.sort === "modified" ? (hit.modified ?? "") : hit.key);
    this.#hits.sort((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0) * (req.descending ? -1 : 1));
  }

  list(): T.IndexedBucket[] {
    return [...this.listed.keys()].map((place) => {
      const [profile = "", bucket = ""] = place.split("/");
      return { profile, bucket, names: this.world.bucket(profile, bucket).objects.length };
    });
  }

  refresh(req: { profile: string; bucket: string }, tell: (event: T.IndexingEvent) => void): number {
    this.#tell = tell;
    if (!this.byHand) queueMicrotask(() => this.end(req));
    return 1;
  }

  step(count: number): void {
    this.#tell?.({ event: "listed", count });
  }

  end(req: { profile: string; bucket: string }): void {
    if (!this.error) this.listed.set(`${req.profile}/${req.bucket}`, "2026-11-23T08:00:00Z");
    this.#tell?.({ event: "ended", error: this.error });
  }
}
