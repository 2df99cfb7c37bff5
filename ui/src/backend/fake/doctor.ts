// A check-up as the engine would tell it.
import type * as T from "../types";

const good = (check: string, detail = "works"): T.Finding => ({ check, outcome: "good", detail, fix: null });
const missing = (check: string, detail: string): T.Finding => ({ check, outcome: "missing", detail, fix: null });

const HEALTHY: T.Finding[] = [
  good("reach", "the bucket answers over TLS, with a certificate that is trusted"),
  good("region", "eu-central-1"),
  good("addressing", "path and virtual host works"),
  good("write"),
  good("clock", "1 s apart"),
  good("ranges"),
  good("conditionalReads"),
  good("checksums", "CRC-64/NVME is compared and kept"),
  missing("contentMd5", "a wrong Content-MD5 is taken; uploads are compared by ETag and HEAD instead"),
  good("conditionalWrites"),
  good("copy"),
  good("listEncoding", "odd characters survive"),
  good("listStart", "listings start in the middle: several run at once"),
  good("multipart"),
  good("partNumbers", "parts can be asked for"),
  good("uploads"),
  good("versions"),
  good("acl"),
  missing("publicAccessBlock", "GetPublicAccessBlock: NotImplemented (501)"),
  good("multiDelete"),
];

export class FakeDoctor {
  findings: T.Finding[] = HEALTHY;
  left: string[] = [];
  error: T.IpcError | null = null;
  /** Tells nothing by itself: `step` and `end` do. */
  byHand = false;
  /** Between two findings. */
  stepMs = 0;
  readonly stopped: number[] = [];
  #tell: ((event: T.DoctorEvent) => void) | null = null;
  #next = 1;

  start(tell: (event: T.DoctorEvent) => void): number {
    const id = this.#next++;
    this.#tell = tell;
    if (!this.byHand) void this.#run(id);
    return id;
  }

  async #run(id: number): Promise<void> {
    for (const finding of this.error ? [] : this.findings) {
      await new Promise((resolve) => setTimeout(resolve, this.stepMs));
      if (this.stopped.includes(id)) break;
      this.step(finding);
    }
    this.end();
  }

  step(finding: T.Finding): void {
    this.#tell?.({ event: "found", finding });
  }
  end(): void {
    this.#tell?.({ event: "ended", left: this.left, error: this.error });
    this.#tell = null;
  }
  stop(id: number): void {
    this.stopped.push(id);
  }
}
