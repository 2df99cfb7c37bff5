import { screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { FakeBackend, ipcError } from "../backend/fake";
import { bucket } from "../backend/fake/world";
import { all, find, get, gone, object, openWindow, row, world } from "../test/window";

describe("the first run", () => {
  it("offers the sandbox, and opens it on its first bucket", async () => {
    const { user, backend } = openWindow();
    await user.click(await find("welcome-sandbox"));
    expect((await find("sidebar-bucket")).dataset["bucket"]).toBe("first-bucket");
    await find("grid-empty");
    expect(backend.called("sandboxStart")).toHaveLength(1);
    expect(all("welcome")).toHaveLength(0);
  });

  it("says in place what keeps the sandbox from starting", async () => {
    const backend = new FakeBackend();
    backend.failing.set("sandboxStart", ipcError("disk_full", "No space left on device", { hint: "Free some space, then try again." }));
    const { user } = openWindow(backend);
    await user.click(await find("welcome-sandbox"));
    const toast = await find("toast");
    expect(toast.textContent).toContain("The disk is full");
    expect(toast.textContent).toContain("Free some space");
  });
});

describe("connecting", () => {
  async function sheet(backend = new FakeBackend()) {
    const opened = openWindow(backend);
    await opened.user.click(await find("welcome-connect"));
    await find("connect-sheet");
    return opened;
  }

  it("says what is missing before it asks any server", async () => {
    const { user, backend } = await sheet();
    await user.click(get("connect-test"));
    expect(get("connect-sheet").textContent).toContain("Enter the access key ID and its secret.");
    expect(backend.called("profileTest")).toHaveLength(0);
  });

  it("offers the region that the server named, in one click", async () => {
    const { user, backend } = await sheet();
    await user.type(get("connect-access-key"), "AKIAEXAMPLE");
    await user.type(get("connect-secret"), "secret");
    await user.click(get("connect-test"));
    await find("connect-test-result");
    expect(get("connect-test-result").textContent).toContain("The bucket or server is in another region");
    await user.click(await find("connect-use-region"));
    await waitFor(() => expect(get("connect-test-result").textContent).toContain("The keys can see 12 buckets."));
    expect(backend.called("profileTest").at(-1)).toMatchObject({ region: "eu-central-1", endpoint: "https://s3.eu-central-1.amazonaws.com" });
  });

  it("shows the details of what went wrong", async () => {
    const { user } = await sheet();
    await user.selectOptions(get("connect-provider"), "custom");
    await user.type(get("connect-endpoint"), "https://wrong.example");
    await user.type(get("connect-access-key"), "k");
    await user.type(get("connect-secret"), "s");
    await user.click(get("connect-test"));
    await find("connect-test-result");
    expect(get("connect-test-result").textContent).toContain("The server can't be reached");
    await user.click(screen.getByRole("button", { name: "Details" }));
    expect(get("error-details").textContent).toContain("dns error");
  });

  it("saves, names it by its host, and forgets the secret", async () => {
    const { user, backend } = await sheet();
    await user.selectOptions(get("connect-provider"), "custom");
    await user.type(get("connect-endpoint"), "https://s3.lan:9000");
    await user.type(get("connect-access-key"), "k");
    await user.type(get("connect-secret"), "top-secret");
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(backend.called("profileSave")[0]).toMatchObject({ name: "s3.lan:9000", keep: "vault", secretAccessKey: "top-secret" });
    expect((await find("sidebar-profile")).textContent).toContain("s3.lan:9000");
    expect(document.documentElement.outerHTML).not.toContain("top-secret");
  });

  it("needs agreement to plain http to another machine", async () => {
    const { user, backend } = await sheet();
    await user.selectOptions(get("connect-provider"), "custom");
    await user.type(get("connect-endpoint"), "http://nas.lan:9000");
    await user.type(get("connect-access-key"), "k");
    await user.type(get("connect-secret"), "s");
    await user.click(get("connect-save"));
    expect(backend.called("profileSave")).toHaveLength(0);
    await user.click(get("connect-allow-http"));
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(backend.called("profileSave")[0]).toMatchObject({ allowHttp: true });
  });

  it("keeps for this run only where there is no keychain, and says so", async () => {
    const backend = new FakeBackend();
    backend.world.vault = { state: "unavailable", reason: "No Secret Service", hasPassphrase: false };
    const { user } = await sheet(backend);
    expect(get("connect-sheet").textContent).toContain("will be forgotten when Dipper quits");
    await user.type(get("connect-access-key"), "k");
    await user.type(get("connect-secret"), "s");
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(backend.called("profileSave")[0]).toMatchObject({ keep: "session" });
  });

  it("edits without showing or asking for the keys again", async () => {
    const backend = new FakeBackend(world(bucket("b")));
    const { app, user } = openWindow(backend);
    await find("grid-empty");
    app.profiles.form = { profile: { ...app.profiles.list[0]!, id: "sandbox", kind: "vault", accessKeyHint: "AKIA…7Q2M" } };
    await find("connect-sheet");
    expect(get("connect-secret")).toHaveProperty("value", "");
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(backend.called("profileSave")[0]).toMatchObject({ id: "sandbox", secretAccessKey: "", accessKeyId: "" });
  });
});

describe("the vault whose key is gone", () => {
  it("is said, unlocked by its passphrase, or reset only after typing", async () => {
    const backend = new FakeBackend(world(bucket("b", [object("a", 1, "2026-01-01T00:00:00Z")])));
    backend.world.vault = { state: "keyMissing", reason: null, hasPassphrase: true };
    const { user } = openWindow(backend);
    await row("a");
    await user.click(screen.getByRole("button", { name: "Open Settings" }));
    await user.type(await find("vault-passphrase"), "wrong");
    await user.click(get("vault-unlock"));
    expect((await find("error")).textContent).toContain("That passphrase does not open the vault.");

    await user.click(get("vault-reset"));
    await find("confirm");
    await user.click(get("confirm-ok"));
    expect(backend.called("vaultReset")).toHaveLength(0);
    await user.type(get("confirm-typed"), "forget");
    await user.click(get("confirm-ok"));
    await gone("confirm");
    await waitFor(() => expect(backend.called("vaultReset")).toHaveLength(1));
  });
});
