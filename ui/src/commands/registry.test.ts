import { describe, expect, it, vi } from "vitest";
import { COMMAND_IDS, definition, MENU_BAR, MENUS } from "./catalogue";
import { Commands } from "./registry.svelte";

describe("the catalogue", () => {
  it("gives no shortcut twice", () => {
    const seen = new Map<string, string>();
    for (const id of COMMAND_IDS) {
      for (const shortcut of definition(id).shortcuts ?? []) {
        expect(seen.get(shortcut), `${shortcut} of ${id}`).toBeUndefined();
        seen.set(shortcut, id);
      }
    }
  });
  it("has words for every command, each its own", () => {
    const labels = COMMAND_IDS.map((id) => definition(id).label());
    expect(labels.every((l) => l.length > 0)).toBe(true);
    expect(new Set(labels).size).toBe(labels.length);
  });
  it("feeds every menu", () => {
    const known = new Set<string>(COMMAND_IDS);
    for (const menu of [...Object.values(MENUS), ...MENU_BAR.map((m) => m.items)]) {
      for (const item of menu) expect(item === "-" || known.has(item)).toBe(true);
    }
  });
});

describe("the registry", () => {
  const key = (k: string, target: EventTarget = document.body): KeyboardEvent => {
    const event = new KeyboardEvent("keydown", { key: k, ctrlKey: k.length === 1, bubbles: true, cancelable: true });
    target.dispatchEvent(event);
    return event;
  };
  it("runs what is provided and says why it won't", () => {
    const commands = new Commands();
    const run = vi.fn();
    expect(commands.run("object.delete")).toBe(false);
    expect(commands.offReason("object.delete")).toBe("");
    let off: string | null = "Select something first";
    const leave = commands.provide({ "object.delete": { run, off: () => off } });
    expect(commands.run("object.delete")).toBe(false);
    expect(commands.offReason("object.delete")).toBe("Select something first");
    off = null;
    expect(commands.run("object.delete")).toBe(true);
    expect(run).toHaveBeenCalledOnce();
    leave();
    expect(commands.provided("object.delete")).toBe(false);
  });
  it("gives a command back to whoever had it", () => {
    const commands = new Commands();
    const [shell, page] = [vi.fn(), vi.fn()];
    commands.provide({ "view.refresh": { run: shell } });
    const leave = commands.provide({ "view.refresh": { run: page } });
    commands.run("view.refresh");
    leave();
    commands.run("view.refresh");
    expect([page, shell].map((f) => f.mock.calls.length)).toEqual([1, 1]);
  });
  it("leaves typing alone", () => {
    const commands = new Commands();
    const run = vi.fn();
    commands.provide({ "object.delete": { run }, "select.all": { run }, "app.palette": { run } });
    const input = document.body.appendChild(document.createElement("input"));
    expect(commands.key(key("Delete", input))).toBe(false);
    expect(commands.key(key("a", input))).toBe(false);
    expect(commands.key(key("k", input))).toBe(true);
    expect(commands.key(key("Delete"))).toBe(true);
  });
});
