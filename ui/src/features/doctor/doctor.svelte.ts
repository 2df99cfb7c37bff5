// One check-up: what has been found so far, and the changes that were made. It goes on while the page is left.
import type { DoctorEvent, Finding, Fix, IpcError } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";

export type DoctorState = "idle" | "running" | "stopping" | "done" | "stopped";

export class Doctor {
  profile = $state("");
  bucket = $state("");
  state = $state<DoctorState>("idle");
  findings = $state.raw<Finding[]>([]);
  left = $state.raw<string[]>([]);
  error = $state.raw<IpcError | null>(null);
  /** By the check: applied, being applied, or why it could not be. */
  mends = $state.raw<Record<string, "busy" | "done" | IpcError>>({});
  #run = 0;
  #id: number | null = null;

  constructor(private readonly host: Host) {}

  readonly running = $derived(this.state === "running" || this.state === "stopping");
  readonly good = $derived(this.#count("good"));
  readonly missing = $derived(this.#count("missing"));
  readonly bad = $derived(this.#count("bad"));

  #count(outcome: Finding["outcome"]): number {
    return this.findings.filter((f) => f.outcome === outcome).length;
  }

  /** Another connection's findings say nothing about this one. */
  show(profile: string, bucket: string): void {
    if (profile !== this.profile) {
      if (this.running) this.stop();
      this.#run++;
      this.#clear();
      this.state = "idle";
      this.bucket = "";
      this.profile = profile;
    }
    if (bucket !== "" && !this.running && (this.state === "idle" || this.bucket === "")) this.bucket = bucket;
  }

  #clear(): void {
    this.findings = [];
    this.left = [];
    this.error = null;
    this.mends = {};
  }

  async start(): Promise<void> {
    const bucket = this.bucket.trim();
    if (this.running || bucket === "") return;
    const run = ++this.#run;
    this.bucket = bucket;
    this.#clear();
    this.#id = null;
    this.state = "running";
    try {
      const id = await this.host.backend.doctorStart({ profile: this.profile, bucket }, (event) => {
        if (run === this.#run) this.#told(event);
      });
      if (run !== this.#run) return void this.host.backend.doctorStop(id);
      this.#id = id;
      // Asked for before the engine had given it a number.
      if (this.#now() === "stopping") void this.host.backend.doctorStop(id);
    } catch (caught) {
      if (run !== this.#run) return;
      this.error = asIpcError(caught);
      this.state = "done";
    }
  }

  #now(): DoctorState {
    return this.state;
  }

  #told(event: DoctorEvent): void {
    if (event.event === "found") {
      this.findings = [...this.findings, event.finding];
      return;
    }
    this.left = event.left;
    this.error = event.error;
    this.state = this.state === "stopping" ? "stopped" : "done";
  }

  stop(): void {
    if (this.state !== "running") return;
    this.state = "stopping";
    if (this.#id !== null) void this.host.attempt(() => this.host.backend.doctorStop(this.#id ?? 0));
  }

  async apply(check: string, fix: Fix): Promise<void> {
    if (this.mends[check] === "busy" || this.mends[check] === "done") return;
    const run = this.#run;
    const set = (state: "busy" | "done" | IpcError): void => {
      if (run === this.#run) this.mends = { ...this.mends, [check]: state };
    };
    set("busy");
    try {
      await this.host.backend.doctorMend({ profile: this.profile, fix });
      set("done");
    } catch (caught) {
      set(asIpcError(caught));
    }
  }
}
