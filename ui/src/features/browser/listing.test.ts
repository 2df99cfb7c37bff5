import { waitFor } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { FakeBackend, World } from "../../backend/fake";
import { bucket, object, SANDBOX } from "../../backend/fake/world";
import { Listing } from "./listing.svelte";

const AT = "2026-01-01T00:00:00Z";
function backend(n: number): FakeBackend {
  const objects = Array.from({ length: n }, (_, i) => object(`k${String(i).padStart(6, "0")}`, i, AT));
  return new FakeBackend(new World().add(SANDBOX, [bucket("b", objects)]));
}
async function open(fake: FakeBackend): Promise<Listing> {
  const listing = new Listing(fake, { profile: "sandbox", bucket: "b", prefix: "" });
  listing.want(0, 30);
  await waitFor(() => expect(listing.row(0)).toBeDefined());
  return listing;
}

describe("a listing of 100,000 rows", () => {
  it("reads windows, not everything", async () => {
    const fake = backend(100_000);
    const listing = await open(fake);
    expect(listing.count).toBe(100_000);
    listing.want(60_000, 60_030);
    await waitFor(() => expect(listing.row(60_010)?.key).toBe("k060010"));
    const asked = fake.called("listingRows") as { start: number; len: number }[];
    expect(asked.length).toBeLessThan(8);
    expect(Math.max(...asked.map((a) => a.len))).toBeLessThanOrEqual(500);
  });

  it("fetches again what is stale, and shows the old rows meanwhile", async () => {
    const fake = backend(1000);
    const listing = await open(fake);
    const done = listing.sortBy("size");
    expect(listing.row(0)?.key).toBe("k000000");
    await done;
    await waitFor(() => expect(listing.row(0)?.key).toBe("k000999"));
    expect(listing.descending).toBe(true);
  });

  it("follows a refresh that adds rows", async () => {
    const fake = backend(10);
    const listing = await open(fake);
    fake.world.bucket("sandbox", "b").objects.push(object("aaa", 1, AT));
    await listing.refresh();
    await waitFor(() => expect(listing.row(0)?.key).toBe("aaa"));
    expect(listing.count).toBe(11);
  });

  it("keeps the filter and the count together", async () => {
    const listing = await open(backend(1000));
    await listing.filterBy("k00012");
    expect(listing.count).toBe(10);
    await waitFor(() => expect(listing.row(3)?.key).toBe("k000123"));
  });
});

describe("selection", () => {
  it("picks one, adds, ranges and clears", async () => {
    const listing = await open(backend(100));
    await listing.pick(3, {});
    expect(listing.chosen?.key).toBe("k000003");
    await listing.pick(6, { range: true });
    expect(listing.selection.count).toBe(4);
    expect(listing.chosen).toBeNull();
    await listing.pick(20, { toggle: true });
    expect(listing.selection.count).toBe(5);
    await listing.clear();
    expect(listing.selection.count).toBe(0);
  });
  it("knows one row at once, before the engine has answered", async () => {
    const listing = await open(backend(10));
    void listing.pick(2, {});
    expect(listing.selection.count).toBe(1);
    expect(listing.chosen?.key).toBe("k000002");
  });
  it("of everything is known by the rows, not by a list of ids", async () => {
    const listing = await open(backend(5000));
    await listing.selectAll();
    expect(listing.selection).toMatchObject({ count: 5000, ids: null });
    await waitFor(() => expect(listing.row(5)?.selected).toBe(true));
    const row = listing.row(5);
    expect(row && listing.isSelected(row)).toBe(true);
  });
  it("jumps to what is typed", async () => {
    const listing = await open(backend(500));
    for (const letter of "k0003") await listing.type(letter, 1000);
    expect(listing.cursor).toBe(300);
  });
});

it("asks badges once, for rows in sight only", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const fake = backend(1000);
  const listing = await open(fake);
  await vi.advanceTimersByTimeAsync(400);
  listing.want(0, 30);
  await vi.advanceTimersByTimeAsync(400);
  const asked = (fake.called("listingAccess") as { rows: number[] }[]).flatMap((a) => a.rows);
  expect(asked).toHaveLength(30);
  expect(listing.access.size).toBe(30);
  vi.useRealTimers();
});

it("says in place what went wrong, and recovers", async () => {
  const fake = backend(3);
  fake.failing.set("listingOpen", { code: "network", message: "no route", hint: null, retry: "now", retryAfterMs: null, s3: null });
  const listing = new Listing(fake, { profile: "sandbox", bucket: "b", prefix: "" });
  await waitFor(() => expect(listing.error?.code).toBe("network"));
  await listing.refresh();
  await waitFor(() => expect(listing.count).toBe(3));
  expect(listing.error).toBeNull();
});
