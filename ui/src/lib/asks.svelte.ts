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
  /** What Cancel says where there is a better word. */
  cancel?: string;
  /** Ways to go on; the chosen one names the button. */
  choices?: Choice[];
  /** Its caption. */
  choicesLabel?: string;
};
export type Choice = { value: string; label: string; hint: string; action: string; tone: "danger" | "plain" };

export class Asks {
  current = $state.raw<Ask | null>(null);
  /** Of `choices`; the first at the beginning. */
  chosen = $state("");
  #answer: ((choice: string | null) => void) | null = null;

  async confirm(ask: Ask): Promise<boolean> {
    return (await this.#show(ask)) !== null;
  }

  /** The value of what was chosen, or null. */
  choose(ask: Omit<Ask, "action" | "tone"> & { choices: Choice[] }): Promise<string | null> {
    return this.#show({ ...ask, action: "", tone: "plain" });
  }

  #show(ask: Ask): Promise<string | null> {
    this.settle(false);
    this.chosen = ask.choices?.[0]?.value ?? "";
    this.current = ask;
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  settle(yes: boolean): void {
    const answer = this.#answer;
    this.#answer = null;
    this.current = null;
    answer?.(yes ? this.chosen : null);
  }
}
