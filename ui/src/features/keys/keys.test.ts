import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import type { Encryption, KeyKind } from "../../backend";
import { FakeBackend, ipcError } from "../../backend/fake";
import { PRIVATE } from "../../backend/fake/world";
import { all, bucket, find, get, gone, object, openWindow, row, world } from "../../test/window";

const AT = "2026-01-01T00:00:00Z";
const PHRASE = "correct horse battery";

function backendWith(...keys: [string, KeyKind][]): FakeBackend {
  const backend = new FakeBackend(world(bucket("b", [object("photos/1.jpg", 1000, AT), object("x.txt", 500, AT)]), bucket("other")));
  backend.keys.list = keys.map(([name, kind]) => ({ name, kind, createdAt: AT, recipients: null }));
  return backend;
}
async function opened(backend: FakeBackend) {
  const window_ = openWindow(backend);
  await row("x.txt");
  return window_;
}
type Window = Awaited<ReturnType<typeof opened>>;
async function page(window_: Window): Promise<void> {
  window_.app.host.commands.run("go.keys");
  await find("keys-page");
}
const choose = async ({ user }: Window, id: Parameters<typeof get>[0], value: string): Promise<void> => user.selectOptions(await find(id), value);

describe("encryption keys", () => {
  it("are reached from Settings; a passphrase is typed twice, kept, and never shown again", async () => {
    const window_ = await opened(backendWith());
    const { user, backend, app } = window_;
    app.host.commands.run("go.settings");
    await user.click(await find("settings-keys"));
    await find("keys-empty");
    await user.click(get("key-add"));
    const sheet = await find("key-sheet");
    expect(sheet.textContent).toContain("nobody can open the files again");
    expect(get("key-save").getAttribute("aria-disabled")).toBe("true");
    await user.type(get("key-name"), "Backup");
    await user.type(get("key-secret"), PHRASE);
    await user.type(get("key-second"), "something else");
    expect(sheet.textContent).toContain("The two are not the same");
    await user.click(get("key-save"));
    expect(backend.called("keyAdd")).toHaveLength(0);
    await user.clear(get("key-second"));
    await user.type(get("key-second"), PHRASE);
    await user.click(get("key-save"));
    expect((await find("confirm")).textContent).toContain("in this computer's vault and nowhere else".replace("'", "’"));
    await user.click(get("confirm-ok"));
    await gone("key-sheet");
    expect(backend.called("keyAdd")).toEqual([{ name: "Backup", kind: "passphrase", secret: "…" }]);
    await waitFor(() => expect(backend.called("keyExport")).toEqual(["Backup"]));
    expect((await find("key-row")).textContent).toContain("Backup");
    expect(document.body.innerHTML).not.toContain(PHRASE);
  });

  it("can be made here; a name that is taken, or a key that is none, says so in the sheet", async () => {
    const window_ = await opened(backendWith(["mine", "customer"]));
    const { user, backend } = window_;
    await page(window_);
    await user.click(get("key-add"));
    await choose(window_, "key-kind", "customer");
    await user.type(get("key-name"), "mine");
    expect(get("key-sheet").textContent).toContain("There is a key of this name already");
    await user.type(get("key-name"), " two");
    await user.click(screen.getByRole("radio", { name: "I have one" }));
    await user.type(get("key-secret"), "short");
    await user.click(get("key-save"));
    expect((await within(get("key-sheet")).findByTestId("error")).textContent).toContain("base64 or hexadecimal");
    await user.click(screen.getByRole("radio", { name: "Make one here" }));
    await user.click(get("key-save"));
    await user.click(await find("confirm-cancel"));
    expect(backend.called("keyAdd").at(-1)).toEqual({ name: "mine two", kind: "customer", secret: null });
    expect(backend.called("keyExport")).toHaveLength(0);
    await waitFor(() => expect(all("key-row")).toHaveLength(2));
  });

  it("are removed only after their name is typed, and what needs them is named", async () => {
    const backend = backendWith(["mine", "customer"], ["phrase", "passphrase"]);
    backend.keys.places = [{ profile: "sandbox", bucket: "b", prefix: "photos/", protection: { by: "here", format: "openpgp", keys: ["phrase"] } }];
    backend.keys.jobs.set("mine", ["holiday.tar"]);
    backend.world.bucket("sandbox", "other").options = { ...PRIVATE, protection: { how: "with", protection: { by: "server", way: { with: "customer", key: "mine" } } } };
    const window_ = await opened(backend);
    const { user } = window_;
    await page(window_);
    await waitFor(() => expect(all("key-row")).toHaveLength(2));
    const [mine, phrase] = all("key-remove");
    expect(phrase?.getAttribute("aria-disabled")).toBe("true");
    expect(all("key-row")[1]?.textContent).toContain("Encrypts everything new in b/photos/");
    await user.click(phrase!);
    expect(backend.called("keyUses")).toHaveLength(0);
    await user.click(mine!);
    const question = await find("confirm");
    expect(question.textContent).toContain("upload options of other");
    expect(question.textContent).toContain("holiday.tar");
    await user.click(get("confirm-ok"));
    expect(backend.called("keyRemove")).toHaveLength(0);
    await user.type(get("confirm-typed"), "mine");
    await user.click(get("confirm-ok"));
    await waitFor(() => expect(all("key-row").map((r) => r.dataset["key"])).toEqual(["phrase"]));
  });
});

