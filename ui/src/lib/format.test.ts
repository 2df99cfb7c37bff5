import { expect, it } from "vitest";
import { bytes, count, duration, exactBytes, percent, rate, when } from "./format";

it.each([
  [0, "0 B"], [999, "999 B"], [1000, "1.0 KB"], [1_234_567, "1.2 MB"], [99_949, "99.9 KB"], [999_960, "1.0 MB"],
  [412_000_000, "412 MB"], [10_995_116_277_760, "11.0 TB"], [2e18, "2.0 EB"], [9e21, "9,000 EB"],
])("%i bytes read as %s", (n, text) => expect(bytes(n)).toBe(text));

it("keeps every digit where it is exact", () => expect(exactBytes(10_995_116_277_760)).toBe("10,995,116,277,760\u00a0B"));
it("separates thousands", () => expect(count(1_048_576)).toBe("1,048,576"));
it("says rates by the second", () => expect(rate(82_000_000)).toBe("82.0 MB/s"));

const NOW = Date.parse("2026-11-23T12:00:00Z");
it.each([
  ["2026-11-23T11:59:58Z", "now"],
  ["2026-11-23T11:59:20Z", "40 sec ago"],
  ["2026-11-23T11:57:30Z", "2 min ago"],
  ["2026-11-23T09:00:00Z", "3 hr ago"],
])("%s was %s", (iso, text) => expect(when(iso, NOW)).toBe(text));
it("says the date when it is long ago, and the year when it is longer", () => {
  expect(when("2026-11-02T10:30:00Z", NOW)).toMatch(/^Nov 2, \d\d:30$/);
  expect(when("2019-03-04T10:30:00Z", NOW)).toBe("Mar 4, 2019");
});
it("has a dash where there is no time", () => {
  expect(when(null)).toBe("–");
  expect(when("rubbish")).toBe("–");
});

it.each([
  [0, "0 s"], [59.4, "59 s"], [60, "1 min"], [80, "1 min 20 s"], [1200, "20 min"], [3600, "1 h"], [5400, "1 h 30 min"], [400_000, "4 d 15 h"],
])("%d seconds read as %s", (s, text) => expect(duration(s)).toBe(text));

it("stays between 0 and 100 percent", () => {
  expect(percent(5, 0)).toBe(0);
  expect(percent(150, 100)).toBe(100);
  expect(percent(25, 100)).toBe(25);
});
