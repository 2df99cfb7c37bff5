// Numbers and times as a person reads them. Each formatter is made once: in WebKitGTK a fresh Intl formatter
// per row costs 50 times more and its memory is not given back.
const locale = "en";
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const sameYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const otherYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(locale, {
  weekday: "short", day: "numeric", month: "long", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short",
});
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });

/** English abbreviates with a full stop, which only adds noise to a column. */
function ago(value: number, unit: Intl.RelativeTimeFormatUnit): string {
  return relative.format(value, unit).replace(".", "");
}

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB", "EB"] as const;

export function count(n: number): string {
  return whole.format(n);
}

/** 1.2 MB. Decimal units, as disks and S3 bills count. */
export function bytes(n: number): string {
  if (n < 1000) return `${whole.format(n)} B`;
  let unit = 0;
  let value = n;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  // 999.96 would otherwise print as "1000.0".
  if (Math.round(value * 10) >= 10_000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 ? whole.format(value) : one.format(value)} ${UNITS[unit]}`;
}

/** The unit stays with its number. */
export function exactBytes(n: number): string {
  return `${whole.format(n)}\u00a0B`;
}

export function rate(bytesPerSecond: number): string {
  return `${bytes(Math.round(bytesPerSecond))}/s`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "2 min ago" for the last hours, then a date with time, then a date with year. */
export function when(iso: string | null, now: number = Date.now()): string {
  if (iso === null) return "–";
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "–";
  const age = now - at;
  if (age >= -MINUTE && age < 10_000) return ago(0, "second");
  if (age >= 0 && age < MINUTE) return ago(-Math.floor(age / 1000), "second");
  if (age >= 0 && age < HOUR) return ago(-Math.floor(age / MINUTE), "minute");
  if (age >= 0 && age < DAY / 2) return ago(-Math.floor(age / HOUR), "hour");
  const date = new Date(at);
  return age < 300 * DAY && age > -300 * DAY ? sameYear.format(date) : otherYear.format(date);
}

/** "14:05"; on another day with its date. */
export function clockTime(iso: string | null, now: number = Date.now()): string {
  const at = Date.parse(iso ?? "");
  if (Number.isNaN(at)) return "–";
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? clock.format(new Date(at)) : sameYear.format(new Date(at));
}

export function fullTime(iso: string | null): string {
  if (iso === null) return "";
  const at = Date.parse(iso);
  return Number.isNaN(at) ? "" : full.format(new Date(at));
}

/** "1 min 20 s", for what is left. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 10) return s % 60 === 0 ? `${min} min` : `${min} min ${s % 60} s`;
  if (min < 60) return `${min} min`;
  const hours = Math.floor(min / 60);
  if (hours < 48) return min % 60 === 0 ? `${hours} h` : `${hours} h ${min % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function percent(done: number, total: number): number {
  if (total <= 0) return 0;
  return Math.min(100, Math.max(0, (done / total) * 100));
}