it("a key comes from a file, whole", async () => {
  const window_ = await opened(backendWith());
  const { user, backend } = window_;
  await page(window_);
  await user.click(await find("key-add"));
  await user.type(get("key-name"), "old");
  const paper = "# An encryption key of Dipper\n# Name: old\n\nthe phrase\n";
  const give = async (file: File): Promise<void> => {
    Object.defineProperty(get("key-file"), "files", { configurable: true, value: [file] });
    await fireEvent.change(get("key-file"));
  };
  await give(new File([new Uint8Array([0xff, 0xfe, 0xff])], "photo.jpg"));
  expect((await screen.findByRole("alert")).textContent).toContain("holds no key");
  await give(new File([paper], "paper.txt"));
  await waitFor(() => expect(get("key-sheet").textContent).toContain("paper.txt"));
  let kept: string | null = null;
  const { add } = backend.keys;
  backend.keys.add = (key) => {
    kept = key.secret;
    add.call(backend.keys, key);
  };
  await user.click(get("key-save"));
  await user.click(await find("confirm-cancel"));
  expect(kept).toBe(paper);
});

describe("places", () => {
  it("get a rule from the folder's menu; its row says so, and the page lists it", async () => {
    const window_ = await opened(backendWith(["phrase", "passphrase"]));
    const { user, backend, app } = window_;
    await user.click(await row("photos/"));
    await waitFor(() => expect(app.encryptionPlace?.prefix).toBe("photos/"));
    app.host.commands.run("place.encryption");
    expect((await find("place-sheet")).textContent).toContain("Encryption in b/photos/");
    expect(get("place-save").getAttribute("aria-disabled")).toBe("true");
    await choose(window_, "protection-way", "openpgp");
    // The only key of the kind is the one that is meant.
    expect(get("protection-key")).toHaveProperty("value", "phrase");
    await user.click(get("place-save"));
    const protection = { by: "here", format: "openpgp", keys: ["phrase"] };
    await waitFor(() => expect(backend.keys.places).toEqual([{ profile: "sandbox", bucket: "b", prefix: "photos/", protection }]));
    app.keys.place = null;
    await waitFor(async () => expect(within(await row("photos/")).getByTestId("lock-badge").getAttribute("aria-label")).toContain("OpenPGP"));
    await page(window_);
    expect((await find("place-row")).textContent).toContain("b/photos/");
    await user.click(get("place-remove"));
    await user.click(await find("confirm-ok"));
    await gone("place-row");
    expect(backend.keys.places).toEqual([]);
  });

  it("show what is inherited, and why an object has no rule of its own", async () => {
    const backend = backendWith();
    backend.keys.places = [{ profile: "sandbox", bucket: "b", prefix: "", protection: { by: "server", way: { with: "kms", key: "alias/x", bucketKey: null } } }];
    const { user, app } = await opened(backend);
    await user.click(await row("photos/"));
    await waitFor(() => expect(app.encryptionPlace?.prefix).toBe("photos/"));
    app.host.commands.run("place.encryption");
    expect((await find("place-sheet")).textContent).toContain("b/: SSE-KMS with alias/x");
    app.keys.place = null;
    await user.click(await row("x.txt"));
    await waitFor(() => expect(app.host.commands.offReason("place.encryption")).toBe("Select one folder, or nothing for the place you are in"));
  });

  it("offer a key where there is none, and take the one that was added", async () => {
    const window_ = await opened(backendWith());
    const { user, backend, app } = window_;
    app.host.commands.run("place.encryption");
    await choose(window_, "protection-way", "customer");
    await user.click(await find("protection-add-key"));
    expect(await find("key-kind")).toHaveProperty("value", "customer");
    await user.type(get("key-name"), "mine");
    await user.click(get("key-save"));
    await user.click(await find("confirm-cancel"));
    await waitFor(() => expect(get("protection-key")).toHaveProperty("value", "mine"));
    await user.click(get("place-save"));
    await waitFor(() => expect(backend.keys.places[0]?.protection).toEqual({ by: "server", way: { with: "customer", key: "mine" } }));
  });

  it("show the bucket's own default beside it, and set it at the server", async () => {
    const backend = backendWith();
    backend.keys.defaults.set("b", { way: { with: "s3" }, blocked: ["SSE-C"] });
    const window_ = await opened(backend);
    const { user, app } = window_;
    app.host.commands.run("place.encryption");
    await waitFor(() => expect(get("bucket-default").textContent).toContain("Now: SSE-S3"));
    expect(get("place-sheet").textContent).toContain("refuses uploads with: SSE-C");
    const ways = within(get("bucket-default-way")).getAllByRole("option").map((o) => (o as HTMLOptionElement).value);
    expect(ways).toEqual(["none", "s3", "kms", "dsse"]);
    await choose(window_, "bucket-default-way", "kms");
    await user.type(get("protection-kms"), "alias/x");
    backend.failing.set("bucketDefaultSet", ipcError("access_denied", "Access Denied", { hint: "Ask for s3:PutEncryptionConfiguration." }));
    await user.click(get("bucket-default-save"));
    expect((await within(get("place-sheet")).findByTestId("error")).textContent).toContain("s3:PutEncryptionConfiguration");
    await user.click(get("bucket-default-save"));
    await waitFor(() => expect(backend.keys.defaults.get("b")?.way).toEqual({ with: "kms", key: "alias/x", bucketKey: null }));
    expect(backend.keys.places).toEqual([]);
  });
});

