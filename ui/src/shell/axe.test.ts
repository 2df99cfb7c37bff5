// The places at rest, through axe. Colour contrast needs a real engine and is measured in the window tests.
import { screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, it } from "vitest";
import { FakeBackend, ipcError } from "../backend/fake";
import type { Place } from "../lib/nav.svelte";
import { bucket, find, object, openWindow, row, world } from "../test/window";

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "page-has-heading-one": { enabled: false } },
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
}
const backend = () => new FakeBackend(world(bucket("b", [object("photos/a", 1, "2026-01-01T00:00:00Z"), object("x.txt", 1, "2026-01-01T00:00:00Z")])));

it("first run and its form", async () => {
  const { user } = openWindow();
  const connect = await find("welcome-connect");
  expect(await violations()).toEqual([]);
  await user.click(connect);
  await find("connect-sheet");
  expect(await violations()).toEqual([]);
});

it("the table with the inspector", async () => {
  const { user } = openWindow(backend());
  await user.click(await row("x.txt"));
  await find("object-public-toggle");
  expect(await violations()).toEqual([]);
});

it.each<Place>([{ kind: "access", profile: "sandbox", bucket: "b" }, { kind: "transfers" }, { kind: "settings" }])("$kind", async (place) => {
  const { app } = openWindow(backend());
  await row("x.txt");
  app.host.nav.go(place);
  await waitFor(() => expect(document.querySelector("main")).not.toBeNull());
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await violations()).toEqual([]);
});

it("transfers of every state, with files and a menu", async () => {
  const fake = backend();
  const { app, user } = openWindow(fake);
  await row("x.txt");
  const where = { profile: "sandbox", profileName: "Sandbox", bucket: "b", prefix: "" };
  const file = { name: "a", key: "a", size: 1 };
  const failed = fake.queue.add("upload", where, "failed", [{ ...file, fails: ipcError("access_denied", "Access Denied") }]);
  const paused = fake.queue.add("download", where, "paused", [file]);
  fake.queue.pause(paused);
  fake.queue.set(paused, { priority: "high", speedLimit: 1_000_000 });
  app.transfers.show(failed);
  await find("transfers-item");
  expect(await violations()).toEqual([]);
  await user.click(screen.getAllByTestId("transfers-menu")[0]!);
  await screen.findAllByTestId("command");
  expect(await violations()).toEqual([]);
  await user.keyboard("{Escape}");
  app.transfers.limiting = paused;
  await find("job-limit");
  expect(await violations()).toEqual([]);
});

it("keys, places and their sheets", async () => {
  const fake = backend();
  fake.keys.list = [
    { name: "mine", kind: "customer", createdAt: "2026-01-01T00:00:00Z", recipients: null },
    { name: "pair", kind: "age", createdAt: "2026-01-01T00:00:00Z", recipients: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudmsn3qqzvqk0p" },
  ];
  fake.keys.places = [{ profile: "sandbox", bucket: "b", prefix: "photos/", protection: { by: "here", format: "age", keys: ["pair"] } }];
  const { app, user } = openWindow(fake);
  await row("x.txt");
  app.host.nav.go({ kind: "keys" });
  await find("place-row");
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("place-edit"));
  await find("bucket-default");
  expect(await violations()).toEqual([]);
  app.keys.place = null;
  for (const kind of ["passphrase", "rclone", "recipients"] as const) {
    app.keys.add(kind);
    await find("key-sheet");
    expect(await violations()).toEqual([]);
    app.keys.adding = null;
    await waitFor(() => expect(screen.queryByTestId("key-sheet")).toBeNull());
  }
});

it("the timetable", async () => {
  const fake = backend();
  fake.speed = { limit: 1_000_000, timetable: [{ days: [1, 3], from: 60, to: 120, limit: null }] };
  const { app } = openWindow(fake);
  await row("x.txt");
  app.host.nav.go({ kind: "settings" });
  await find("timetable-rule");
  expect(await violations()).toEqual([]);
});

it("the question about names that are taken", async () => {
  const fake = backend();
  fake.replaces = { count: 2, more: true, sample: ["x.txt"], versioning: "versioned" };
  const { app } = openWindow(fake);
  await row("x.txt");
  app.host.commands.run("upload.files");
  await find("confirm");
  expect(await violations()).toEqual([]);
});
