import type { IpcError } from "../backend";

export type Toast = {
  id: number;
  tone: "info" | "success" | "danger";
  text: string;
  error: IpcError | null;
  action: { label: string; run: () => void } | null;
};

const SHOWN_MS = 6000;

export class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;

  show(text: string, options: { tone?: Toast["tone"]; action?: Toast["action"]; error?: IpcError | null } = {}): void {
    const toast: Toast = {
      id: this.#next++,
      tone: options.tone ?? "info",
      text,
      error: options.error ?? null,
      action: options.action ?? null,
    };
    this.list = [...this.list.slice(-2), toast];
    // What went wrong stays until it is closed.
    if (toast.tone !== "danger") setTimeout(() => this.close(toast.id), SHOWN_MS);
  }

  close(id: number): void {
    this.list = this.list.filter((t) => t.id !== id);
  }
}