describe("uploads", () => {
  it("are encrypted as their options say", async () => {
    const backend = backendWith(["pair", "age"], ["theirs", "recipients"]);
    const window_ = await opened(backend);
    const { user, app } = window_;
    app.host.commands.run("upload.options");
    await choose(window_, "options-encryption", "rclone");
    await waitFor(() => expect(get("options-save").getAttribute("aria-disabled")).toBe("true"));
    await choose(window_, "options-encryption", "age");
    await user.click(screen.getByRole("checkbox", { name: /^theirs/ }));
    await waitFor(() => expect(get("options-sheet").textContent).toContain("None of these keys opens the files"));
    await user.click(screen.getByRole("checkbox", { name: /^pair/ }));
    await user.click(get("options-save"));
    await gone("options-sheet");
    app.host.commands.run("upload.files");
    const protection = { how: "with", protection: { by: "here", format: "age", keys: ["theirs", "pair"] } };
    await waitFor(() => expect(backend.called("uploadStart")[0]).toMatchObject({ options: { protection } }));
    expect((await find("toast")).textContent).toContain("encrypted: age with “theirs”, “pair”");
    app.host.commands.run("upload.options");
    await choose(window_, "options-encryption", "none");
    await user.click(get("options-save"));
    await gone("options-sheet");
    expect(backend.world.bucket("sandbox", "b").options.protection).toEqual({ how: "none" });
  });
});

