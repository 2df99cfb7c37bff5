// One listing session as the table sees it: a window of rows over data that lives in the engine.
import { SvelteMap } from "svelte/reactivity";
import type {
  Backend, Exposure, IpcError, ListingEvent, ListingId, Lock, Row, SelectOp, Selection, SortColumn,
} from "../../backend";
import { asIpcError } from "../../lib/errors";

const BLOCK = 200;
const KEPT_BLOCKS = 40;
const BADGE_DELAY_MS = 120;
const EMPTY: Selection = { count: 0, folders: 0, bytes: 0, complete: true, ids: [] };

export type ListingPlace = { profile: string; bucket: string; prefix: string };

export class Listing {
  generation = $state(0);
  /** Rows in the view; null until the engine has said something. */
  count = $state<number | null>(null);
  loaded = $state(0);
  complete = $state(false);
  listedAt = $state<string | null>(null);
  error = $state.raw<IpcError | null>(null);
  sort = $state<SortColumn>("name");
  descending = $state(false);
  filter = $state("");
  selection = $state.raw<Selection>(EMPTY);
  cursor = $state(0);
  /** The row that the inspector shows: the only selected one. */
  chosen = $state.raw<Row | null>(null);
  readonly access = new SvelteMap<number, Exposure>();
  readonly locks = new SvelteMap<number, Lock>();

  /** Bumped whenever a block arrives, so that drawn rows are read again. */
  #version = $state(0);
  #blocks = new Map<number, { generation: number; rows: Row[] }>();
  #pending = new Set<number>();
  #id: ListingId | null = null;
  #closed = false;
  #anchor = 0;
  #selectTurn = 0;
  #selecting: Promise<unknown> = Promise.resolve();
  #chosenIds: Set<number> | null = new Set();
  #wanted = { start: 0, end: 0 };
  #badgeTimer: ReturnType<typeof setTimeout> | undefined;
  #badgesAsked = new Set<number>();
  /** A name that is selected once its row is there. */
  #reveal: string | null = null;
  #typed = "";
  #typedAt = 0;

  constructor(
    private readonly backend: Backend,
    readonly place: ListingPlace,
    view: { sort: SortColumn; descending: boolean } = { sort: "name", descending: false },
  ) {
    this.sort = view.sort;
    this.descending = view.descending;
    void this.#open();
  }

  async #open(): Promise<void> {
    try {
      const id = await this.backend.listingOpen({ ...this.place }, (event) => this.#event(event));
      if (this.#closed) {
        void this.backend.listingClose(id).catch(() => undefined);
        return;
      }
      this.#id = id;
      if (this.sort !== "name" || this.descending || this.filter !== "") await this.view();
      this.#fetchWanted();
      await this.#revealNow();
    } catch (caught) {
      this.error = asIpcError(caught);
    }
  }

