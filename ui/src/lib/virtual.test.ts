import { describe, expect, it } from "vitest";
import { clampTop, geometry, MAX_TRACK, pageRows, scrollFromTop, topFromScroll, topToShow, visibleRange } from "./virtual";

const VIEW = 700;

describe("an ordinary list", () => {
  const g = geometry(1000, 28, VIEW);
  it("is as tall as its rows", () => {
    expect(g).toMatchObject({ content: 28_000, track: 28_000, ratio: 1 });
  });
  it("draws what is seen and a few more", () => {
    expect(visibleRange(g, 0)).toEqual({ start: 0, end: 31 });
    expect(visibleRange(g, 2800)).toEqual({ start: 94, end: 131 });
    expect(visibleRange(g, 27_300)).toEqual({ start: 969, end: 1000 });
  });
  it("moves as little as possible to show a row", () => {
    expect(topToShow(g, 280, 12)).toBe(280);
    expect(topToShow(g, 280, 3)).toBe(84);
    expect(topToShow(g, 0, 100)).toBe(101 * 28 - VIEW);
  });
  it("turns a page by what fits", () => {
    expect(pageRows(g)).toBe(24);
    expect(pageRows(geometry(5, 28, 10))).toBe(1);
  });
});

describe.each([1_000_000, 10_000_000])("%i rows", (count) => {
  const g = geometry(count, 28, VIEW);
  it("stay below what a browser can draw", () => {
    expect(g.track).toBe(MAX_TRACK);
    expect(g.content).toBe(count * 28);
    expect(g.ratio).toBeGreaterThan(1);
  });
  it("are reached from the first to the last by the scroll bar", () => {
    expect(topFromScroll(g, 0)).toBe(0);
    const bottom = topFromScroll(g, g.track - VIEW);
    expect(visibleRange(g, bottom).end).toBe(count);
    expect(bottom + VIEW).toBeCloseTo(g.content, 3);
  });
  it("come back to the same place through the scroll bar", () => {
    for (const index of [0, 1, 77, count / 2, count - 1]) {
      const top = clampTop(g, index * 28);
      expect(topFromScroll(g, scrollFromTop(g, top))).toBeCloseTo(top, 3);
    }
  });
  it("show each asked row fully", () => {
    for (const index of [0, 12_345, count - 1]) {
      const top = topToShow(g, g.content / 3, index);
      expect(index * 28).toBeGreaterThanOrEqual(top);
      expect((index + 1) * 28).toBeLessThanOrEqual(top + VIEW);
    }
  });
  it("never draw more than a screenful", () => {
    for (const top of [0, g.content / 7, g.content]) {
      const { start, end } = visibleRange(g, clampTop(g, top));
      expect(end - start).toBeLessThan(50);
    }
  });
});

it("an empty or short list doesn't scroll", () => {
  expect(geometry(0, 28, VIEW)).toMatchObject({ track: 0, ratio: 1 });
  expect(visibleRange(geometry(0, 28, VIEW), 0)).toEqual({ start: 0, end: 0 });
  expect(clampTop(geometry(3, 28, VIEW), 500)).toBe(0);
});
