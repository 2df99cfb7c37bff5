// A listing session like the engine's: rows come in pages, views make generations, selection lives here.
import type { Frozen, ListingEvent, ListingId, Row, RowWindow, Selection, SelectOp, ViewRequest } from "../types";
import { type FakeBucket, ipcError } from "./world";

const PAGE = 2000;

export class FakeListing {
  #rows: Row[] = [];
  #view: Row[] = [];
  #generation = 1;
  #loaded = 0;
  #complete = false;
  #selected = new Set<number>();
  #view_: Omit<ViewRequest, "id"> = { sort: "name", descending: false, filter: "" };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;
  readonly #ids = new Map<string, number>();

  constructor(
    readonly id: ListingId,
    readonly bucket: FakeBucket,
    readonly prefix: string,
    private readonly onEvent: (event: ListingEvent) => void,
    private readonly pageMs: number,
  ) {
    this.refresh();
  }

  refresh(): void {
    clearTimeout(this.#timer);
    this.#loaded = 0;
    this.#complete = false;
    const all = this.#read();
    const step = (): void => {
      if (this.bucket.broken) {
        this.#complete = true;
        this.#emit();
        return;
      }
      this.#loaded = this.pageMs === 0 ? all.length : Math.min(all.length, this.#loaded + Math.max(PAGE, all.length / 20));
      this.#rows = all.slice(0, this.#loaded);
      this.#complete = this.#loaded === all.length;
      this.#remake();
      this.#emit();
      if (!this.#complete) this.#timer = setTimeout(step, this.pageMs);
    };
    if (this.pageMs === 0) queueMicrotask(step);
    else this.#timer = setTimeout(step, this.pageMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #read(): Row[] {
    const rows: Row[] = [];
    const folders = new Set<string>();
    for (const o of this.bucket.objects) {
      if (!o.key.startsWith(this.prefix) || o.key === this.prefix) continue;
      const rest = o.key.slice(this.prefix.length);
      const slash = rest.indexOf("/");
      if (slash !== -1) {
        const name = rest.slice(0, slash + 1);
        if (folders.has(name)) continue;
        folders.add(name);
        rows.push(this.#row("folder", name, this.prefix + name, null, null, null));
      } else {
        rows.push(this.#row("object", rest, o.key, o.size, o.modified, o.storageClass));
      }
    }
    return rows;
  }

  #row(kind: Row["kind"], name: string, key: string, size: number | null, modified: string | null, storageClass: string | null): Row {
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#nextId++;
      this.#ids.set(key, id);
    }
    return { id, kind, name, key, size, modified, storageClass, selected: this.#selected.has(id) };
  }

  #remake(): void {
    const { sort, descending, filter } = this.#view_;
    const wanted = filter.toLowerCase();
    const view = wanted === "" ? [...this.#rows] : this.#rows.filter((r) => r.name.toLowerCase().includes(wanted));
    const value = (r: Row): string | number => (sort === "name" ? r.name : (r[sort] ?? ""));
    const sign = descending ? -1 : 1;
    view.sort((a, b) => {
      if (a.kind !== b.kind) return a.kind === "folder" ? -1 : 1;
      const x = value(a);
      const y = value(b);
      return (x < y ? -1 : x > y ? 1 : a.key < b.key ? -1 : 1) * sign;
    });
    this.#view = view;
    this.#generation++;
  }

  #emit(): void {
    this.onEvent({
      generation: this.#generation,
      loaded: this.#loaded,
      count: this.#view.length,
      complete: this.#complete,
      listedAt: this.#complete && !this.bucket.broken ? new Date().toISOString() : null,
      error: this.bucket.broken,
    });
  }

  view(request: Omit<ViewRequest, "id">): { generation: number; count: number } {
    this.#view_ = request;
    this.#remake();
    return { generation: this.#generation, count: this.#view.length };
  }

  rows(generation: number, start: number, len: number): RowWindow {
    if (generation !== this.#generation) return { stale: true, generation: this.#generation, start, rows: [] };
    const rows = this.#view.slice(start, start + Math.min(len, 500)).map((r) => ({ ...r, selected: this.#selected.has(r.id) }));
    return { stale: false, generation, start, rows };
  }

  rowById(id: number): Row | undefined {
    return this.#rows.find((r) => r.id === id);
  }

  select(op: SelectOp): Selection {
    const at = (i: number): number[] => (this.#view[i] ? [this.#view[i].id] : []);
    switch (op.op) {
      case "only":
        this.#selected = new Set(at(op.index));
        break;
      case "toggle":
        for (const id of at(op.index)) if (!this.#selected.delete(id)) this.#selected.add(id);
        break;
      case "range": {
        const [from, to] = op.from < op.to ? [op.from, op.to] : [op.to, op.from];
        if (!op.add) this.#selected = new Set();
        for (let i = from; i <= to; i++) for (const id of at(i)) this.#selected.add(id);
        break;
      }
      case "all":
        this.#selected = new Set(this.#view.map((r) => r.id));
        break;
      case "invert":
        this.#selected = new Set(this.#view.filter((r) => !this.#selected.has(r.id)).map((r) => r.id));
        break;
      case "none":
        this.#selected = new Set();
        break;
    }
    const rows = this.chosen();
    return {
      count: rows.length,
      folders: rows.filter((r) => r.kind === "folder").length,
      bytes: rows.reduce((sum, r) => sum + (r.size ?? 0), 0),
      complete: this.#complete,
      ids: rows.length <= 1000 ? rows.map((r) => r.id) : null,
    };
  }

  chosen(): Row[] {
    return this.#rows.filter((r) => this.#selected.has(r.id));
  }

  find(text: string, from: number, exact: boolean): number | null {
    const wanted = text.toLowerCase();
    for (let i = 0; i < this.#view.length; i++) {
      const index = (from + i) % this.#view.length;
      const name = this.#view[index]?.name ?? "";
      if (exact ? name === text : name.toLowerCase().startsWith(wanted)) return index;
    }
    return null;
  }

  /** Every key that the selection stands for. */
  keys(): string[] {
    const rows = this.chosen();
    if (rows.length === 0) throw ipcError("invalid_input", "nothing is selected");
    return this.bucket.objects
      .filter((o) => rows.some((r) => (r.kind === "folder" ? o.key.startsWith(r.key) : o.key === r.key)))
      .map((o) => o.key);
  }

  freeze(token: number): Frozen {
    const keys = new Set(this.keys());
    const rows = this.chosen();
    const objects = this.bucket.objects.filter((o) => keys.has(o.key));
    return {
      token,
      objects: objects.length,
      folders: rows.filter((r) => r.kind === "folder").length,
      bytes: objects.reduce((sum, o) => sum + o.size, 0),
      sample: rows.slice(0, 5).map((r) => r.name),
      versioning: this.bucket.versioned ? "versioned" : "unversioned",
    };
  }
}
