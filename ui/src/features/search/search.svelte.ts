// Finding names in what was listed: the engine holds all hits, the table reads what it shows.
import { SvelteMap } from "svelte/reactivity";
import type { FoundNames, Hit, IndexedBucket, IpcError, SavedSearch, SortColumn } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";

const BLOCK = 200;
const KEPT_BLOCKS = 40;
/** Between two letters of a quick typist. */
const TYPING_MS = 60;

export type Scope = { profile: string | null; bucket: string | null };
export const EVERYWHERE: Scope = { profile: null, bucket: null };
export type Indexing = { id: number | null; count: number; error: IpcError | null; running: boolean };

export class Search {
  text = $state("");
  scope = $state.raw<Scope>(EVERYWHERE);
  found = $state.raw<FoundNames | null>(null);
  error = $state.raw<IpcError | null>(null);
  sort = $state<SortColumn>("name");
  descending = $state(false);
  cursor = $state(0);
  saved = $state.raw<SavedSearch[]>([]);
  indexed = $state.raw<IndexedBucket[] | null>(null);
  /** Listings for the index, by `profile/bucket`. */
  readonly indexing = new SvelteMap<string, Indexing>();
  #version = $state(0);
  #blocks = new Map<number, Hit[]>();
  #pending = new Set<number>();
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: Host) {}

  readonly count = $derived(this.found?.count ?? 0);
  readonly asked = $derived(this.text.trim() !== "");

  /** What is known, and which searches were kept. */
  async load(): Promise<void> {
    try {
      [this.indexed, this.saved] = await Promise.all([this.host.backend.indexList(), this.host.backend.searchSaved()]);
    } catch (caught) {
      this.error = asIpcError(caught);
    }
  }

  typed(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.run(), TYPING_MS);
  }

  within(scope: Scope): Promise<void> {
    this.scope = scope;
    return this.run();
  }

  async run(): Promise<void> {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    if (!this.asked) {
      this.found = null;
      this.error = null;
      this.#forget();
      return;
    }
    try {
      const found = await this.host.backend.searchOpen({ text: this.text, ...this.scope });
      if (turn !== this.#turn || !found.whole) return;
      if (this.sort !== "name" || this.descending) await this.#order(found.id);
      this.error = null;
      this.found = found;
      this.cursor = 0;
      this.#forget();
    } catch (caught) {
      if (turn === this.#turn) this.error = asIpcError(caught);
    }
  }

  async sortBy(column: SortColumn): Promise<void> {
    this.descending = this.sort === column ? !this.descending : column === "size" || column === "modified";
    this.sort = column;
    if (!this.found) return;
    await this.host.attempt(() => this.#order(this.found?.id ?? 0));
    this.#forget();
  }

  #order(id: number): Promise<void> {
    return this.host.backend.searchSort({ id, sort: this.sort, descending: this.descending });
  }

  #forget(): void {
    this.#blocks.clear();
    this.#pending.clear();
    this.#version++;
  }

  row(index: number): Hit | undefined {
    void this.#version;
    return this.#blocks.get(Math.floor(index / BLOCK))?.[index % BLOCK];
  }

  want(start: number, end: number): void {
    void this.#version;
    if (!this.found || this.count === 0) return;
    const last = Math.floor((this.count - 1) / BLOCK);
    for (let b = Math.floor(start / BLOCK); b <= Math.min(last, Math.floor(Math.max(0, end - 1) / BLOCK)); b++) this.#fetch(this.found.id, b);
  }

  #fetch(id: number, block: number): void {
    if (this.#pending.has(block) || this.#blocks.has(block)) return;
    this.#pending.add(block);
    const turn = this.#turn;
    const sorted = `${this.sort} ${this.descending}`;
    this.host.backend.searchRows({ id, start: block * BLOCK, len: BLOCK }).then(
      (rows) => {
        if (turn !== this.#turn || sorted !== `${this.sort} ${this.descending}`) return;
        this.#pending.delete(block);
        this.#blocks.set(block, rows);
        for (const oldest of this.#blocks.keys()) {
          if (this.#blocks.size <= KEPT_BLOCKS) break;
          this.#blocks.delete(oldest);
        }
        this.#version++;
      },
      (caught: unknown) => {
        if (turn !== this.#turn) return;
        this.#pending.delete(block);
        this.error = asIpcError(caught);
      },
    );
  }

  /** The table is gone; so is what it read. */
  leave(): void {
    this.#turn++;
    this.found = null;
    this.#forget();
    void this.host.backend.searchClose().catch(() => undefined);
  }

  async keep(name: string): Promise<void> {
    await this.host.backend.searchSave({ name, text: this.text, ...this.scope });
    await this.load();
  }

  async dropSaved(name: string): Promise<void> {
    await this.host.attempt(async () => {
      await this.host.backend.searchForget(name);
      await this.load();
    });
  }

  async again(saved: SavedSearch): Promise<void> {
    this.text = saved.text;
    await this.within({ profile: saved.profile, bucket: saved.bucket });
  }

  /** Lists all of a bucket, so that every name in it is found. */
  async index(profile: string, bucket: string): Promise<void> {
    const place = `${profile}/${bucket}`;
    if (this.indexing.get(place)?.running) return;
    let now: Indexing = { id: null, count: 0, error: null, running: true };
    const set = (change: Partial<Indexing>): void => {
      now = { ...now, ...change };
      this.indexing.set(place, now);
    };
    set({});
    try {
      const id = await this.host.backend.indexRefresh({ profile, bucket }, (event) => {
        if (event.event === "listed") {
          set({ count: event.count });
          return;
        }
        set({ running: false, error: event.error?.code === "cancelled" ? null : event.error });
        void this.load().then(() => this.run());
      });
      set({ id });
    } catch (caught) {
      set({ running: false, error: asIpcError(caught) });
    }
  }

  stop(profile: string, bucket: string): void {
    const id = this.indexing.get(`${profile}/${bucket}`)?.id;
    if (id !== null && id !== undefined) void this.host.attempt(() => this.host.backend.indexStop(id));
  }

  async drop(profile: string, bucket: string): Promise<void> {
    await this.host.attempt(() => this.host.backend.indexForget({ profile, bucket }));
    await this.load();
    await this.run();
  }
}
