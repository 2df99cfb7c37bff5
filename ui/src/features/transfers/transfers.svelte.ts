// The queue as the window sees it: jobs and totals pushed by the engine, files of a job read on demand.
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Job, Priority, TransferTotals, TransferUpdate } from "../../backend";
import { count } from "../../lib/format";
import type { Host } from "../../lib/host";
import { visible } from "../../lib/names";
import { m } from "../../paraglide/messages.js";
import { groupOf, groups, hasFailed, inLine, isOver, step, type View } from "./order";
import { SystemWord } from "./system";
import { Rates } from "./rates";

const IDLE: TransferTotals = { running: 0, queued: 0, bytesTotal: 0, bytesDone: 0, rate: 0, secondsLeft: null };
const ALL: View = { show: "all", kind: "all", search: "", sort: "line" };

export class Transfers {
  readonly #jobs = new SvelteMap<number, Job>();
  totals = $state.raw<TransferTotals>(IDLE);
  readonly expanded = new SvelteSet<number>();
  readonly rates = new Rates();
  /** Said by the live region. */
  announcement = $state("");
  /** What of the queue is shown, and how; kept while the window lives. */
  view = $state.raw<View>(ALL);
  /** The job that has the focus, and that commands are about. */
  chosen = $state<number | null>(null);
  /** The job whose speed limit is open. */
  limiting = $state<number | null>(null);
  readonly system: SystemWord;
  #first = true;
  #stop: (() => void) | null = null;

  constructor(
    private readonly host: Host,
    /** A bucket got or lost objects: its open listing may want to look again. */
    private readonly onfinished: (job: Job) => void = () => undefined,
  ) {
    this.system = new SystemWord(host, () => this);
  }

  readonly jobs = $derived([...this.#jobs.values()].sort((a, b) => b.id - a.id));
  readonly groups = $derived(groups(this.jobs, this.view));
  readonly shown = $derived(this.groups.flatMap((group) => group.jobs));
  readonly finished = $derived(this.jobs.filter(isOver).length);
  readonly failed = $derived(this.jobs.filter(hasFailed).length);
  readonly paused = $derived(this.jobs.filter((j) => j.state === "paused").length);
  readonly unfinished = $derived(this.jobs.filter((j) => groupOf(j) === "active").length);
  readonly filtered = $derived(this.view.show !== "all" || this.view.kind !== "all" || this.view.search.trim() !== "");

  job(id: number | null): Job | null {
    return id === null ? null : (this.#jobs.get(id) ?? null);
  }

  async start(): Promise<void> {
    await this.system.start();
    await this.host.attempt(async () => {
      this.#stop = await this.host.backend.transferWatch((update) => this.apply(update));
    });
  }

  stop(): void {
    this.#stop?.();
    this.system.stop();
  }

  apply(update: TransferUpdate): void {
    for (const id of update.removed) {
      this.#jobs.delete(id);
      this.expanded.delete(id);
      if (this.chosen === id) this.chosen = null;
    }
    for (const job of update.jobs) {
      const before = this.#jobs.get(job.id);
      this.#jobs.set(job.id, job);
      if (!this.#first && !(before && isOver(before)) && isOver(job)) this.#finished(job);
    }
    this.totals = update.totals;
    this.rates.add(Date.now() / 1000, update.totals.rate);
    this.system.progress();
    this.#first = false;
  }

  #finished(job: Job): void {
    this.onfinished(job);
    this.system.ended(job);
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
    this.view = ALL;
    this.expanded.add(job);
    this.chosen = job;
    this.host.nav.go({ kind: "transfers" });
  }

  toggle(job: number): void {
    if (this.expanded.has(job)) this.expanded.delete(job);
    else this.expanded.add(job);
  }

  look(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
  }

  showAll(): void {
    this.look({ show: "all", kind: "all", search: "" });
  }

  #do(action: () => Promise<unknown>): void {
    void this.host.attempt(action);
  }

  cancel(job: number): void {
    this.#do(() => this.host.backend.transferCancel(job));
  }

  retry(job: number): void {
    this.#do(() => this.host.backend.transferRetry(job));
  }

  retryItem(job: number, item: number): void {
    this.#do(() => this.host.backend.transferRetryItems({ job, items: [item] }));
  }

  repeat(job: number): void {
    this.#do(async () => {
      this.chosen = await this.host.backend.transferRepeat(job);
    });
  }

  pause(job: number): void {
    this.#do(() => this.host.backend.transferPause(job));
  }

  resume(job: number): void {
    this.#do(() => this.host.backend.transferResume(job));
  }

  pauseAll(): void {
    this.#do(() => this.host.backend.transferPauseAll());
  }

  resumeAll(): void {
    this.#do(() => this.host.backend.transferResumeAll());
  }

  priority(job: number, priority: Priority): void {
    this.#do(() => this.host.backend.transferPriority({ job, priority }));
  }

  move(job: number, before: number | null): void {
    this.#do(() => this.host.backend.transferMove({ job, before }));
  }

  canStep(job: Job, by: -1 | 1): boolean {
    return step(this.jobs, job, by) !== undefined;
  }

  step(id: number, by: -1 | 1): void {
    const job = this.job(id);
    const before = job ? step(this.jobs, job, by) : undefined;
    if (!job || before === undefined) return;
    const at = this.jobs.filter((other) => !isOver(other)).sort(inLine).indexOf(job);
    this.move(id, before);
    this.announcement = m.transfers_moved({ title: visible(job.title), n: count(at + 1 + by) });
  }

  speed(job: number, limit: number | null): void {
    this.#do(() => this.host.backend.transferSpeed({ job, limit }));
  }

  report(job: number): void {
    this.#do(async () => {
      if (await this.host.backend.transferReport(job)) this.host.toasts.show(m.toast_report());
    });
  }

  clear(): void {
    this.#do(() => this.host.backend.transferClear());
  }
}
