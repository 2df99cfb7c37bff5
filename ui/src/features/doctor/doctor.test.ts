import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, it } from "vitest";
import type { Profile } from "../../backend";
import { FakeBackend, ipcError } from "../../backend/fake";
import { all, bucket, find, get, gone, openWindow, row, world, object } from "../../test/window";

const OWN: Profile = {
  id: "own", name: "Studio", kind: "vault", provider: "aws", endpoint: "https://s3.us-east-1.amazonaws.com", region: "us-east-1", addressing: "auto",
  accessKeyHint: "AKIA…4TZQ", insecure: false,
};

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "page-has-heading-one": { enabled: false } },
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
}

/** By the palette, with a bucket in sight. */
async function page(own = false) {
  const backend = new FakeBackend(own ? world() : world(bucket("b", [object("x.txt", 1, "2026-01-01T00:00:00Z")])));
  if (own) backend.world.profiles = [OWN];
  if (own) backend.world.buckets.set("own", [bucket("b", [object("x.txt", 1, "2026-01-01T00:00:00Z")])]);
  const opened = openWindow(backend);
  await row("x.txt");
  await opened.user.keyboard("{Control>}k{/Control}");
  await opened.user.type(await find("palette-input"), "check-up");
  await opened.user.keyboard("{Enter}");
  await find("doctor-page");
  return opened;
}
const finding = (check: string): HTMLElement => {
  const found = all("doctor-finding").find((f) => f.dataset["check"] === check);
  if (!found) throw new Error(`no finding ${check}`);
  return found;
};

it("says what it will do, and runs only when it is told to", async () => {
  const { user, backend } = await page();
  expect(get("doctor-page").textContent).toContain("removes them again");
  expect(get("doctor-bucket")).toHaveProperty("value", "b");
  expect(backend.called("doctorStart")).toHaveLength(0);
  expect(await violations()).toEqual([]);
  await user.click(get("doctor-run"));
  expect((await find("doctor-sum")).textContent).toContain("Nothing stands in the way");
  expect(backend.called("doctorStart")).toEqual([{ profile: "sandbox", bucket: "b" }]);
  // A word stands beside each icon.
  expect(finding("multipart").textContent).toContain("Works");
  expect(finding("publicAccessBlock").textContent).toContain("Not available");
  expect(finding("publicAccessBlock").textContent).toContain("NotImplemented");
  expect(within(get("doctor-page")).getAllByRole("heading", { level: 2 }).map((h) => h.textContent)).toEqual([
    "Connection", "Reading and listing", "Writing", "Bucket settings",
  ]);
  expect(await violations()).toEqual([]);
});

it("asks for a bucket", async () => {
  const { user, backend } = await page();
  await user.clear(get("doctor-bucket"));
  expect(get("doctor-run").getAttribute("aria-disabled")).toBe("true");
  await user.click(get("doctor-run"));
  expect(backend.called("doctorStart")).toHaveLength(0);
});

it("shows each finding at once, and can be stopped", async () => {
  const { user, backend } = await page();
  backend.doctor.byHand = true;
  await user.click(get("doctor-run"));
  await find("doctor-stop");
  backend.doctor.step({ check: "reach", outcome: "good", detail: "works", fix: null });
  await find("doctor-finding");
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("4");
  await user.click(get("doctor-stop"));
  expect(backend.doctor.stopped).toEqual([1]);
  expect(get("doctor-page").dataset["state"]).toBe("stopping");
  expect(screen.getByText(/is being removed/)).toBeTruthy();
  backend.doctor.end();
  await waitFor(() => expect(get("doctor-page").dataset["state"]).toBe("stopped"));
  expect(await violations()).toEqual([]);
});

it("goes on while another place is open", async () => {
  const { user, backend, app } = await page();
  backend.doctor.byHand = true;
  await user.click(get("doctor-run"));
  await find("doctor-stop");
  app.host.nav.go({ kind: "settings" });
  await gone("doctor-page");
  backend.doctor.step({ check: "reach", outcome: "good", detail: "works", fix: null });
  app.host.nav.back();
  expect(await find("doctor-finding")).toBeTruthy();
});

it("offers each change by itself, and says that it is made", async () => {
  const { user, backend } = await page(true);
  backend.doctor.findings = [
    { check: "region", outcome: "bad", detail: "the bucket is in eu-central-1; the connection says us-east-1", fix: { change: "region", to: "eu-central-1" } },
    { check: "addressing", outcome: "bad", detail: "only path works", fix: { change: "addressing", to: "path" } },
  ];
  await user.click(get("doctor-run"));
  expect((await find("doctor-sum")).textContent).toContain("2 things stand in the way");
  const region = within(finding("region"));
  expect(finding("region").textContent).toContain("Change the region of this connection from us-east-1 to eu-central-1.");
  expect(finding("addressing").textContent).toContain("from automatic to path");
  expect(await violations()).toEqual([]);
  await user.click(region.getByTestId("doctor-apply"));
  expect((await region.findByTestId("doctor-applied")).textContent).toContain("Changed.");
  expect(finding("region").textContent).toContain("from us-east-1");
  expect(backend.called("doctorMend")).toEqual([{ profile: "own", fix: { change: "region", to: "eu-central-1" } }]);
  expect(within(finding("addressing")).getByTestId("doctor-apply")).toBeTruthy();

  backend.failing.set("doctorMend", ipcError("keychain_unavailable", "no keychain", { hint: "Unlock the vault." }));
  await user.click(within(finding("addressing")).getByTestId("doctor-apply"));
  await waitFor(() => expect(finding("addressing").textContent).toContain("Unlock the vault."));
  expect(await violations()).toEqual([]);
});

it("changes no built-in connection, and says why", async () => {
  const { user, backend } = await page();
  backend.doctor.findings = [{ check: "addressing", outcome: "bad", detail: "only path works", fix: { change: "addressing", to: "path" } }];
  await user.click(get("doctor-run"));
  const apply = await find("doctor-apply");
  expect(apply.getAttribute("aria-disabled")).toBe("true");
  await user.click(apply);
  expect(backend.called("doctorMend")).toHaveLength(0);
});

it("says what it could not clean up, and why it could not begin", async () => {
  const { user, backend } = await page();
  backend.doctor.left = [".dipper-doctor-0a/plain"];
  await user.click(get("doctor-run"));
  expect((await find("doctor-left")).textContent).toContain(".dipper-doctor-0a/plain");
  backend.doctor.error = ipcError("keychain_unavailable", "locked", { hint: "Unlock the vault." });
  await user.click(get("doctor-run"));
  await waitFor(() => expect(get("doctor-page").textContent).toContain("The check-up could not begin"));
  expect(all("doctor-sum")).toHaveLength(0);
  expect(await violations()).toEqual([]);
});

it("is one press away from the form", async () => {
  const { user, backend } = openWindow();
  await user.click(await find("welcome-connect"));
  await user.type(await find("connect-access-key"), "AKIAEXAMPLE");
  await user.type(get("connect-secret"), "secret");
  await user.click(get("connect-doctor"));
  await find("doctor-page");
  await gone("connect-sheet");
  expect(backend.called("profileSave")).toHaveLength(1);
  expect(get("doctor-page").textContent).toContain("Check-up of Amazon S3");
});
