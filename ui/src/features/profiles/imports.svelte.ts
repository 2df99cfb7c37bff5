// Taking over the connections of another program: choose, look, take. Secrets never come here.
import type { ImportKind, ImportPreview, ImportTaken, IpcError } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";

export class Imports {
  open = $state(false);
  kind = $state<ImportKind>("s3cfg");
  password = $state("");
  asksPassword = $state(false);
  busy = $state(false);
  error = $state.raw<IpcError | null>(null);
  preview = $state.raw<ImportPreview | null>(null);
  chosen = $state<Record<string, boolean>>({});
  taken = $state.raw<ImportTaken[] | null>(null);
  #file: number | null = null;

  constructor(private readonly host: Host) {}

  readonly names = $derived(this.preview?.found.filter((f) => f.unusable === null && this.chosen[f.name]).map((f) => f.name) ?? []);

  start(): void {
    this.back();
    this.open = true;
  }

  chooseKind(kind: ImportKind): void {
    this.back();
    this.kind = kind;
  }

  /** Where that program keeps it. */
  async look(): Promise<void> {
    this.#file = null;
    await this.read();
  }

  async chooseFile(): Promise<void> {
    await this.#do(async () => {
      const file = await this.host.backend.importChoose();
      if (file === null) return;
      this.#file = file;
      await this.#read();
    });
  }

  /** The same file again, with the password. */
  read(): Promise<void> {
    return this.#do(() => this.#read());
  }

  async #read(): Promise<void> {
    try {
      const preview = await this.host.backend.importOpen({ kind: this.kind, file: this.#file, password: this.password || null });
      if (!this.open) return void this.host.backend.importClose(preview.id);
      this.preview = preview;
      this.chosen = Object.fromEntries(preview.found.map((f) => [f.name, f.unusable === null]));
      this.password = "";
      this.asksPassword = false;
    } catch (caught) {
      const again = this.asksPassword;
      this.asksPassword = asIpcError(caught).code === "decrypt_failed";
      // The first time it is a question, not a failure.
      if (again || !this.asksPassword) throw caught;
    }
  }

  async take(): Promise<void> {
    const { preview, names } = this;
    if (!preview || names.length === 0) return;
    await this.#do(async () => {
      this.taken = await this.host.backend.importTake({ id: preview.id, names });
    });
  }

  async #do(action: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    try {
      await action();
    } catch (caught) {
      this.error = asIpcError(caught);
    }
    this.busy = false;
  }

  /** To the choice of the program; what was read is forgotten. */
  back(): void {
    if (this.preview) void this.host.backend.importClose(this.preview.id);
    this.preview = null;
    this.taken = null;
    this.error = null;
    this.password = "";
    this.asksPassword = false;
  }

  close(): void {
    this.back();
    this.open = false;
  }
}
