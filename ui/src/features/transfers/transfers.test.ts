import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
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

  it("are paused and go on, one and all, by button, key and palette", async () => {
    const backend = new FakeBackend(world(bucket("b")), { speed: 1 });
    const { user, app } = openWindow(backend);
    await find("grid-empty");
    app.host.nav.go({ kind: "transfers" });
    const first = backend.queue.add("upload", where, "first", files(5));
    backend.queue.add("upload", where, "second", files(5));
    await waitFor(() => expect(all("transfers-job")).toHaveLength(2));
    await user.click(all("transfers-pause")[0]!);
    await waitFor(() => expect(groupTitles("paused")).toEqual(["Upload first"]));
    expect(get("status-transfers").textContent).toContain("1 paused");
    expect(backend.called("transferPause")).toEqual([first]);

    jobRow("first").focus();
    await user.keyboard(" ");
    await waitFor(() => expect(groupTitles("active")).toEqual(["Upload first", "Upload second"]));
    await user.click(get("transfers-pause-all"));
    await waitFor(() => expect(groupTitles("paused")).toHaveLength(2));
    await waitFor(() => expect(get("status-transfers").textContent).toContain("2 paused"));
    expect(app.host.commands.offReason("transfers.pauseAll")).toBe("Nothing is running");
    app.host.nav.go({ kind: "browse", profile: "sandbox", bucket: "b", prefix: "" });
    await find("grid-empty");
    expect(app.host.commands.run("transfers.resumeAll")).toBe(true);
    await waitFor(() => expect(app.transfers.unfinished).toBe(2));
  });

  it("are found by state, kind and words, and what is hidden is one step away", async () => {
    const backend = new FakeBackend(world(bucket("b")));
    const { user, app } = openWindow(backend);
    await find("grid-empty");
    app.host.nav.go({ kind: "transfers" });
    backend.queue.add("upload", where, "letters", [{ ...files(1)[0]!, fails: ipcError("access_denied", "no") }]);
    backend.queue.add("download", { ...where, bucket: "photos" }, "holiday", files(1));
    await waitFor(() => expect(all("transfers-job")).toHaveLength(2));
    await user.click(within(get("transfers-show")).getByLabelText("Failed"));
    expect(titles()).toEqual(["Upload letters"]);
    await user.click(within(get("transfers-show")).getByLabelText("All"));
    await user.type(get("transfers-search"), "photos holi");
    expect(titles()).toEqual(["Download holiday"]);
    await user.keyboard("{Escape}");
    await waitFor(() => expect(titles()).toHaveLength(2));
    app.host.commands.run("transfers.kindDelete");
    await find("transfers-none");
    await user.click(screen.getByText("Show all"));
    await waitFor(() => expect(titles()).toHaveLength(2));
    app.host.commands.run("transfers.sortName");
    await waitFor(() => expect(titles()).toEqual(["Download holiday", "Upload letters"]));
    expect(app.host.commands.checked("transfers.sortName")).toBe(true);
  });

  it("change places, priority and speed", async () => {
    const backend = new FakeBackend(world(bucket("b")), { speed: 1 });
    const { user, app } = openWindow(backend);
    await find("grid-empty");
    app.host.nav.go({ kind: "transfers" });
    for (const name of ["a", "b", "c"]) backend.queue.add("upload", where, name, files(5));
    await waitFor(() => expect(titles()).toEqual(["Upload a", "Upload b", "Upload c"]));
    jobRow("c").focus();
    await user.keyboard("{Control>}{Shift>}{ArrowUp}{/Shift}{/Control}");
    await waitFor(() => expect(titles()).toEqual(["Upload a", "Upload c", "Upload b"]));
    expect(document.body.textContent).toContain("“c” is now number 2 in line");
    await user.keyboard("{Control>}{Shift>}{ArrowDown}{/Shift}{/Control}");
    await waitFor(() => expect(titles()).toEqual(["Upload a", "Upload b", "Upload c"]));
    expect(app.host.commands.offReason("transfers.down")).toBe("It is the last of its priority");
    app.host.commands.run("transfers.high");
    await waitFor(() => expect(titles()[0]).toBe("Upload c"));
    expect(jobRow("c").textContent).toContain("high priority");
    await user.keyboard("{Control>}{Shift>}l{/Shift}{/Control}");
    const dialog = await find("job-limit");
    await fireEvent.input(within(dialog).getByTestId("speed-slider"), { target: { value: "3" } });
    await user.click(get("job-limit-save"));
    await waitFor(() => expect(jobRow("c").textContent).toContain("at most 1.0 MB/s"));
    expect(backend.called("transferSpeed")).toEqual([{ job: 3, limit: 1_000_000 }]);
  });

  it("are dragged to another place in line", async () => {
    const backend = new FakeBackend(world(bucket("b")), { speed: 1 });
    const { app } = openWindow(backend);
    await find("grid-empty");
    app.host.nav.go({ kind: "transfers" });
    for (const name of ["a", "b", "c"]) backend.queue.add("upload", where, name, files(5));
    await waitFor(() => expect(titles()).toHaveLength(3));
    for (const [i, element] of all("transfers-job").entries()) element.getBoundingClientRect = () => new DOMRect(0, i * 50, 600, 50);
    await fireEvent.pointerDown(within(jobRow("c")).getByTestId("transfers-grip"), { button: 0 });
    await fireEvent.pointerMove(window, { clientY: 10 });
    await waitFor(() => expect(jobRow("a").className).toContain("before"));
    await fireEvent.pointerUp(window);
    await waitFor(() => expect(titles()).toEqual(["Upload c", "Upload a", "Upload b"]));
  });

  it("say who has them, try one file again, repeat, and report", async () => {
    const backend = new FakeBackend(world(bucket("b")));
    const { user, app } = openWindow(backend);
    await find("grid-empty");
    const [a, b] = files(2);
    const bad = ipcError("source_changed", "size was 1, is 2");
    const id = backend.queue.add("upload", where, "2 items", [{ ...a!, fails: bad }, { ...b!, fails: bad }]);
    backend.queue.set(id, { elsewhere: true });
    app.transfers.show(id);
    await waitFor(() => expect(all("transfers-item")).toHaveLength(2));
    expect(jobRow("2 items").textContent).toContain("runs in another Dipper");
    expect(all("transfers-item-retry")).toHaveLength(0);
    backend.queue.set(id, { elsewhere: false });
    await waitFor(() => expect(all("transfers-item-retry")).toHaveLength(2));
    await user.click(all("transfers-item-retry")[0]!);
    expect(backend.called("transferRetryItems")).toEqual([{ job: id, items: [0] }]);
    app.transfers.chosen = id;
    app.host.commands.run("transfers.report");
    expect((await screen.findByText("Report saved")).textContent).toBe("Report saved");
    app.host.commands.run("transfers.repeat");
    await waitFor(() => expect(all("transfers-job")).toHaveLength(2));
  });

  it("keep to the speed that is set, and to the timetable", async () => {
    const backend = new FakeBackend(world(bucket("b")));
    const { user, app } = openWindow(backend);
    await find("grid-empty");
    app.host.nav.go({ kind: "settings" });
    const slider = await find("speed-slider");
    await fireEvent.input(slider, { target: { value: "4" } });
    expect(get("speed-text").textContent).toBe("2.0 MB/s");
    await user.click(get("timetable-add"));
    await find("timetable-rule");
    await fireEvent.change(screen.getByLabelText("From"), { target: { value: "22:30" } });
    await user.selectOptions(screen.getByLabelText("Days"), "6,7");
    await waitFor(() =>
      expect(backend.speed).toEqual({ limit: 2_000_000, timetable: [{ days: [6, 7], from: 1350, to: 1020, limit: 2_000_000 }] }),
    );
    await user.click(get("timetable-remove"));
    await waitFor(() => expect(backend.speed.timetable).toEqual([]));
  });

  it("tell the system how far they are and how they ended, and ask before the window closes", async () => {
    const backend = new FakeBackend(world(bucket("b")), { speed: 20_000 });
    const { user, app } = openWindow(backend);
    await find("grid-empty");
    backend.queue.add("upload", where, "a", files(2));
    backend.queue.add("upload", where, "b", files(3));
    await waitFor(() => expect(backend.called("noticeShow")).toEqual([{ title: "2 transfers finished", body: "Upload a\nUpload b" }]));
    expect(backend.called("progressSet")).toContainEqual({ percent: 0, paused: false });
    expect(backend.called("progressSet").at(-1)).toEqual({ percent: null, paused: false });

    const id = backend.queue.add("upload", where, "long", files(5000));
    await waitFor(() => expect(app.transfers.unfinished).toBe(1));
    backend.emitLeave();
    backend.emitLeave();
    expect((await find("confirm")).textContent).toContain("1 transfer is not done yet");
    await user.click(get("confirm-cancel"));
    await waitFor(() => expect(all("confirm")).toHaveLength(0));
    expect(backend.called("windowLeave")).toEqual(["stay", "stay"]);
    backend.emitLeave();
    await find("confirm");
    await user.click(screen.getByRole("radio", { name: "Quit, and go on next time" }));
    await user.click(get("confirm-ok"));
    await waitFor(() => expect(backend.called("windowLeave").at(-1)).toBe("quit"));
    backend.emitLeave(true);
    expect((await find("confirm")).textContent).toContain("goes to the tray");
    await user.click(get("confirm-ok"));
    await waitFor(() => expect(backend.called("windowLeave").at(-1)).toBe("minimise"));
    backend.queue.cancel(id);
  });
});

const jobRow = (title: string): HTMLElement => {
  const found = all("transfers-job").find((job) => job.getAttribute("aria-label")?.endsWith(` ${title}`));
  if (!found) throw new Error(`no job ${title}`);
  return found;
};
const titles = (): (string | null)[] => all("transfers-job").map((job) => job.getAttribute("aria-label"));
function groupTitles(id: string): (string | null)[] {
  const group = all("transfers-group").find((g) => g.dataset["group"] === id);
  return group ? within(group).queryAllByTestId("transfers-job").map((job) => job.getAttribute("aria-label")) : [];
}
