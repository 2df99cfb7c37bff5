// What the system is told of transfers: a word when they have ended, progress on the task bar, and the question
// before the window closes over running ones.
import type { Job } from "../../backend";
import { count, percent } from "../../lib/format";
import type { Host } from "../../lib/host";
import { visible } from "../../lib/names";
import { m } from "../../paraglide/messages.js";
import { groupOf, hasFailed } from "./order";
import type { Transfers } from "./transfers.svelte";
import { jobTitle } from "./words";

/** Jobs that end together are told together. */
const TOGETHER_MS = 600;

export class SystemWord {
  #ended: Job[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #progress = "";
  #stop: (() => void) | null = null;
  #asking = false;

  constructor(
    private readonly host: Host,
    private readonly transfers: () => Transfers,
  ) {}

  async start(): Promise<void> {
    await this.host.attempt(async () => {
      this.#stop = await this.host.backend.onLeave((tray) => void this.leave(tray));
    });
  }

  stop(): void {
    this.#stop?.();
    clearTimeout(this.#timer);
  }

  /** Whether anybody looks at the window is the shell's to know. */
  ended(job: Job): void {
    if (job.state === "cancelled") return;
    this.#ended.push(job);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(this.#ended.splice(0)), TOGETHER_MS);
  }

  #tell(jobs: Job[]): void {
    const failed = jobs.filter(hasFailed).length;
    const [job] = jobs;
    if (!job) return;
    const title = failed > 0 ? m.notice_failed({ n: failed, nText: count(failed) }) : m.notice_done({ n: jobs.length, nText: count(jobs.length) });
    const body = jobs.slice(0, 3).map(jobTitle);
    if (jobs.length > 3) body.push(m.notice_more({ n: count(jobs.length - 3) }));
    // A system without notifications is no failure of the transfer.
    void this.host.backend.noticeShow({ title, body: body.join("\n") }).catch(() => undefined);
  }

  /** Called with every update; only what changed goes out. */
  progress(): void {
    const { totals, paused, unfinished } = this.transfers();
    const active = unfinished > 0;
    const req = { percent: active ? Math.floor(percent(totals.bytesDone, totals.bytesTotal)) : null, paused: !active && paused > 0 };
    const text = JSON.stringify(req);
    if (text === this.#progress) return;
    this.#progress = text;
    void this.host.backend.progressSet(req).catch(() => undefined);
  }

  /** The window is to be closed while jobs run. */
  async leave(tray: boolean): Promise<void> {
    // Says that the page lives: only one that hangs is closed by the second try.
    await this.host.backend.windowLeave("stay");
    if (this.#asking) return;
    this.#asking = true;
    const jobs = this.transfers().jobs.filter((job) => groupOf(job) === "active" && !job.elsewhere);
    const how = await this.host.asks.choose({
      title: m.leave_title({ n: jobs.length, nText: count(jobs.length) }),
      body: [],
      sample: jobs.slice(0, 4).map((job) => visible(jobTitle(job))),
      choices: [
        { value: "minimise", label: m.leave_minimise(), hint: tray ? m.leave_tray_hint() : m.leave_minimise_hint(), action: m.leave_minimise_action(), tone: "plain" },
        { value: "quit", label: m.leave_quit(), hint: m.leave_quit_hint(), action: m.leave_quit_action(), tone: "plain" },
      ],
      choicesLabel: m.leave_label(),
    });
    this.#asking = false;
    const words = how === "minimise" ? { open: m.tray_open(), quit: m.tray_quit() } : undefined;
    if (how === "minimise" || how === "quit") await this.host.attempt(() => this.host.backend.windowLeave(how, words));
  }
}