  #event(event: ListingEvent): void {
    if (this.#closed || event.generation < this.generation) return;
    this.generation = event.generation;
    this.loaded = event.loaded;
    this.count = event.count;
    this.complete = event.complete;
    this.listedAt = event.listedAt;
    this.error = event.error;
    if (this.cursor >= event.count) this.cursor = Math.max(0, event.count - 1);
    this.#version++;
    this.#fetchWanted();
    void this.#revealNow();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#badgeTimer);
    if (this.#id !== null) void this.backend.listingClose(this.#id).catch(() => undefined);
  }

  // ---- rows ---------------------------------------------------------------------------------

  /** The row at a view index, or undefined while it is on its way. An older generation's row stays until the new one comes. */
  row(index: number): Row | undefined {
    void this.#version;
    return this.#blocks.get(Math.floor(index / BLOCK))?.rows[index % BLOCK];
  }

  /** The table says what it draws; a block more on either side is fetched ahead. */
  want(start: number, end: number): void {
    this.#wanted = { start, end };
    this.#fetchWanted();
    this.#scheduleBadges();
  }

  #fetchWanted(): void {
    const count = this.count;
    if (this.#id === null || count === null || count === 0) return;
    const last = Math.floor((count - 1) / BLOCK);
    const from = Math.max(0, Math.floor(this.#wanted.start / BLOCK));
    const to = Math.min(last, Math.floor(Math.max(0, this.#wanted.end - 1) / BLOCK));
    for (let b = from; b <= to; b++) this.#fetch(b);
    if (from > 0) this.#fetch(from - 1);
    if (to < last) this.#fetch(to + 1);
  }

  #isFresh(block: number): boolean {
    const held = this.#blocks.get(block);
    if (!held || held.generation !== this.generation) return false;
    return held.rows.length >= Math.min(BLOCK, (this.count ?? 0) - block * BLOCK);
  }

  #fetch(block: number): void {
    if (this.#id === null || this.#pending.has(block) || this.#isFresh(block)) return;
    this.#pending.add(block);
    const generation = this.generation;
    this.backend
      .listingRows({ id: this.#id, generation, start: block * BLOCK, len: BLOCK })
      .then((answer) => {
        this.#pending.delete(block);
        if (this.#closed) return;
        if (answer.stale) {
          if (answer.generation > this.generation) this.generation = answer.generation;
        } else {
          this.#keep(block, answer.generation, answer.rows);
        }
        // A later generation, or more rows, may have come meanwhile.
        if (answer.stale || !this.#isFresh(block)) this.#fetchWanted();
      })
      .catch((caught: unknown) => {
        this.#pending.delete(block);
        if (!this.#closed) this.error = asIpcError(caught);
      });
  }

  #keep(block: number, generation: number, rows: Row[]): void {
    this.#blocks.delete(block);
    this.#blocks.set(block, { generation, rows });
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT_BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    this.#version++;
    // What the inspector shows may have been replaced by a newer object.
    const again = this.chosen && rows.find((r) => r.id === this.chosen?.id);
    if (again) this.chosen = again;
    else this.#findChosen();
    this.#scheduleBadges();
  }

  /** Badges only for rows that stay in sight for a moment. */
  #scheduleBadges(): void {
    clearTimeout(this.#badgeTimer);
    this.#badgeTimer = setTimeout(() => void this.#badges(), BADGE_DELAY_MS);
  }

  async #badges(): Promise<void> {
    if (this.#id === null || this.#closed) return;
    const rows: number[] = [];
    for (let i = this.#wanted.start; i < this.#wanted.end; i++) {
      const row = this.row(i);
      if (row && !this.#badgesAsked.has(row.id)) rows.push(row.id);
    }
    if (rows.length === 0) return;
    for (const id of rows) this.#badgesAsked.add(id);
    try {
      for (const { id, exposure, lock } of await this.backend.listingAccess({ id: this.#id, rows })) {
        this.access.set(id, exposure);
        this.lock(id, lock);
      }
    } catch {
      // A badge that can't be had is no badge; the inspector says why.
      for (const id of rows) this.access.set(id, "unknown");
    }
  }

  lock(id: number, lock: Lock | null): void {
    if (lock) this.locks.set(id, lock);
    else this.locks.delete(id);
  }

  /** After a change of access the badges are asked again. */
  forgetAccess(): void {
    this.#badgesAsked.clear();
    this.#scheduleBadges();
  }

  // ---- view ---------------------------------------------------------------------------------

  async sortBy(column: SortColumn): Promise<void> {
    this.descending = this.sort === column ? !this.descending : column === "size" || column === "modified";
    this.sort = column;
    await this.view();
  }

  async filterBy(text: string): Promise<void> {
    if (text === this.filter) return;
    this.filter = text;
    await this.view();
  }

  async view(): Promise<void> {
    if (this.#id === null) return;
    try {
      const answer = await this.backend.listingView({
        id: this.#id, sort: this.sort, descending: this.descending, filter: this.filter,
      });
      if (answer.generation < this.generation) return;
      this.generation = answer.generation;
      this.count = answer.count;
      this.cursor = Math.max(0, Math.min(this.cursor, answer.count - 1));
      this.#version++;
      this.#fetchWanted();
    } catch (caught) {
      this.error = asIpcError(caught);
    }
  }

  async refresh(): Promise<void> {
    if (this.#id === null) {
      this.error = null;
      await this.#open();
      return;
    }
    this.error = null;
    this.#badgesAsked.clear();
    try {
      await this.backend.listingRefresh(this.#id);
    } catch (caught) {
      this.error = asIpcError(caught);
    }
  }

  // ---- selection ----------------------------------------------------------------------------

  isSelected(row: Row): boolean {
    void this.selection;
    return this.#chosenIds ? this.#chosenIds.has(row.id) : row.selected;
  }

  async select(op: SelectOp): Promise<void> {
    if (this.#id === null) return;
    const turn = ++this.#selectTurn;
    this.#foresee(op);
    try {
      const answer = this.backend.listingSelect({ id: this.#id, generation: this.generation, op });
      this.#selecting = answer.catch(() => undefined);
      const selection = await answer;
      if (turn !== this.#selectTurn || this.#closed) return;
      this.#chosenIds = selection.ids ? new Set(selection.ids) : null;
      this.selection = selection;
      // Too many to be listed one by one: the rows themselves say it.
      if (this.#chosenIds === null) this.#refetchFlags();
      this.#findChosen();
    } catch (caught) {
      this.error = asIpcError(caught);
    }
  }

  /** One row or none is clear at once: a key pressed right after the click must find it. */
  #foresee(op: SelectOp): void {
    const row = op.op === "only" ? this.row(op.index) : undefined;
    if (op.op === "none") {
      this.#chosenIds = new Set();
      this.selection = EMPTY;
    } else if (row) {
      this.#chosenIds = new Set([row.id]);
      this.selection = { count: 1, folders: row.kind === "folder" ? 1 : 0, bytes: row.size ?? 0, complete: this.complete, ids: [row.id] };
    } else {
      return;
    }
    this.#findChosen();
  }

  #refetchFlags(): void {
    for (const held of this.#blocks.values()) held.generation = -1;
    this.#fetchWanted();
  }

  #findChosen(): void {
    const ids = this.selection.ids;
    if (this.selection.count !== 1 || ids?.length !== 1) {
      this.chosen = null;
      return;
    }
    if (this.chosen?.id === ids[0]) return;
    const at = this.row(this.cursor);
    if (at && at.id === ids[0]) {
      this.chosen = at;
      return;
    }
    for (const { rows } of this.#blocks.values()) {
      const found = rows.find((r) => r.id === ids[0]);
      if (found) {
        this.chosen = found;
        return;
      }
    }
  }

  /** A click or a key moves the cursor; with Shift from the anchor, with Mod one more. */
  pick(index: number, how: { range?: boolean; toggle?: boolean }): Promise<void> {
    this.cursor = index;
    if (how.range) return this.select({ op: "range", from: this.#anchor, to: index, add: how.toggle ?? false });
    this.#anchor = index;
    return this.select(how.toggle ? { op: "toggle", index } : { op: "only", index });
  }

  selectAll(): Promise<void> {
    return this.select({ op: "all" });
  }

  clear(): Promise<void> {
    return this.select({ op: "none" });
  }

  /** Typing jumps: letters within a second make one word. */
  async type(letter: string, now: number = Date.now()): Promise<void> {
    if (this.#id === null) return;
    const fresh = now - this.#typedAt > 1000;
    this.#typed = fresh ? letter : this.#typed + letter;
    this.#typedAt = now;
    const from = fresh ? this.cursor + 1 : this.cursor;
    const index = await this.backend.listingFind({
      id: this.#id, generation: this.generation, text: this.#typed, from: from % Math.max(1, this.count ?? 1), exact: false,
    });
    if (index !== null) await this.pick(index, {});
  }

  /** Goes to a row by its name, as soon as it is listed. */
  reveal(name: string): void {
    this.#reveal = name;
    void this.#revealNow();
  }

  async #revealNow(): Promise<void> {
    const name = this.#reveal;
    if (name === null || this.#id === null || !this.count) return;
    try {
      const index = await this.backend.listingFind({ id: this.#id, generation: this.generation, text: name, from: 0, exact: true });
      if (this.#reveal !== name) return;
      if (index !== null) {
        this.#reveal = null;
        await this.pick(index, {});
      } else if (this.complete) {
        // It is gone since it was listed.
        this.#reveal = null;
      }
    } catch {
      // The next page brings another try.
    }
  }

  get typing(): boolean {
    return Date.now() - this.#typedAt < 1000;
  }

  async freeze(): ReturnType<Backend["listingFreeze"]> {
    await this.#selecting;
    if (this.#id === null) throw new Error("the listing is not open");
    return this.backend.listingFreeze(this.#id);
  }
}