describe("an object", () => {
  const says = async (encryption: Encryption): Promise<{ text: string; badge: string | null }> => {
    const backend = backendWith();
    backend.world.object("sandbox", "b", "x.txt").encryption = encryption;
    const { user, view, app } = await opened(backend);
    await user.click(await row("x.txt"));
    const text = (await find("object-encryption")).textContent ?? "";
    // Only what was looked at has a badge: at once, and still when rows are asked again.
    const badge = all("lock-badge")[0]?.dataset["lock"] ?? null;
    await waitFor(() => expect(backend.called("listingAccess")).not.toEqual([]));
    const asked = backend.called("listingAccess").length;
    app.browser.listing?.forgetAccess();
    await waitFor(() => expect(backend.called("listingAccess").length).toBeGreaterThan(asked));
    await new Promise((resolve) => setTimeout(resolve));
    expect(all("lock-badge")[0]?.dataset["lock"] ?? null).toBe(badge);
    view.unmount();
    return { text, badge };
  };
  it("says how it is encrypted and by what it can be read", async () => {
    const kms = await says({ server: { method: "aws:kms", key: "arn:aws:kms:eu-central-1:1:key/2", bucketKey: true }, here: null, etagIsMd5: false });
    expect(kms.text).toContain("arn:aws:kms:eu-central-1:1:key/2");
    expect(kms.text).toContain("the ETag is not the MD5");
    expect(kms.badge).toBe("kms");
    const customer = await says({ server: { method: "SSE-C AES256", key: "mine", bucketKey: false }, here: null, etagIsMd5: false });
    expect(customer.text).toMatch(/Opened with\s*“mine”/);
    const sealed = await says({ server: null, here: { format: "openpgp", keys: ["a", "b"] }, etagIsMd5: true });
    expect(sealed.text).toContain("“a”, “b”");
    expect(sealed.text).toContain("those of the encrypted bytes");
    const closed = await says({ server: null, here: { format: "age", keys: [] }, etagIsMd5: true });
    expect(closed.text).toContain("No key here opens it");
    expect(closed.text).toContain("Add key…");
    const plain = await says({ server: { method: "AES256", key: null, bucketKey: false }, here: null, etagIsMd5: true });
    expect([plain.text.includes("SSE-S3"), plain.text.includes("MD5"), plain.badge]).toEqual([true, false, null]);
  });

  it("whose key is missing leads to it, and comes as it is stored", async () => {
    const backend = backendWith();
    backend.failing.set("objectInfo", ipcError("key_missing", "HeadObject: HTTP 400", { hint: "Add the key." }));
    const { user, app } = await opened(backend);
    await user.click(await row("x.txt"));
    await user.click(await find("error-add-key"));
    await find("key-sheet");
    app.keys.adding = null;
    await gone("key-sheet");
    await waitFor(() => expect(app.host.commands.run("object.downloadStored")).toBe(true));
    await waitFor(() => expect(backend.called("downloadStart")).toEqual([expect.objectContaining({ asStored: true })]));
    app.host.commands.run("object.download");
    await waitFor(() => expect(backend.called("downloadStart")[1]).toEqual(expect.objectContaining({ asStored: false })));
    const where = { profile: "sandbox", profileName: "Sandbox", bucket: "b", prefix: "" };
    const job = backend.queue.add("download", where, "x.txt", [{ name: "x.txt", key: "x.txt", size: 1, fails: ipcError("decrypt_failed", "wrong passphrase or damaged file") }]);
    app.transfers.show(job);
    await user.click(await find("transfers-item-key"));
    await find("key-sheet");
  });
});

describe("what is there", () => {
  it("is encrypted anew at the server: exactly what was counted", async () => {
    const backend = backendWith(["mine", "customer"]);
    backend.world.bucket("sandbox", "b").versioned = true;
    const window_ = await opened(backend);
    const { user, app } = window_;
    await user.click(await row("photos/"));
    await waitFor(() => expect(app.host.commands.run("object.encrypt")).toBe(true));
    const sheet = await find("change-sheet");
    expect(sheet.textContent).toContain("Encrypt 1 object of b anew");
    expect(sheet.textContent).toContain("Each gets a new version");
    const ways = within(get("protection-way")).getAllByRole("option").map((o) => (o as HTMLOptionElement).value);
    expect(ways).toEqual(["s3", "kms", "dsse", "customer"]);
    await choose(window_, "protection-way", "customer");
    await user.click(get("change-start"));
    await gone("change-sheet");
    await waitFor(() => expect(backend.world.object("sandbox", "b", "photos/1.jpg").encryption?.server).toEqual({ method: "SSE-C AES256", key: "mine", bucketKey: false }));
    expect(backend.world.object("sandbox", "b", "x.txt").encryption).toBeUndefined();
  });
});
