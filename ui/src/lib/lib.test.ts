import { afterEach, describe, expect, it } from "vitest";
import { hunks, lineDiff } from "./diff";
import { dropPlaceName, dropTargetAt } from "./droptarget";
import { matches, setPlatform, shown } from "./keys";
import { Nav } from "./nav.svelte";

describe("shortcuts", () => {
  afterEach(() => setPlatform("linux"));
  const press = (key: string, mods: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey" | "altKey", boolean>> = {}) => ({
    key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...mods,
  });
  it("take Ctrl here and ⌘ on a Mac", () => {
    expect(matches("Mod+U", press("u", { ctrlKey: true }))).toBe(true);
    expect(matches("Mod+U", press("u", { metaKey: true }))).toBe(false);
    setPlatform("macos");
    expect(matches("Mod+U", press("u", { metaKey: true }))).toBe(true);
    expect(matches("Mod+U", press("u", { ctrlKey: true }))).toBe(false);
    expect(shown("Mod+Shift+U")).toBe("⌘⇧U");
  });
  it("tell Shift apart, but not for signs that need it", () => {
    expect(matches("Mod+U", press("U", { ctrlKey: true, shiftKey: true }))).toBe(false);
    expect(matches("Mod+Shift+U", press("U", { ctrlKey: true, shiftKey: true }))).toBe(true);
    expect(matches("?", press("?", { shiftKey: true }))).toBe(true);
  });
});

describe("history", () => {
  it("goes back and forth and drops what is gone", () => {
    const nav = new Nav();
    const at = (bucket: string) => ({ kind: "browse", profile: "p", bucket, prefix: "" }) as const;
    nav.go(at("a"));
    nav.go(at("b"));
    nav.go(at("b"));
    nav.back();
    expect(nav.place).toEqual(at("a"));
    expect(nav.canBack).toBe(false);
    nav.forward();
    expect(nav.place).toEqual(at("b"));
    nav.forget((p) => "bucket" in p && p.bucket === "b");
    expect(nav.place).toEqual(at("a"));
    expect(nav.canForward).toBe(false);
  });
});

describe("line diff", () => {
  it("shows what is added and what goes", () => {
    expect(lineDiff("a\nb\nc", "a\nx\nc").map((l) => l.kind[0] + l.text)).toEqual(["sa", "db", "ax", "sc"]);
    expect(lineDiff("", "a\nb").every((l) => l.kind === "add")).toBe(true);
  });
  it("leaves out what is far from any change", () => {
    const before = Array.from({ length: 20 }, (_, i) => `l${i}`);
    const after = before.with(15, "changed");
    const shownLines = hunks(lineDiff(before.join("\n"), after.join("\n")), 2);
    expect(shownLines[0]).toBeNull();
    expect(shownLines.filter(Boolean)).toHaveLength(6);
  });
});

describe("drop targets", () => {
  document.body.innerHTML = `
    <button data-drop="bucket" data-drop-profile="p" data-drop-bucket="b" data-drop-prefix=""><i id="inbucket"></i></button>
    <div data-drop="prefix" data-drop-profile="p" data-drop-bucket="b" data-drop-prefix="a/" id="table">
      <div data-drop="folder" data-drop-profile="p" data-drop-bucket="b" data-drop-prefix="a/photos/"><b id="infolder"></b></div>
      <div id="object"></div>
    </div>
    <p id="nowhere"></p>`;
  const at = (id: string) => dropTargetAt(0, 0, () => document.getElementById(id));
  it("are the innermost that take files", () => {
    expect(at("infolder")).toMatchObject({ bucket: "b", prefix: "a/photos/" });
    expect(at("object")).toMatchObject({ prefix: "a/" });
    expect(at("inbucket")).toMatchObject({ prefix: "" });
  });
  it("are none elsewhere", () => {
    expect(at("nowhere")).toBeNull();
    expect(dropTargetAt(0, 0, () => null)).toBeNull();
  });
  it("are named by their last folder, or the bucket", () => {
    expect(dropPlaceName({ bucket: "b", prefix: "a/photos/" })).toBe("photos/");
    expect(dropPlaceName({ bucket: "b", prefix: "" })).toBe("b");
  });
});
