import { waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, it } from "vitest";
import { FakeBackend, ipcError } from "../../backend/fake";
import { all, bucket, find, get, gone, object, openWindow, row, world } from "../../test/window";

const AT = "2026-01-01T00:00:00Z";

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "page-has-heading-one": { enabled: false } },
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
}

/** By the shortcut, with a bucket in sight of which all or nothing is known. */
async function page(listed = true) {
  const objects = [object("docs/report 2025.pdf", 9, AT), object("docs/report 2026.pdf", 3000, AT), object("pics/a.jpg", 1, AT), object("b.txt", 2, AT)];
  const backend = new FakeBackend(world(bucket("b", objects)));
  if (listed) backend.search.listed.set("sandbox/b", AT);
  const opened = openWindow(backend);
  await row("b.txt");
  await opened.user.keyboard("{Control>}{Shift>}f{/Shift}{/Control}");
  await find("search-page");
  return opened;
}

async function hits(...keys: string[]): Promise<void> {
  await waitFor(() => expect(all("search-hit").map((hit) => hit.dataset["key"])).toEqual(keys));
}

it("finds while typing, and shows where it lies", async () => {
  const { user } = await page();
  expect(document.activeElement).toBe(get("search-input"));
  expect(await violations()).toEqual([]);
  await user.keyboard("PDF report");
  await hits("docs/report 2025.pdf", "docs/report 2026.pdf");
  expect(get("search-sum").textContent).toContain("2 found");
  expect(get("search-sum").textContent).toContain("as listed since");
  expect(await violations()).toEqual([]);
  await user.keyboard("{ArrowDown}{ArrowDown}{Enter}");
  const shown = await row("docs/report 2026.pdf");
  await waitFor(() => expect(shown.getAttribute("aria-selected")).toBe("true"));
  await user.keyboard("{Alt>}{ArrowLeft}{/Alt}");
  // Back: what was typed is still there.
  await hits("docs/report 2025.pdf", "docs/report 2026.pdf");
});

it("sorts all that was found", async () => {
  const { user, backend } = await page();
  await user.keyboard("report");
  await hits("docs/report 2025.pdf", "docs/report 2026.pdf");
  await user.click(get("search-grid").querySelectorAll<HTMLElement>("button")[1] as HTMLElement);
  await hits("docs/report 2026.pdf", "docs/report 2025.pdf");
  expect(backend.called("searchSort")).toEqual([{ id: 1, sort: "size", descending: true }]);
});

it("says what nothing can be found of, and lists it", async () => {
  const { user, backend } = await page(false);
  backend.search.byHand = true;
  expect((await find("search-known")).textContent).toContain("0 names");
  await user.click(get("search-index"));
  backend.search.step(1000);
  await waitFor(() => expect(get("search-known").textContent).toContain("1,000 names so far"));
  backend.search.end({ profile: "sandbox", bucket: "b" });
  await waitFor(() => expect(get("search-known").textContent).toContain("4 names"));
  await user.type(get("search-input"), "jpg");
  await hits("pics/a.jpg");
  await user.clear(get("search-input"));
  await user.type(get("search-input"), "nowhere");
  await waitFor(() => expect(get("search-page").textContent).toContain("Nothing listed has such a name"));
});

it("tells why a listing failed", async () => {
  const { user, backend } = await page(false);
  backend.search.error = ipcError("access_denied", "Access Denied");
  await user.click(await find("search-index"));
  expect((await find("error")).textContent).toContain("not allowed");
  expect(get("search-index")).toBeTruthy();
});

it("keeps searches", async () => {
  const { user, backend } = await page();
  expect(get("search-save").getAttribute("aria-disabled")).toBe("true");
  await user.keyboard("jpg");
  await hits("pics/a.jpg");
  await user.click(get("search-save"));
  await find("search-saved");
  expect(backend.search.saved).toEqual([{ name: "jpg", text: "jpg", profile: null, bucket: null }]);
  expect(get("search-save").getAttribute("aria-disabled")).toBe("true");
  await user.clear(get("search-input"));
  await user.click(get("search-saved"));
  await hits("pics/a.jpg");
  expect(get("search-input")).toHaveProperty("value", "jpg");
  expect(await violations()).toEqual([]);
  await user.click(get("search-page").querySelector("[aria-label='Remove the saved search jpg']") as HTMLElement);
  await gone("search-saved");
});

it("looks in one bucket only", async () => {
  const { user, backend } = await page();
  await user.selectOptions(get("search-scope"), "In Sandbox / b");
  await user.type(get("search-input"), "txt");
  await hits("b.txt");
  expect(backend.called("searchOpen").at(-1)).toEqual({ text: "txt", profile: "sandbox", bucket: "b" });
});
