import { describe, expect, it } from "vitest";
import type { Key, KeyKind, Protection } from "../../backend";
import { type Choice, choiceOf, choiceProblem, EMPTY, fitting, onlyEncrypts, protectionOf, WAY_IDS, WAYS } from "./choice";
import { emptyForm, formProblem, nameProblem, newKey, textOfFile } from "./newkey";

const key = (name: string, kind: KeyKind): Key => ({ name, kind, createdAt: "2026-01-01T00:00:00Z", recipients: null, places: [] });
const KEYS = [key("phrase", "passphrase"), key("pair", "age"), key("theirs", "recipients"), key("mine", "customer"), key("remote", "rclone")];

describe("a way of encryption", () => {
  it.each<Protection>([
    { by: "server", way: { with: "s3" } },
    { by: "server", way: { with: "kms", key: null, bucketKey: null } },
    { by: "server", way: { with: "kms", key: "alias/a", bucketKey: true } },
    { by: "server", way: { with: "dsse", key: "alias/a" } },
    { by: "server", way: { with: "customer", key: "mine" } },
    { by: "here", format: "openpgp", keys: ["phrase"] },
    { by: "here", format: "age", keys: ["phrase"] },
    { by: "here", format: "age", keys: ["pair", "theirs"] },
    { by: "here", format: "rclone", keys: ["remote"] },
  ])("is the same after the form: %o", (protection) => {
    const choice = choiceOf(protection, KEYS);
    expect(protectionOf(choice)).toEqual(protection);
    expect(choiceProblem(choice, KEYS)).toBeNull();
  });

  it("needs a key of its kind, and one that is there", () => {
    const choice = (part: Partial<Choice>): Choice => ({ ...EMPTY, ...part });
    expect(choiceProblem(choice({ way: "rclone" }), [])).toBe("There is no key for this yet");
    expect(choiceProblem(choice({ way: "rclone" }), KEYS)).toBe("Choose a key");
    expect(choiceProblem(choice({ way: "openpgp", key: "mine" }), KEYS)).toBe("Choose a key");
    expect(choiceProblem(choice({ way: "age", keys: ["pair", "gone"] }), KEYS)).toBe("Choose a key");
    expect(choiceProblem(choice({ way: "kms" }), [])).toBeNull();
    expect(choiceProblem(choice({ way: "place" }), [])).toBeNull();
    expect(protectionOf(choice({ way: "place" }))).toBeNull();
    for (const way of WAY_IDS) expect(fitting(way, KEYS).length > 0).toBe(WAYS[way].kinds.length > 0);
  });

  it("that nobody here could read again is told", () => {
    expect(onlyEncrypts({ ...EMPTY, way: "age", keys: ["theirs"] }, KEYS)).toBe(true);
    expect(onlyEncrypts({ ...EMPTY, way: "age", keys: ["theirs", "pair"] }, KEYS)).toBe(false);
    expect(onlyEncrypts({ ...EMPTY, way: "age" }, KEYS)).toBe(false);
  });
});

describe("a new key", () => {
  const form = (kind: KeyKind, part: Partial<ReturnType<typeof emptyForm>> = {}) => ({ ...emptyForm(kind), name: "k", ...part });
  it("is made in Rust, or what was typed", () => {
    expect(newKey(form("customer"))).toEqual({ name: "k", kind: "customer", secret: null });
    expect(newKey(form("age", { make: false, secret: "AGE-…" }))).toEqual({ name: "k", kind: "age", secret: "AGE-…" });
    expect(newKey(form("passphrase", { secret: " a b ", second: " a b " })).secret).toBe(" a b ");
    expect(newKey(form("rclone", { secret: "one", second: "two" })).secret).toBe("one\ntwo");
    expect(newKey(form("rclone", { secret: "one", obscured: true })).secret).toBe("obscured:one");
  });
  it("is read from a file as it stands", () => {
    expect(textOfFile("customer", new Uint8Array(32).fill(171))).toBe("ab".repeat(32));
    expect(textOfFile("passphrase", new TextEncoder().encode("schön\n"))).toBe("schön\n");
    expect(textOfFile("passphrase", new Uint8Array(32).fill(171))).toBeNull();
    expect(textOfFile("age", new Uint8Array(70_000).fill(65))).toBeNull();
    expect(newKey(form("rclone", { secret: "one\ntwo", file: "f", obscured: true })).secret).toBe("one\ntwo");
  });
  it("says what is missing", () => {
    expect(formProblem(form("customer"), [])).toBeNull();
    expect(formProblem(form("customer"), ["k"])).toBe("There is a key of this name already");
    expect(formProblem(form("customer", { make: false }), [])).toBe("Enter the key");
    expect(formProblem(form("passphrase"), [])).toBe("Enter a passphrase");
    expect(formProblem(form("passphrase", { secret: "a", second: "b" }), [])).toBe("The two are not the same");
    expect(formProblem(form("recipients", { secret: "age1…" }), [])).toBeNull();
  });
  it("has a name as the engine takes it", () => {
    for (const good of ["a", "Backup 2026", "müller.work_1"]) expect(nameProblem(good, [])).toBeNull();
    for (const bad of ["", " ", "a/b", "file:x", "x".repeat(65)]) expect(nameProblem(bad, [])).not.toBeNull();
  });
});
