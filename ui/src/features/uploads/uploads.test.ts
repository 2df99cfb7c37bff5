import { screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { FakeBackend, type FakeBucket } from "../../backend/fake";
import { PRIVATE } from "../../backend/fake/world";
import { all, bucket, find, get, gone, object, openWindow, row, world } from "../../test/window";
import { cleaned, metadataProblem } from "./options";
import { stagedText } from "./uploads.svelte";

const AT = "2026-01-01T00:00:00Z";
const staged = { handle: 9, files: 3, folders: 0, bytes: 12_000_000, names: ["a", "b", "c"], counting: false };

async function over(...buckets: FakeBucket[]) {
  const backend = new FakeBackend(world(...buckets));
  const opened = openWindow(backend);
  await row("photos/");
  let under: Element | null = null;
  document.elementFromPoint = () => under;
  return { ...opened, at: (element: Element | null) => (under = element) };
}
const photos = () => bucket("b", [object("photos/1.jpg", 1, AT), object("x", 1, AT)]);

describe("a drop", () => {
  it("marks exactly what would receive it, and says so", async () => {
    const { backend, at } = await over(photos());
    const folder = await row("photos/");
    at(folder.querySelector("bdi"));
    backend.emitDrop({ phase: "enter", x: 1, y: 1, staged });
    expect((await find("drop-label")).textContent).toContain("Copy 3 files (12.0 MB) to photos/");
    expect([...document.querySelectorAll("[data-drop-over]")]).toEqual([folder]);

    at(await row("x"));
    backend.emitDrop({ phase: "over", x: 2, y: 2 });
    await waitFor(() => expect(get("drop-label").textContent).toContain("to b"));
    expect(document.querySelectorAll("[data-drop-over]")).toHaveLength(1);
    expect(document.querySelector("[data-drop-over]")?.getAttribute("data-drop")).toBe("prefix");

    backend.emitDrop({ phase: "leave" });
    await gone("drop-label");
    expect(document.querySelectorAll("[data-drop-over]")).toHaveLength(0);
  });

  it("uploads there with the remembered options", async () => {
    const { backend, at } = await over(photos());
    at(await row("photos/"));
    backend.emitDrop({ phase: "enter", x: 1, y: 1, staged });
    backend.emitDrop({ phase: "drop", x: 1, y: 1, staged });
    await waitFor(() => expect(backend.called("uploadStart")[0]).toEqual({ handle: 9, profile: "sandbox", bucket: "b", prefix: "photos/", options: PRIVATE, onExisting: "overwrite" }));
    expect((await find("toast")).textContent).toContain("Uploading 3 files (12.0 MB) to photos/ as private");
  });

  it("on a sidebar bucket goes to its top", async () => {
    const { backend, at } = await over(photos(), bucket("other"));
    at(all("sidebar-bucket")[1] ?? null);
    backend.emitDrop({ phase: "drop", x: 1, y: 1, staged });
    await waitFor(() => expect(backend.called("uploadStart")[0]).toMatchObject({ bucket: "other", prefix: "" }));
  });

  it("elsewhere is refused with the reason", async () => {
    const { backend, at } = await over(photos());
    at(get("status-count"));
    backend.emitDrop({ phase: "enter", x: 1, y: 1, staged });
    expect((await find("drop-label")).textContent).toContain("Drop on the table, a folder or a bucket");
    backend.emitDrop({ phase: "drop", x: 1, y: 1, staged });
    await find("toast");
    expect(backend.called("uploadStart")).toHaveLength(0);
  });

  it("over what is there asks first, and names it", async () => {
    const { backend, user, at } = await over(photos());
    backend.replaces = { count: 2, more: false, sample: ["a.txt", "b.txt"], versioning: "unversioned" };
    at(await row("photos/"));
    backend.emitDrop({ phase: "drop", x: 1, y: 1, staged });
    const question = await find("confirm");
    expect(question.textContent).toContain("2 objects of those names are there already");
    expect(question.textContent).toContain("gone for good");
    expect(question.textContent).toContain("b.txt");
    await user.click(await find("confirm-cancel"));
    await gone("confirm");
    expect(backend.called("uploadStart")).toHaveLength(0);
  });

  it.each([
    ["keepBoth", "Keep both", ""],
    ["skip", "Skip those", "Skip"],
    ["newer", "Replace what is older", "Replace only if newer"],
    ["sizeDiffers", "Replace by size", "Replace only if the size differs"],
    ["differs", "Replace what differs", "Replace only if the content differs"],
    ["overwrite", "Replace 2 objects", "Replace"],
  ])("over what is there can %s; that stays with the job", async (rule, action, choice) => {
    const { backend, user, at } = await over(photos());
    backend.replaces = { count: 2, more: false, sample: ["a.txt", "b.txt"], versioning: "versioned" };
    at(await row("photos/"));
    backend.emitDrop({ phase: "drop", x: 1, y: 1, staged });
    await find("confirm");
    if (choice !== "") await user.click(screen.getByRole("radio", { name: choice }));
    expect((await find("confirm-ok")).textContent?.trim()).toBe(action);
    await user.click(await find("confirm-ok"));
    await waitFor(() => expect(backend.called("uploadStart")).toEqual([expect.objectContaining({ onExisting: rule })]));
  });

  it("downloads ask only where files of those names lie in the folder", async () => {
    const backend = new FakeBackend(world(bucket("b", [object("x.txt", 1, AT)])));
    const { user, app } = openWindow(backend);
    await user.click(await row("x.txt"));
    await waitFor(() => expect(app.host.commands.run("object.download")).toBe(true));
    await waitFor(() => expect(backend.called("downloadStart")).toEqual([expect.objectContaining({ onExisting: "keepBoth" })]));
    backend.folderReplaces = { count: 1, more: false, sample: ["x.txt"], versioning: "unversioned" };
    app.host.commands.run("object.download");
    expect((await find("confirm")).textContent).toContain("1 file of that name is in the folder already");
    await user.click(screen.getByRole("radio", { name: "Skip" }));
    await user.click(get("confirm-ok"));
    await waitFor(() => expect(backend.called("downloadStart")[1]).toEqual(expect.objectContaining({ onExisting: "skip" })));
    app.host.commands.run("object.download");
    await user.click(await find("confirm-cancel"));
    await gone("confirm");
    expect(backend.called("downloadStart")).toHaveLength(2);
  });

  it("that could not be looked at to the end is asked about, too", async () => {
    const { backend, at } = await over(photos());
    backend.replaces = { count: 0, more: true, sample: [], versioning: "unknown" };
    at(await row("photos/"));
    backend.emitDrop({ phase: "drop", x: 1, y: 1, staged });
    expect((await find("confirm")).textContent).toContain("may be there already");
  });

  it("into a bucket whose uploads are public asks first", async () => {
    const b = photos();
    b.options = { ...PRIVATE, visibility: "public" };
    const { backend, user, at } = await over(b);
    at(await row("photos/"));
    backend.emitDrop({ phase: "drop", x: 1, y: 1, staged });
    await user.click(await find("confirm-cancel"));
    await gone("confirm");
    expect(backend.called("uploadStart")).toHaveLength(0);
    backend.emitDrop({ phase: "drop", x: 1, y: 1, staged });
    await user.click(await find("confirm-ok"));
    await waitFor(() => expect(backend.called("uploadStart")).toHaveLength(1));
  });
});

describe("upload options", () => {
  it("are remembered for the bucket", async () => {
    const { backend, user, app } = await over(photos());
    app.host.commands.run("upload.options");
    await find("options-sheet");
    await user.click(await screen.findByLabelText("Public"));
    expect(get("options-sheet").textContent).toContain("Everyone will be able to read what you upload.");
    await user.click(get("options-save"));
    await gone("options-sheet");
    expect(backend.called("uploadOptionsSet")[0]).toMatchObject({ bucket: "b", options: { visibility: "public", contentType: null } });
  });
  it("drop what is empty and refuse what no header can carry", () => {
    const form = { visibility: "private" as const, protection: { how: "none" as const }, contentType: " ", cacheControl: "no-cache", storageClass: "", metadata: [["Author", "ada"], ["", ""]] as [string, string][] };
    expect(cleaned(form)).toEqual({ visibility: "private", protection: { how: "none" }, contentType: null, cacheControl: "no-cache", storageClass: null, metadata: [["author", "ada"]] });
    expect(metadataProblem([["a b", "x"]])).toContain("can't be a header's name");
    expect(metadataProblem([["a", "x"], ["A", "y"]])).toContain("twice");
    expect(metadataProblem([["", "x"]])).toBe("A value needs a name");
    expect(metadataProblem([["a", "x".repeat(3000)]])).toBe("All pairs together may have 2 KB");
    expect(metadataProblem([["author", "ada"]])).toBeNull();
  });
});

it("says what is staged", () => {
  expect(stagedText({ ...staged, files: 1, names: ["report.pdf"] })).toBe("report.pdf (12.0 MB)");
  expect(stagedText({ ...staged, files: 0, folders: 2, names: ["a", "b"], counting: true })).toBe("2 folders (counting…)");
});
