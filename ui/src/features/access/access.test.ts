import { screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import type { PolicyProblem } from "../../backend";
import { FakeBackend, type FakeBucket } from "../../backend/fake";
import { bucket, find, get, gone, object, openWindow, world, all } from "../../test/window";
import { publicReadTemplate } from "./access.svelte";

// The real editor needs layout; here it is a text and the problems that it was told.
const editor = vi.hoisted(() => ({ mounted: 0, text: "", problems: [] as PolicyProblem[], type: (_: string) => undefined as void }));
vi.mock("./editor", () => ({
  mountEditor: (_: unknown, o: { text: string; onchange: (t: string) => void }) => {
    editor.text = o.text;
    editor.mounted++;
    editor.type = (t) => o.onchange(t);
    return { setText: (t: string) => (editor.text = t), setProblems: (p: PolicyProblem[]) => (editor.problems = p), destroy: () => undefined, focus: () => undefined };
  },
}));

async function page(b: FakeBucket) {
  editor.mounted = 0;
  const backend = new FakeBackend(world(b));
  const opened = openWindow(backend);
  await find("sidebar-bucket");
  opened.app.host.nav.go({ kind: "access", profile: "sandbox", bucket: b.name });
  await find("access-headline");
  return opened;
}
const checked = (id: "access-read-all" | "access-list-names") => get(id).getAttribute("aria-checked");

describe("bucket access", () => {
  it("opens everything only after one confirmation with address and policy", async () => {
    const { user, backend } = await page(bucket("b", [object("a", 1, "2026-01-01T00:00:00Z")]));
    expect(get("access-headline").textContent).toBe("Nobody without keys can read or list this bucket");
    await user.click(get("access-read-all"));
    const confirm = await find("confirm");
    expect(confirm.textContent).toContain("Let everyone read all of b?");
    expect(get("confirm-url").textContent).toBe("http://127.0.0.1:9444/b/");
    expect(confirm.textContent).toContain('"Resource": "arn:aws:s3:::b/*"');
    expect(backend.called("publicSet")).toHaveLength(0);
    await user.click(get("confirm-ok"));
    await waitFor(() => expect(checked("access-read-all")).toBe("true"));
    expect(get("access-headline").textContent).toBe("Anyone can read everything in this bucket");
    expect(get("sidebar-bucket").dataset["exposure"]).toBe("public");

    await user.click(get("access-read-all"));
    await waitFor(() => expect(checked("access-read-all")).toBe("false"));
    expect(all("confirm")).toHaveLength(0);
  });

  it("opens one folder", async () => {
    const { user } = await page(bucket("b", [object("photos/a", 1, "2026-01-01T00:00:00Z")]));
    await user.click(get("access-add-prefix"));
    await user.type(await find("access-prefix-input"), "photos{Enter}");
    await user.click(await find("confirm-ok"));
    await find("access-read-prefix");
    expect(get("access-headline").textContent).toBe("Anyone can read what is in photos/");
  });

  it("opens the list of names, and says that it is not the content", async () => {
    const { user } = await page(bucket("b"));
    await user.click(get("access-list-names"));
    expect((await find("confirm")).textContent).toContain("but not the content");
    await user.click(get("confirm-ok"));
    await waitFor(() => expect(checked("access-list-names")).toBe("true"));
  });

  it("keeps what is off in sight, with the reason and the setting that changes it", async () => {
    const { user, backend } = await page(bucket("b", [], { aclsOff: true, blocked: true }));
    expect(get("access-read-all").getAttribute("aria-disabled")).toBe("true");
    expect(get("access-page").textContent).toContain("the setting BlockPublicPolicy is on");
    expect(get("access-page").textContent).toContain("ACLs are off in this bucket");
    await user.click(get("access-read-all"));
    expect(all("confirm")).toHaveLength(0);

    await user.click(get("access-acl-enable"));
    await user.click(await find("confirm-ok"));
    await waitFor(() => expect(backend.called("aclEnable")).toHaveLength(1));
    await gone("confirm");
    await user.click(get("access-public-allow"));
    await user.click(await find("confirm-ok"));
    await waitFor(() => expect(get("access-read-all").getAttribute("aria-disabled")).toBe("false"));
  });
});

describe("the policy editor", () => {
  it("marks what is wrong, where it is, and does not save it", async () => {
    const { user, backend } = await page(bucket("b"));
    await waitFor(() => expect(editor.mounted).toBe(1));
    editor.type('{\n  "Version": "2012-10-17",\n  "Statement": [{"Effect": "Alow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]\n}');
    const problem = await find("policy-problem");
    expect(problem.textContent).toContain('Line 3: Effect must be "Allow" or "Deny".');
    expect(editor.problems[0]).toMatchObject({ line: 3, severity: "error" });
    await user.click(get("policy-save"));
    expect(backend.called("policyPut")).toHaveLength(0);
    editor.type("{");
    await waitFor(() => expect(get("policy-problem").textContent).toContain("not valid JSON"));
  });

  it("asks before it saves what makes objects public", async () => {
    const { user, backend } = await page(bucket("b"));
    await user.click(await find("policy-template"));
    await waitFor(() => expect(editor.text).toBe(publicReadTemplate("b")));
    await waitFor(() => expect(get("policy-save").getAttribute("aria-disabled")).toBe("false"));
    await user.click(get("policy-save"));
    expect((await find("confirm")).textContent).toContain("Save a policy that makes objects public?");
    await user.click(get("confirm-ok"));
    await waitFor(() => expect(backend.called("policyPut")).toHaveLength(1));
    await waitFor(() => expect(checked("access-read-all")).toBe("true"));
  });

  it("deletes after a confirmation", async () => {
    const { user, backend } = await page(bucket("b", [], { policy: publicReadTemplate("b") }));
    await user.click(await find("policy-delete"));
    await user.click(await find("confirm-ok"));
    await waitFor(() => expect(backend.called("policyDelete")).toHaveLength(1));
    await waitFor(() => expect(editor.text).toBe(""));
    expect(screen.queryByTestId("policy-delete")).toBeNull();
  });
});
