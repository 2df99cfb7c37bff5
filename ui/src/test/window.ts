// Opens the whole window on a fake engine, for journeys.
import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { FakeBackend, type FakeBucket, World } from "../backend/fake";
import { bucket, object, SANDBOX } from "../backend/fake/world";
import type { TestId } from "../lib/testids";
import { App } from "../shell/app.svelte";
import Shell from "../shell/Shell.svelte";

export { bucket, object };

export function world(...buckets: FakeBucket[]): World {
  return new World().add(SANDBOX, buckets);
}

export function openWindow(backend: FakeBackend = new FakeBackend()) {
  const app = new App(backend);
  const view = render(Shell, { app });
  return { app, backend, user: userEvent.setup(), view };
}

export const get = (id: TestId): HTMLElement => screen.getByTestId(id);
export const all = (id: TestId): HTMLElement[] => screen.queryAllByTestId(id);
export const find = (id: TestId): Promise<HTMLElement> => screen.findByTestId(id);
export const gone = (id: TestId): Promise<void> =>
  waitFor(() => {
    if (screen.queryByTestId(id)) throw new Error(`${id} is still there`);
  });

export async function row(key: string): Promise<HTMLElement> {
  return waitFor(() => {
    const found = all("grid-row").find((r) => r.dataset["key"] === key);
    if (!found) throw new Error(`no row ${key}; there are ${all("grid-row").map((r) => r.dataset["key"]).join(", ")}`);
    return found;
  });
}
