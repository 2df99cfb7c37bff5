// One decision at a time: `await asks.confirm(…)` shows the dialog and says what was chosen.
export type Ask = {
  title: string;
  body: string[];
  /** The button names the act: "Delete 214 objects". */
  action: string;
  tone: "danger" | "warning" | "plain";
  /** Names or lines, shown as text. */
  sample?: string[];
  url?: string;
  /** Stands above the address. */
  urlCaption?: string;
  diff?: { before: string; after: string };
  /** Has to be typed before the button works. */
  typed?: string;
};

export class Asks {
  current = $state.raw<Ask | null>(null);
  #answer: ((yes: boolean) => void) | null = null;

  confirm(ask: Ask): Promise<boolean> {
    this.settle(false);
    this.current = ask;
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  settle(yes: boolean): void {
    const answer = this.#answer;
    this.#answer = null;
    this.current = null;
    answer?.(yes);
  }
}
