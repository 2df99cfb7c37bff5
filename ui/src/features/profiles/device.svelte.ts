// One sign-in in the browser: asks for a code, waits for its end, gives it up when nobody waits any more.
import type { DeviceFlow, IpcError, SsoWay } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";

export class Device {
  flow = $state.raw<DeviceFlow | null>(null);
  error = $state.raw<IpcError | null>(null);
  busy = $state(false);
  #asked = 0;

  constructor(private readonly host: Host) {}

  async start(sso: SsoWay, onsigned: () => void): Promise<void> {
    this.cancel();
    const asked = ++this.#asked;
    this.busy = true;
    this.error = null;
    const { backend } = this.host;
    try {
      const flow = await backend.deviceStart(sso);
      if (asked !== this.#asked) {
        await backend.deviceCancel(flow.id);
        return;
      }
      this.flow = flow;
      await backend.deviceWatch(flow.id, (end) => {
        if (asked !== this.#asked) return;
        this.flow = null;
        this.error = end.error;
        if (!end.error) onsigned();
      });
    } catch (caught) {
      if (asked === this.#asked) this.error = asIpcError(caught);
    } finally {
      if (asked === this.#asked) this.busy = false;
    }
  }

  cancel(): void {
    this.#asked++;
    this.busy = false;
    const { flow } = this;
    this.flow = null;
    if (flow) void this.host.backend.deviceCancel(flow.id);
  }
}
