// One tooltip for the whole window: `{@attach tip(() => ({ text, shortcut }))}` on anything that can be hovered or focused.
import type { Attachment } from "svelte/attachments";

export type Tip = { text: string; shortcut?: string | undefined };
type Shown = Tip & { rect: DOMRect };

export const tips = $state<{ shown: Shown | null }>({ shown: null });

const DELAY_MS = 450;
const NEXT_DELAY_MS = 80;
let timer: ReturnType<typeof setTimeout> | undefined;
let hiddenAt = 0;

export function hideTip(): void {
  clearTimeout(timer);
  // A focused button that leaves loses the focus while the page is drawn: nothing may change then without need.
  if (!tips.shown) return;
  hiddenAt = Date.now();
  tips.shown = null;
}

export function tip(get: () => Tip | null): Attachment<HTMLElement> {
  return (element) => {
    const show = (delay: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const t = get();
        if (t && t.text !== "" && element.isConnected) tips.shown = { ...t, rect: element.getBoundingClientRect() };
      }, delay);
    };
    const enter = (e: PointerEvent): void => {
      if (e.pointerType !== "touch") show(Date.now() - hiddenAt < 300 ? NEXT_DELAY_MS : DELAY_MS);
    };
    const focus = (): void => {
      if (element.matches(":focus-visible")) show(DELAY_MS);
    };
    element.addEventListener("pointerenter", enter);
    element.addEventListener("focus", focus);
    for (const leave of ["pointerleave", "pointerdown", "blur"] as const) element.addEventListener(leave, hideTip);
    return () => {
      element.removeEventListener("pointerenter", enter);
      element.removeEventListener("focus", focus);
      for (const leave of ["pointerleave", "pointerdown", "blur"] as const) element.removeEventListener(leave, hideTip);
      hideTip();
    };
  };
}

/** aria-description, which the typings don't know yet. */
export function description(text: string | null): Record<string, string> {
  return text ? { "aria-description": text } : {};
}
