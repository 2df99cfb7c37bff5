import { describe, expect, it } from "vitest";
import type { Job, Speed } from "../../backend";
import { clockOf, dayOptions, daysOf, minutesOf } from "./days";
import { groups, step, type View } from "./order";
import { Rates, SPAN, summary } from "./rates";
import { ruleAt, stepOf, STEPS } from "./speed.svelte";

const VIEW: View = { show: "all", kind: "all", search: "", sort: "line" };
const job = (id: number, change: Partial<Job> = {}): Job => ({
  id, kind: "upload", state: "running", profile: "p", profileName: "P", bucket: "b", prefix: "", title: `job ${id}`, createdAt: "", finishedAt: null,
  filesTotal: 1, filesDone: 0, filesFailed: 0, filesSkipped: 0, bytesTotal: id * 10, bytesDone: 0, rate: 0, secondsLeft: null, planning: false,
  priority: "normal", position: id, speedLimit: null, elsewhere: false, error: null, ...change,
});
const ids = (jobs: Job[], view: Partial<View> = {}) => groups(jobs, { ...VIEW, ...view }).map((g) => [g.id, ...g.jobs.map((j) => j.id)]);

describe("the line", () => {
  const jobs = [
    job(1), job(2, { priority: "low" }), job(3, { priority: "high" }), job(4, { position: 0 }), job(5, { state: "paused" }),
    job(6, { state: "completed", finishedAt: "2026-01-01" }), job(7, { state: "failed", finishedAt: "2026-01-02" }), job(8, { state: "completed", finishedAt: "2026-01-03", filesFailed: 1 }),
  ];
  it("goes by priority, then by place; what ended comes newest first", () => {
    expect(ids(jobs)).toEqual([["active", 3, 4, 1, 2], ["paused", 5], ["over", 8, 7, 6]]);
    expect(ids(jobs, { sort: "size" })).toEqual([["active", 4, 3, 2, 1], ["paused", 5], ["over", 8, 7, 6]]);
  });
  it("shows what is asked for", () => {
    expect(ids(jobs, { show: "failed" })).toEqual([["over", 8, 7]]);
    expect(ids(jobs, { show: "done" })).toEqual([["over", 6]]);
    expect(ids(jobs, { show: "paused", search: "JOB 5" })).toEqual([["paused", 5]]);
    expect(ids(jobs, { kind: "copy" })).toEqual([]);
  });
  it("moves one step among its like", () => {
    const line = [job(1), job(2), job(3), job(4, { priority: "high" }), job(5, { state: "paused" })];
    const at = (id: number, by: -1 | 1) => step(line, line[id - 1]!, by);
    expect([at(1, -1), at(1, 1), at(2, -1), at(2, 1), at(3, 1), at(4, -1), at(5, 1)]).toEqual([undefined, 3, 1, null, undefined, undefined, undefined]);
  });
});

describe("the speed", () => {
  it("has a stop for each limit", () => {
    for (const [i, limit] of STEPS.entries()) expect(stepOf(limit)).toBe(i);
    expect(STEPS[stepOf(6_300_000)]).toBe(5_000_000);
    expect(STEPS[stepOf(1)]).toBe(100_000);
  });
  it("follows the timetable as the engine does", () => {
    const speed: Speed = {
      limit: 5000,
      timetable: [
        { days: [6, 7], from: 0, to: 0, limit: null },
        { days: [], from: 480, to: 1080, limit: 2000 },
        { days: [5], from: 1320, to: 360, limit: 9000 },
      ],
    };
    // 2026-11-23 is a Monday.
    const at = (day: number, hour: number) => ruleAt(speed, new Date(2026, 10, 22 + day, hour))?.limit;
    expect([at(1, 7), at(1, 8), at(1, 18), at(6, 12), at(5, 23), at(4, 23)]).toEqual([undefined, 2000, undefined, null, 9000, undefined]);
    const night: Speed = { limit: null, timetable: [{ days: [7], from: 1320, to: 360, limit: 9000 }] };
    expect(ruleAt(night, new Date(2026, 10, 23, 5))?.limit).toBe(9000);
    expect(ruleAt(night, new Date(2026, 10, 22, 5))).toBeNull();
  });
  it("reads clocks and days", () => {
    expect([clockOf(0), clockOf(1439), minutesOf("17:05"), minutesOf("24:00"), minutesOf("")]).toEqual(["00:00", "23:59", 1025, null, null]);
    expect([daysOf(""), daysOf("6,7")]).toEqual([[], [6, 7]]);
    expect(dayOptions([2, 4]).at(-1)).toEqual({ value: "2,4", label: "Days 2,4" });
    expect(dayOptions([]).some((o) => o.value === "")).toBe(true);
  });
});

describe("the rates", () => {
  it("keep one sample a second, fill silence with nothing, and forget", () => {
    const rates = new Rates();
    rates.add(1000.1, 5);
    rates.add(1000.9, 7);
    rates.add(1010, 9);
    expect(rates.window(1010)).toEqual([{ at: 1000, rate: 7 }, { at: 1001, rate: 0 }, { at: 1009, rate: 0 }, { at: 1010, rate: 9 }]);
    expect(rates.window(1020).at(-1)).toEqual({ at: 1020, rate: 0 });
    expect(summary(rates.window(1010))).toEqual({ mean: 8, most: 9 });
    rates.add(1010 + SPAN + 10, 1);
    expect(rates.window(1010 + SPAN + 10).every((s) => s.at >= 1020)).toBe(true);
    expect(summary([])).toEqual({ mean: 0, most: 0 });
  });
});
