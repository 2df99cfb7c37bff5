// How fast all jobs together may be: the overall limit and the timetable.
import type { Speed, SpeedRule } from "../../backend";
import type { Host } from "../../lib/host";

const MB = 1_000_000;
/** The slider's stops; the last is "no limit". */
export const STEPS: readonly (number | null)[] = [
  0.1 * MB, 0.25 * MB, 0.5 * MB, MB, 2 * MB, 5 * MB, 10 * MB, 20 * MB, 50 * MB, 100 * MB, 200 * MB, 500 * MB, null,
];

/** The stop that lies nearest; a limit set elsewhere may be between two. */
export function stepOf(limit: number | null): number {
  if (limit === null) return STEPS.length - 1;
  let best = 0;
  for (const [i, step] of STEPS.entries()) {
    const old = STEPS[best];
    if (step !== null && old != null && Math.abs(Math.log(step / limit)) < Math.abs(Math.log(old / limit))) best = i;
  }
  return best;
}

/** As the engine reads the timetable: the first rule that holds counts. Of a span over midnight, the day it begins. */
export function ruleAt(speed: Speed, at: Date): SpeedRule | null {
  const weekday = at.getDay() === 0 ? 7 : at.getDay();
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  const minute = at.getHours() * 60 + at.getMinutes();
  const holds = (rule: SpeedRule): boolean => {
    const on = (day: number): boolean => rule.days.length === 0 || rule.days.includes(day);
    if (rule.from === rule.to) return on(weekday);
    if (rule.from < rule.to) return on(weekday) && minute >= rule.from && minute < rule.to;
    return (on(weekday) && minute >= rule.from) || (on(yesterday) && minute < rule.to);
  };
  return speed.timetable.find(holds) ?? null;
}

export class SpeedStore {
  limit = $state<number | null>(null);
  timetable = $state.raw<SpeedRule[]>([]);
  now = $state(Date.now());
  #timer: ReturnType<typeof setInterval> | undefined;
  #save: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: Host) {}

  /** The rule of the hour, which overrides the limit. */
  readonly rule = $derived(ruleAt({ limit: this.limit, timetable: this.timetable }, new Date(this.now)));

  async load(): Promise<void> {
    // A choice that is still on its way is newer than the answer.
    if (this.#save !== undefined) return;
    this.#timer ??= setInterval(() => (this.now = Date.now()), 30_000);
    await this.host.attempt(async () => {
      const speed = await this.host.backend.speedGet();
      this.limit = speed.limit;
      this.timetable = speed.timetable;
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A slider tells every stop that it passes: only where it rests is kept. */
  set(change: Partial<Speed>): void {
    if (change.limit !== undefined) this.limit = change.limit;
    if (change.timetable !== undefined) this.timetable = change.timetable;
    clearTimeout(this.#save);
    this.#save = setTimeout(() => {
      this.#save = undefined;
      void this.host
        .attempt(() => this.host.backend.speedSet({ limit: this.limit, timetable: this.timetable }))
        .then((kept) => (kept ? undefined : this.load()));
    }, 200);
  }
}
