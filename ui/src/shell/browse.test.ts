import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { FakeBackend } from "../backend/fake";
import { all, bucket, find, get, gone, object, openWindow, row, world } from "../test/window";

const AT = "2026-01-01T00:00:00Z";
const many = (n: number, prefix = "") => Array.from({ length: n }, (_, i) => object(`${prefix}f${String(i).padStart(4, "0")}`, 1000, AT));

async function opened(...buckets: Parameters<typeof world>) {
  const backend = new FakeBackend(world(...buckets));
  const window_ = openWindow(backend);
  await waitFor(() => expect(all("grid-row").some((r) => r.dataset["key"]) || all("grid-empty").length > 0 || all("grid-error").length > 0).toBe(true));
  return window_;
}

describe("hostile names", () => {
  it("are text: no element, no control character", async () => {
    const evil = [`<img src=x onerror="globalThis.pwned=1">.png`, "<b>bold", "bell\u0007.txt", "a\u202egpj.exe", "{@html x}", "&lt;&amp;"];
    await opened(bucket("b", evil.map((k) => object(k, 1, AT))));
    for (const key of evil) await row(key);
    const grid = get("grid");
    expect(grid.querySelectorAll("img, b, script")).toHaveLength(0);
    expect((globalThis as { pwned?: number }).pwned).toBeUndefined();
    expect((await row("bell\u0007.txt")).textContent).toContain("bell␇.txt");
    expect((await row("a\u202egpj.exe")).textContent).toContain("‹U+202E›");
    expect((await row("&lt;&amp;")).textContent).toContain("&lt;&amp;");
  });
});

describe("the table", () => {
  it("is moved through by keys and opened by Enter", async () => {
    const { user, app } = await opened(bucket("b", [object("photos/a.jpg", 5, AT), object("x.txt", 7, AT)]));
    get("grid").focus();
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(app.browser.listing?.chosen?.key).toBe("photos/"));
    await user.keyboard("{Enter}");
    await row("photos/a.jpg");
    expect(get("breadcrumb").textContent).toContain("photos");
    await user.keyboard("{Alt>}{ArrowUp}{/Alt}");
    await row("x.txt");
    await user.keyboard("{Alt>}{ArrowLeft}{/Alt}");
    await row("photos/a.jpg");
  });

  it("filters, and says when nothing matches", async () => {
    const { user } = await opened(bucket("b", many(30)));
    await user.type(get("filter-input"), "zzz");
    expect((await find("grid-empty")).textContent).toContain("Looked at all 30 names in this folder.");
    await user.click(screen.getAllByRole("button", { name: "Clear filter" })[0]!);
    await row("f0000");
  });

  it("goes where the path bar says", async () => {
    const { user, app } = await opened(bucket("b", many(3, "a/b/")), bucket("c", many(2)));
    await user.keyboard("{Control>}l{/Control}");
    await user.clear(await find("path-input"));
    await user.type(get("path-input"), "s3://b/a/b{Enter}");
    await row("a/b/f0001");
    expect(app.host.nav.place).toMatchObject({ bucket: "b", prefix: "a/b/" });
  });

  it("says in place why a bucket can't be listed", async () => {
    const { user } = await opened(bucket("b", [], { broken: { code: "access_denied", message: "AccessDenied", hint: "Ask for s3:ListBucket.", retry: "never", retryAfterMs: null, s3: { op: "ListObjectsV2", httpStatus: 403, s3Code: "AccessDenied", requestId: "R1", bucket: "b", key: null } } }));
    const error = await find("grid-error");
    expect(error.textContent).toContain("These keys are not allowed to do this");
    expect(error.textContent).toContain("Ask for s3:ListBucket.");
    await user.click(screen.getByRole("button", { name: "Details" }));
    expect(get("error-details").textContent).toContain("R1");
  });
});

