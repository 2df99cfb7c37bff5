// The queue as the window sees it: jobs and totals pushed by the engine, files of a job read on demand.
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Job, TransferTotals, TransferUpdate } from "../../backend";
import { count } from "../../lib/format";
import type { Host } from "../../lib/host";
import { visible } from "../../lib/names";
import { m } from "../../paraglide/messages.js";

const IDLE: TransferTotals = { running: 0, queued: 0, bytesTotal: 0, bytesDone: 0, rate: 0, secondsLeft: null };

export class Transfers {
  readonly #jobs = new SvelteMap<number, Job>();
  totals = $state.raw<TransferTotals>(IDLE);
  readonly expanded = new SvelteSet<number>();
  /** Said by the live region. */
  announcement = $state("");
  #first = true;
  #stop: (() => void) | null = null;

  constructor(
    private readonly host: Host,
    /** A bucket got or lost objects: its open listing may want to look again. */
    private readonly onfinished: (job: Job) => void = () => undefined,
  ) {}

  readonly jobs = $derived([...this.#jobs.values()].sort((a, b) => b.id - a.id));
  readonly finished = $derived(this.jobs.filter(isOver).length);
  readonly failed = $derived(this.jobs.filter((j) => j.state === "failed" || (isOver(j) && j.filesFailed > 0)).length);

  async start(): Promise<void> {
    await this.host.attempt(async () => {
      this.#stop = await this.host.backend.transferWatch((update) => this.apply(update));
    });
  }

  stop(): void {
    this.#stop?.();
  }

  apply(update: TransferUpdate): void {
    for (const id of update.removed) {
      this.#jobs.delete(id);
      this.expanded.delete(id);
    }
    for (const job of update.jobs) {
      const before = this.#jobs.get(job.id);
      this.#jobs.set(job.id, job);
      if (!this.#first && !(before && isOver(before)) && isOver(job)) this.#finished(job);
    }
    this.totals = update.totals;
    this.#first = false;
  }

  #finished(job: Job): void {
    this.onfinished(job);
    const title = visible(job.title);
    if (job.state === "completed" && job.filesFailed === 0) {
      this.announcement = m.transfer_said_done({ title });
    } else if (job.state !== "cancelled") {
      const text = m.transfer_said_failed({ title, n: count(Math.max(1, job.filesFailed)) });
      this.announcement = text;
      this.host.toasts.show(text, {
        tone: "danger",
        error: job.error,
        action: { label: m.toast_show(), run: () => this.show(job.id) },
      });
    }
  }

  show(job: number): void {
    this.expanded.add(job);
    this.host.nav.go({ kind: "transfers" });
  }

  toggle(job: number): void {
    if (this.expanded.has(job)) this.expanded.delete(job);
    else this.expanded.add(job);
  }

  cancel(job: number): void {
    void this.host.attempt(() => this.host.backend.transferCancel(job));
  }

  retry(job: number): void {
    void this.host.attempt(() => this.host.backend.transferRetry(job));
  }

  clear(): void {
    void this.host.attempt(() => this.host.backend.transferClear());
  }
}

export function isOver(job: Job): boolean {
  return job.state === "completed" || job.state === "failed" || job.state === "cancelled";
}
