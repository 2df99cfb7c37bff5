// Shortcuts are written once, as "Mod+Shift+U"; Mod is ⌘ on a Mac and Ctrl elsewhere.
export type Platform = "linux" | "macos" | "windows";

let platform: Platform = /Mac/.test(globalThis.navigator?.platform ?? "") ? "macos" : "linux";
export function setPlatform(p: Platform): void {
  platform = p;
}
export function isMac(): boolean {
  return platform === "macos";
}

export type KeyLike = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

export function matches(shortcut: string, e: KeyLike): boolean {
  const parts = shortcut.split("+");
  const key = parts.pop() || "+";
  const want = new Set(parts);
  const mod = want.has("Mod");
  const ctrl = isMac() ? want.has("Ctrl") : mod || want.has("Ctrl");
  const meta = isMac() ? mod : false;
  if (e.ctrlKey !== ctrl || e.metaKey !== meta || e.altKey !== want.has("Alt")) return false;
  // "?" already needs Shift on most layouts; letters and named keys say it.
  const symbol = key.length === 1 && !/[a-z0-9]/i.test(key);
  if (!symbol && e.shiftKey !== want.has("Shift")) return false;
  return e.key.toLowerCase() === key.toLowerCase();
}

const NAMES: Record<string, string> = {
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Delete: "Del", " ": "Space",
};
const MAC: Record<string, string> = { Mod: "⌘", Shift: "⇧", Alt: "⌥", Ctrl: "⌃", Delete: "⌦", Backspace: "⌫", Enter: "↩" };

export function shown(shortcut: string): string {
  const parts = shortcut.split("+");
  if (isMac()) return parts.map((p) => MAC[p] ?? NAMES[p] ?? p).join("");
  return parts.map((p) => (p === "Mod" ? "Ctrl" : (NAMES[p] ?? p))).join("+");
}

/** For aria-keyshortcuts. */
export function spoken(shortcut: string): string {
  return shortcut.replace("Mod", isMac() ? "Meta" : "Control");
}

/** Typing belongs to the field: only shortcuts with a modifier act while one has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  // An editor in a shadow root shows itself only as its host.
  if (target.isContentEditable || target.shadowRoot) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
