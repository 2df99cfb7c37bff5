// One menu is open at a time, at a point (context menu) or under an element (toolbar).
import type { CommandId } from "../commands/catalogue";

export type MenuRequest = {
  items: readonly (CommandId | "-")[];
  rect: { x: number; y: number; width: number; height: number };
  align: "start" | "end";
  label: string;
  onclose?: (() => void) | undefined;
};

export class Menus {
  current = $state.raw<MenuRequest | null>(null);

  at(e: MouseEvent, items: MenuRequest["items"], label: string, onclose?: () => void): void {
    e.preventDefault();
    let { clientX: x, clientY: y } = e;
    // The context-menu key gives no point: open below what has the focus.
    if (x === 0 && y === 0 && e.target instanceof HTMLElement) {
      const active = e.target.querySelector("[data-active]") ?? e.target;
      const rect = active.getBoundingClientRect();
      x = rect.x + 24;
      y = rect.bottom;
    }
    this.current = { items, rect: { x, y, width: 0, height: 0 }, align: "start", label, onclose };
  }

  under(element: HTMLElement, items: MenuRequest["items"], label: string, align: "start" | "end" = "end", onclose?: () => void): void {
    const { x, y, width, height } = element.getBoundingClientRect();
    this.current = { items, rect: { x, y, width, height }, align, label, onclose };
  }

  close(): void {
    const closed = this.current;
    this.current = null;
    closed?.onclose?.();
  }
}

export const menus = new Menus();