describe("deleting", () => {
  it("says what it will do, and does nothing when it is cancelled", async () => {
    const { user, backend } = await opened(bucket("b", many(3)));
    await user.click(await row("f0001"));
    await user.keyboard("{Delete}");
    expect((await find("confirm")).textContent).toContain("Delete “f0001”?");
    // Enter on the dialog as it opens is the safe answer.
    await waitFor(() => expect(document.activeElement).toBe(get("confirm-cancel")));
    await user.keyboard("{Enter}");
    await gone("confirm");
    expect(backend.called("deleteStart")).toHaveLength(0);
  });

  it("asks to type when more than a hundred are gone for good", async () => {
    const { user, backend } = await opened(bucket("b", many(214, "p/")));
    await user.click(await row("p/"));
    await user.keyboard("{Delete}");
    const ok = await find("confirm-ok");
    expect(ok.textContent).toContain("Delete 214 objects");
    await user.click(ok);
    expect(backend.called("deleteStart")).toHaveLength(0);
    await user.type(get("confirm-typed"), "delete");
    await user.click(ok);
    await gone("confirm");
    await waitFor(() => expect(all("grid-empty")).toHaveLength(1));
  });

  it("is off without a selection, with the reason", async () => {
    const { user, app } = await opened(bucket("b", many(3)));
    expect(app.host.commands.offReason("object.delete")).toBe("Select something first");
    get("grid").focus();
    await user.keyboard("{Delete}");
    expect(all("confirm")).toHaveLength(0);
  });
});

describe("making an object public", () => {
  it("takes one confirmation that shows the address; back takes none", async () => {
    const { user, backend } = await opened(bucket("b", [object("a b.txt", 1, AT)]));
    await user.click(await row("a b.txt"));
    await user.click(await find("object-public-toggle"));
    expect((await find("confirm-url")).textContent).toBe("http://127.0.0.1:9444/b/a%20b.txt");
    await user.click(get("confirm-cancel"));
    await gone("confirm");
    expect(backend.called("objectSetPublic")).toHaveLength(0);

    await user.click(get("object-public-toggle"));
    await user.click(await find("confirm-ok"));
    await waitFor(() => expect(get("object-public-toggle").getAttribute("aria-checked")).toBe("true"));
    expect((await find("object-url")).textContent).toContain("a%20b.txt");
    await waitFor(async () => expect((await row("a b.txt")).dataset["exposure"]).toBe("public"));

    await user.click(get("object-public-toggle"));
    await waitFor(() => expect(get("object-public-toggle").getAttribute("aria-checked")).toBe("false"));
    expect(all("confirm")).toHaveLength(0);
  });

  it("is off where ACLs are off, with the reason and the way to change it", async () => {
    const { user, backend } = await opened(bucket("b", [object("a", 1, AT)], { aclsOff: true }));
    await user.click(await row("a"));
    const off = await find("object-acl-off");
    expect(off.textContent).toContain("Object Ownership is “Bucket owner enforced”");
    await user.click(get("object-public-toggle"));
    expect(backend.called("objectSetPublic")).toHaveLength(0);
    await user.click(screen.getByRole("button", { name: "Open bucket access" }));
    await find("access-page");
  });
});

describe("buckets", () => {
  it("are named by the rules, said while typing", async () => {
    const { user, backend } = await opened(bucket("b"));
    await user.keyboard("{Control>}{Shift>}b{/Shift}{/Control}");
    await user.type(await find("bucket-name"), "My");
    expect(get("bucket-name-problem").textContent).toBe("No capital letters");
    await user.clear(get("bucket-name"));
    await user.type(get("bucket-name"), "my-bucket{Enter}");
    await gone("bucket-dialog");
    expect(backend.called("bucketCreate")[0]).toMatchObject({ name: "my-bucket" });
    await waitFor(() => expect(all("sidebar-bucket").map((b) => b.dataset["bucket"])).toEqual(["b", "my-bucket"]));
  });

  it("that are not empty say so when they are deleted", async () => {
    const { user } = await opened(bucket("b", many(1)));
    await fireEvent.contextMenu(get("sidebar-bucket"));
    await user.click(await waitFor(() => all("command").find((c) => c.dataset["command"] === "bucket.delete")!));
    await user.click(await find("confirm-ok"));
    expect((await find("toast")).textContent).toContain("Delete its objects first.");
  });
});

describe("copying", () => {
  it("takes the s3:// path and the URL exactly", async () => {
    const { user, backend } = await opened(bucket("b", [object("dir/ü.txt", 1, AT), object("x", 1, AT)]));
    await user.click(await row("x"));
    await user.keyboard("{Control>}{Shift>}c{/Shift}{/Control}");
    await waitFor(() => expect(backend.copied).toEqual(["s3://b/x"]));
    await user.keyboard("{Control>}{Alt>}c{/Alt}{/Control}");
    await waitFor(() => expect(backend.copied[1]).toBe("http://127.0.0.1:9444/b/x"));
  });
});
