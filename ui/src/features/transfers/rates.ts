// The last minutes of the total rate, one sample a second, from the updates that come by anyway.
export const SPAN = 300;

export type Sample = { at: number; rate: number };

export class Rates {
  #samples: Sample[] = [];

  /** `now` in seconds. A silence means that nothing moved. */
  add(now: number, rate: number): void {
    const at = Math.floor(now);
    const last = this.#samples.at(-1);
    if (last && last.at === at) {
      last.rate = rate;
      return;
    }
    if (last && at - last.at > 3) {
      this.#samples.push({ at: last.at + 1, rate: 0 });
      if (at - last.at > 2) this.#samples.push({ at: at - 1, rate: 0 });
    }
    this.#samples.push({ at, rate });
    const oldest = at - SPAN - 2;
    const from = this.#samples.findIndex((s) => s.at >= oldest);
    if (from > 0) this.#samples.splice(0, from);
  }

  /** Of the window that ends now. A rate that nobody has told of for three seconds is none. */
  window(now: number): Sample[] {
    const list = this.#samples.filter((s) => s.at >= now - SPAN);
    const last = list.at(-1);
    if (last && now - last.at > 3 && last.rate > 0) list.push({ at: last.at + 1, rate: 0 });
    const end = list.at(-1);
    if (end && end.at < Math.floor(now) - 1) list.push({ at: Math.floor(now), rate: end.rate });
    return list;
  }
}

export function summary(samples: readonly Sample[]): { mean: number; most: number } {
  const moving = samples.filter((s) => s.rate > 0);
  const sum = moving.reduce((n, s) => n + s.rate, 0);
  return { mean: moving.length === 0 ? 0 : sum / moving.length, most: samples.reduce((n, s) => Math.max(n, s.rate), 0) };
}
