// The grid's scroll maths. Browsers stop growing an element somewhere past 16 million pixels, so a long list
// gets a shorter track: the scroll bar moves over the track, rows live in "virtual" pixels, and `ratio` joins them.

/** Below every engine's limit (WebKit about 33 M, Blink about 33 M, Gecko about 17 M). */
export const MAX_TRACK = 15_000_000;

export type Geometry = {
  count: number;
  rowHeight: number;
  viewport: number;
  /** Height of all rows in virtual pixels. */
  content: number;
  /** Height of the scrolled element. */
  track: number;
  /** Virtual pixels per scrolled pixel; 1 when nothing is compressed. */
  ratio: number;
};

export function geometry(count: number, rowHeight: number, viewport: number, maxTrack = MAX_TRACK): Geometry {
  const content = count * rowHeight;
  const track = Math.min(content, maxTrack);
  const scrollable = Math.max(0, content - viewport);
  const trackScrollable = Math.max(0, track - viewport);
  const ratio = content > track && trackScrollable > 0 ? scrollable / trackScrollable : 1;
  return { count, rowHeight, viewport, content, track, ratio };
}

export function clampTop(g: Geometry, top: number): number {
  return Math.min(Math.max(0, top), Math.max(0, g.content - g.viewport));
}

export function topFromScroll(g: Geometry, scrollTop: number): number {
  return clampTop(g, scrollTop * g.ratio);
}

export function scrollFromTop(g: Geometry, top: number): number {
  return clampTop(g, top) / g.ratio;
}

/** Rows to draw, both ends inclusive-exclusive, with a few more than can be seen. */
export function visibleRange(g: Geometry, top: number, overscan = 6): { start: number; end: number } {
  const start = Math.max(0, Math.floor(top / g.rowHeight) - overscan);
  const end = Math.min(g.count, Math.ceil((top + g.viewport) / g.rowHeight) + overscan);
  return { start, end: Math.max(start, end) };
}

/** The smallest move that brings a row into view. */
export function topToShow(g: Geometry, top: number, index: number): number {
  const rowTop = index * g.rowHeight;
  if (rowTop < top) return clampTop(g, rowTop);
  if (rowTop + g.rowHeight > top + g.viewport) return clampTop(g, rowTop + g.rowHeight - g.viewport);
  return clampTop(g, top);
}

export function pageRows(g: Geometry): number {
  return Math.max(1, Math.floor(g.viewport / g.rowHeight) - 1);
}
