// The days of a timetable's line as somebody would say them, and as a list of weekdays.
import { m } from "../../paraglide/messages.js";

const ONE = [m.day_1, m.day_2, m.day_3, m.day_4, m.day_5, m.day_6, m.day_7];
const PRESETS: { value: string; label: () => string }[] = [
  { value: "", label: m.days_every },
  { value: "1,2,3,4,5", label: m.days_week },
  { value: "6,7", label: m.days_end },
  ...ONE.map((label, i) => ({ value: String(i + 1), label })),
];

export function daysValue(days: readonly number[]): string {
  return [...days].sort((a, b) => a - b).join(",");
}

export function daysOf(value: string): number[] {
  return value === "" ? [] : value.split(",").map(Number);
}

/** What there is to choose from; a list made elsewhere stays as it is. */
export function dayOptions(days: readonly number[]): { value: string; label: string }[] {
  const value = daysValue(days);
  const known = PRESETS.map((preset) => ({ value: preset.value, label: preset.label() }));
  return known.some((preset) => preset.value === value) ? known : [...known, { value, label: m.days_some({ days: value }) }];
}

/** 1020 as "17:00". */
export function clockOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

export function minutesOf(clock: string): number | null {
  const found = /^\s*(\d{1,2})[:.](\d{2})\s*$/.exec(clock);
  if (!found) return null;
  const minutes = Number(found[1]) * 60 + Number(found[2]);
  return minutes < 24 * 60 && Number(found[2]) < 60 ? minutes : null;
}
