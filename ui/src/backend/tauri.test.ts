import { beforeEach, expect, it, vi } from "vitest";

const { invoke } = vi.hoisted(() => ({ invoke: vi.fn((_command: string, _args?: Record<string, unknown>) => Promise.resolve(null)) }));
vi.mock("@tauri-apps/api/core", () => ({
  invoke,
  Channel: class {
    constructor(readonly onmessage: (event: unknown) => void) {}
  },
}));
const { tauriBackend: b } = await import("./tauri");

beforeEach(() => invoke.mockClear());

it.each([
  [() => b.appInfo(), "app_info", undefined],
  [() => b.bucketList("p"), "bucket_list", { req: { profile: "p" } }],
  [() => b.listingClose(3), "listing_close", { req: { id: 3 } }],
  [() => b.deleteStart(7), "delete_start", { req: { token: 7 } }],
  [() => b.profileRemove("p"), "profile_remove", { req: { profile: "p" } }],
  [() => b.settingsSet({ theme: "dark", density: "compact" }), "settings_set", { req: { theme: "dark", density: "compact" } }],
  [() => b.uploadChoose("files"), "upload_choose", { req: { what: "files" } }],
  [() => b.transferRetry(2), "transfer_retry", { req: { job: 2 } }],
  [() => b.vaultUnlock("x"), "vault_unlock", { req: { passphrase: "x" } }],
  [() => b.clipboardWrite("t"), "clipboard_write", { req: { text: "t" } }],
  [() => b.listingRows({ id: 1, generation: 2, start: 0, len: 200 }), "listing_rows", { req: { id: 1, generation: 2, start: 0, len: 200 } }],
])("call %#", async (act, command, args) => {
  await act();
  expect(invoke).toHaveBeenCalledWith(command, args);
});

it("passes a channel beside the request, and stops calling back", async () => {
  await b.listingOpen({ profile: "p", bucket: "b", prefix: "" }, () => undefined);
  expect(invoke.mock.calls[0]?.[0]).toBe("listing_open");
  expect(Object.keys(invoke.mock.calls[0]?.[1] ?? {})).toEqual(["req", "channel"]);

  const seen: unknown[] = [];
  const stop = await b.transferWatch((u) => seen.push(u));
  expect(invoke.mock.calls[1]?.[0]).toBe("transfer_watch");
  const channel = invoke.mock.calls[1]?.[1]?.["channel"] as { onmessage: (e: unknown) => void };
  channel.onmessage(1);
  stop();
  channel.onmessage(2);
  expect(seen).toEqual([1]);
});

it("names every command noun_verb", async () => {
  for (const [name, method] of Object.entries(b)) {
    if (name === "menuBarSet") continue;
    await (method as (...args: unknown[]) => Promise<unknown>)("x", () => undefined);
  }
  const names = invoke.mock.calls.map(([command]) => command);
  expect(names.every((n) => /^[a-z]+(_[a-z]+)+$/.test(n))).toBe(true);
  expect(new Set(names).size).toBe(names.length);
});
