import { waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { FakeBackend, ipcError } from "../../backend/fake";
import { all, bucket, find, get, openWindow, world } from "../../test/window";

const where = { profile: "sandbox", profileName: "Sandbox", bucket: "b", prefix: "in/" };
const files = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `f${i}`, key: `in/f${i}`, size: 1000 }));

describe("transfers", () => {
  it("tell the state in words, with files and the reason of a failure", async () => {
    const backend = new FakeBackend(world(bucket("b")));
    const { user, app } = openWindow(backend);
    await find("grid-empty");
    app.host.nav.go({ kind: "transfers" });
    expect((await find("transfers-page")).textContent).toContain("No transfers");

    const [bad] = files(1);
    backend.queue.add("upload", where, "12 items", [...files(3).slice(1), { ...bad!, fails: ipcError("source_changed", "size was 1, is 2") }]);
    const job = await find("transfers-job");
    expect(job.dataset["state"]).toBe("failed");
    expect(job.textContent).toContain("Upload 12 items");
    expect(job.textContent).toContain("to b/in/ · Sandbox");
    expect(job.textContent).toContain("1 failed");
    expect((await find("toast")).textContent).toContain("12 items: 1 failed");
    expect((await find("status-transfers")).textContent).toContain("1 transfer failed");

    await user.click(get("transfers-expand"));
    const item = await find("transfers-item");
    expect(item.dataset["key"]).toBe("in/f0");
    expect(item.textContent).toContain("The file changed while it was read");
  });

  it("run, are cancelled, tried again and cleared", async () => {
    const backend = new FakeBackend(world(bucket("b")), { speed: 2000 });
    const { user, app } = openWindow(backend);
    await find("grid-empty");
    app.host.nav.go({ kind: "transfers" });
    backend.queue.add("upload", where, "big", files(50));
    await waitFor(() => expect(get("transfers-job").dataset["state"]).toBe("running"));
    expect(get("transfers-job").textContent).toMatch(/of 50\.0 KB · \d+ of 50 files/);
    await user.click(get("transfers-cancel"));
    await waitFor(() => expect(get("transfers-job").dataset["state"]).toBe("cancelled"));
    await user.click(get("transfers-retry"));
    await waitFor(() => expect(get("transfers-job").dataset["state"]).toBe("running"));
    await user.click(get("transfers-cancel"));
    await waitFor(() => expect(get("transfers-job").dataset["state"]).toBe("cancelled"));
    await user.click(get("transfers-clear"));
    await waitFor(() => expect(all("transfers-job")).toHaveLength(0));
  });
});
