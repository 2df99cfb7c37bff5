import { expect, it } from "vitest";
import type { Frozen } from "../../backend";
import { deleteAsk } from "./deletion";

const frozen = (f: Partial<Frozen>): Frozen => ({ token: 1, objects: 3, folders: 0, bytes: 12_000_000, sample: ["a.txt", "b.txt", "c.txt"], versioning: "unversioned", ...f });
const ask = (f: Partial<Frozen>) => deleteAsk(frozen(f), { bucket: "acme" });

it("names one object and says that it is gone for good", () => {
  const a = ask({ objects: 1, sample: ["report.pdf"], bytes: 1_200_000 });
  expect(a).toMatchObject({ title: "Delete “report.pdf”?", action: "Delete object", tone: "danger", sample: [] });
  expect(a.body.join(" ")).toContain("no versions: 1.2 MB are gone for good");
  expect(a.typed).toBeUndefined();
});
it("counts many, in the title and on the button", () => {
  const a = ask({ objects: 214, sample: ["a", "b", "c"] });
  expect(a).toMatchObject({ title: "Delete 214 objects from acme?", action: "Delete 214 objects", typed: "delete" });
  expect(a.sample).toEqual(["a", "b", "c", "and 211 more"]);
});
it("says what a versioned bucket does, and asks for no typing", () => {
  const a = ask({ objects: 5000, versioning: "versioned" });
  expect(a.body.join(" ")).toBe("Adds delete markers. The versions stay and can be restored.");
  expect(a.typed).toBeUndefined();
  expect(a.action).toBe("Delete 5,000 objects");
});
it("takes an unknown bucket as final", () => {
  const a = ask({ objects: 101, versioning: "unknown" });
  expect(a.body.join(" ")).toContain("take this as final");
  expect(a.typed).toBe("delete");
});
it("does not ask to type for a hundred", () => expect(ask({ objects: 100 }).typed).toBeUndefined());
it("says that folders bring all that is in them", () => {
  expect(ask({ objects: 419, folders: 1, sample: ["photos/"] }).body[0]).toBe("That is everything in the selected folder: 419 objects in all.");
  expect(ask({ objects: 1419, folders: 2, sample: ["photos/", "b/"] }).body[0]).toBe("That is everything in 2 selected folders: 1,419 objects in all.");
});
it("shows control characters in names", () => {
  expect(ask({ objects: 1, sample: ["a\u001b[2J"] }).title).toBe("Delete “a␛[2J”?");
});
