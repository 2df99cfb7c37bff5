// Jobs that move by themselves, ten times a second, so that the Transfers place has something to show.
import type { IpcError, Job, JobKind, Priority, TransferItem, TransferItems, TransferUpdate } from "../types";
import { ipcError } from "./world";

type File = { name: string; key: string; size: number; fails?: IpcError };
type Held = { job: Job; items: TransferItem[]; fails: Map<number, IpcError>; done: () => void };

export class FakeQueue {
  #jobs = new Map<number, Held>();
  #watchers = new Set<(update: TransferUpdate) => void>();
  #nextJob = 1;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    /** Bytes a second in all; Infinity ends every job at once. */
    private readonly speed: number,
  ) {}

  add(kind: JobKind, where: { profile: string; profileName: string; bucket: string; prefix: string }, title: string, files: File[], done: () => void = () => undefined): number {
    const id = this.#nextJob++;
    const fails = new Map<number, IpcError>();
    const items = files.map((f, i): TransferItem => {
      if (f.fails) fails.set(i, f.fails);
      return { id: i, name: f.name, key: f.key, state: "queued", size: f.size, bytesDone: 0, rate: 0, secondsLeft: null, verified: null, error: null };
    });
    const job: Job = {
      id, kind, state: "queued", profile: where.profile, profileName: where.profileName, bucket: where.bucket, prefix: where.prefix, title, createdAt: new Date().toISOString(), finishedAt: null,
      filesTotal: files.length, filesDone: 0, filesFailed: 0, filesSkipped: 0,
      bytesTotal: files.reduce((sum, f) => sum + f.size, 0), bytesDone: 0, rate: 0, secondsLeft: null, planning: false, priority: "normal", position: id, speedLimit: null, elsewhere: false, error: null,
    };
    const held = { job, items, fails, done };
    this.#jobs.set(id, held);
    if (this.speed === Infinity) {
      this.#finish(held);
      queueMicrotask(() => this.#emit([job]));
    } else {
      this.#emit([job]);
      this.#run();
    }
    return id;
  }

  /** A finished job of an earlier run. */
  put(job: Job, items: TransferItem[]): void {
    this.#nextJob = Math.max(this.#nextJob, job.id + 1);
    this.#jobs.set(job.id, { job, items, fails: new Map(), done: () => undefined });
  }

  watch(callback: (update: TransferUpdate) => void): () => void {
    this.#watchers.add(callback);
    queueMicrotask(() => callback(this.#update([...this.#jobs.values()].map((h) => h.job))));
    return () => this.#watchers.delete(callback);
  }

  #update(jobs: Job[], removed: number[] = []): TransferUpdate {
    const active = [...this.#jobs.values()].map((h) => h.job).filter((j) => j.state === "running" || j.state === "queued");
    const sum = (f: (j: Job) => number): number => active.reduce((n, j) => n + f(j), 0);
    const [bytesTotal, bytesDone, rate] = [sum((j) => j.bytesTotal), sum((j) => j.bytesDone), sum((j) => j.rate)];
    return {
      jobs: jobs.map((j) => ({ ...j })),
      removed,
      totals: {
        running: active.filter((j) => j.state === "running").length,
        queued: active.filter((j) => j.state === "queued").length,
        bytesTotal, bytesDone, rate,
        secondsLeft: rate > 0 ? (bytesTotal - bytesDone) / rate : null,
      },
    };
  }

  #emit(jobs: Job[], removed: number[] = []): void {
    const update = this.#update(jobs, removed);
    for (const watcher of this.#watchers) watcher(update);
  }

  #run(): void {
    this.#timer ??= setInterval(() => this.#tick(), 100);
  }

  #tick(): void {
    const moving = [...this.#jobs.values()]
      .filter((h) => (h.job.state === "queued" || h.job.state === "running") && !h.job.elsewhere)
      .sort((a, b) => RANK[a.job.priority] - RANK[b.job.priority] || a.job.position - b.job.position)
      .slice(0, 2);
    if (moving.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    for (const held of moving) {
      const speed = (this.speed / moving.length) * (0.85 + Math.random() * 0.3);
      this.#step(held, Math.min(speed, held.job.speedLimit ?? Infinity));
    }
    this.#emit(moving.map((h) => h.job));
  }

  #step(held: Held, speed: number): void {
    const { job, items, fails } = held;
    job.state = "running";
    let left = speed / 10;
    for (const [i, item] of items.entries()) {
      if (item.state === "completed" || item.state === "failed") continue;
      if (left <= 0) break;
      const error = fails.get(i);
      if (error) {
        item.state = "failed";
        item.error = error;
        continue;
      }
      const size = item.size ?? 0;
      const moved = Math.min(left, size - item.bytesDone);
      item.bytesDone += moved;
      left -= Math.max(moved, 20_000);
      item.state = item.bytesDone >= size ? "completed" : "running";
      item.rate = item.state === "running" ? speed : 0;
      item.secondsLeft = item.state === "running" ? (size - item.bytesDone) / speed : null;
      if (item.state === "completed") item.verified = "crc64nvme";
    }
    job.filesDone = items.filter((i) => i.state === "completed").length;
    job.filesFailed = items.filter((i) => i.state === "failed").length;
    job.bytesDone = items.reduce((sum, i) => sum + i.bytesDone, 0);
    job.rate = speed;
    job.secondsLeft = (job.bytesTotal - job.bytesDone) / speed;
    if (job.filesDone + job.filesFailed === job.filesTotal) this.#close(held);
  }

  #finish(held: Held): void {
    for (const [i, item] of held.items.entries()) {
      const error = held.fails.get(i);
      item.state = error ? "failed" : "completed";
      item.error = error ?? null;
      item.bytesDone = error ? 0 : (item.size ?? 0);
    }
    held.job.filesDone = held.items.filter((i) => i.state === "completed").length;
    held.job.filesFailed = held.items.length - held.job.filesDone;
    held.job.bytesDone = held.items.reduce((sum, i) => sum + i.bytesDone, 0);
    this.#close(held);
  }

  #close(held: Held): void {
    const { job } = held;
    job.state = job.filesFailed > 0 ? "failed" : "completed";
    job.finishedAt = new Date().toISOString();
    job.rate = 0;
    job.secondsLeft = null;
    held.done();
  }

  items(id: number, start: number, len: number, only: "all" | "failed" | "active"): TransferItems {
    const items = (this.#jobs.get(id)?.items ?? []).filter(
      (i) => only === "all" || (only === "failed" ? i.state === "failed" : i.state === "running" || i.state === "queued"),
    );
    return { total: items.length, items: items.slice(start, start + len).map((i) => ({ ...i })) };
  }

  cancel(id: number): void {
    const job = this.#jobs.get(id)?.job;
    if (!job) throw ipcError("invalid_input", `no job ${id}`);
    Object.assign(job, { state: "cancelled", finishedAt: new Date().toISOString(), rate: 0, secondsLeft: null });
    this.#emit([job]);
  }

  /** All that is not done, or these of it. */
  retry(id: number, only?: number[]): void {
    const held = this.#jobs.get(id);
    if (!held) return;
    const chosen = held.items.filter((i) => i.state !== "completed" && (only?.includes(i.id) ?? true));
    for (const item of chosen) {
      held.fails.delete(held.items.indexOf(item));
      Object.assign(item, { state: "queued", error: null });
    }
    const filesFailed = held.items.filter((i) => i.state === "failed").length;
    Object.assign(held.job, { state: "queued", finishedAt: null, filesFailed, error: null });
    this.#emit([held.job]);
    this.#run();
  }

  repeat(id: number): number {
    const { job, items, done } = this.#held(id);
    return this.add(job.kind, job, job.title, items.map(({ name, key, size }) => ({ name, key, size: size ?? 0 })), done);
  }

  #held(id: number): Held {
    const held = this.#jobs.get(id);
    if (!held) throw ipcError("invalid_input", `no job ${id}`);
    return held;
  }

  pause(id: number): void {
    const { job } = this.#held(id);
    Object.assign(job, { state: "paused", rate: 0, secondsLeft: null });
    this.#emit([job]);
  }

  resume(id: number): void {
    const { job } = this.#held(id);
    job.state = "queued";
    this.#emit([job]);
    this.#run();
  }

  all(of: "paused" | "unfinished", act: (id: number) => void): void {
    for (const { job } of [...this.#jobs.values()]) {
      const over = OVER.includes(job.state);
      if (of === "paused" ? job.state === "paused" : !over && job.state !== "paused") act(job.id);
    }
  }

  set(id: number, change: { priority?: Priority; speedLimit?: number | null; elsewhere?: boolean }): void {
    const { job } = this.#held(id);
    Object.assign(job, change);
    this.#emit([job]);
  }

  move(id: number, before: number | null): void {
    const { job } = this.#held(id);
    const all = [...this.#jobs.values()].map((h) => h.job);
    const place = before === null ? Math.max(...all.map((j) => j.position)) + 1 : this.#held(before).job.position;
    for (const other of all) if (other.position >= place) other.position += 1;
    job.position = place;
    this.#emit(all);
  }

  clear(): void {
    const over = [...this.#jobs.values()].filter((h) => OVER.includes(h.job.state)).map((h) => h.job.id);
    for (const id of over) this.#jobs.delete(id);
    this.#emit([], over);
  }
}

const RANK: Record<Priority, number> = { high: 0, normal: 1, low: 2 };
const OVER = ["completed", "failed", "cancelled"];
