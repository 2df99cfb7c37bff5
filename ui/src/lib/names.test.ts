import { describe, expect, it } from "vitest";
import { bucketNameProblem } from "./bucketname";
import { canSplit, crumbs, fileKind, parentPrefix, parsePath, splitName, visible } from "./names";

describe("names that could deceive", () => {
  it.each([
    ["a\u0000b", "a␀b"], ["bell\u0007", "bell␇"], ["\u001b[31mred", "␛[31mred"], ["line\nbreak", "line␊break"], ["del\u007f", "del␡"],
    ["invoice\u202efdp.exe", "invoice‹U+202E›fdp.exe"], ["zero\u200bwidth", "zero‹U+200B›width"], ["c1\u0085", "c1‹U+0085›"],
  ])("%j is shown as %s", (name, text) => expect(visible(name)).toBe(text));
  it("leaves ordinary names of every script alone", () => {
    for (const name of ["naïve.txt", "写真.zip", "תמונה.jpg", "🏔️ Alps.heic", "👨‍👩‍👧.png"]) expect(visible(name)).toBe(name);
  });
});

describe("long names", () => {
  it("keep their end", () => {
    const { head, tail } = splitName("backup-2026-11-22T23-00-00Z-full-database.sql.gz");
    expect(head + tail).toBe("backup-2026-11-22T23-00-00Z-full-database.sql.gz");
    expect(tail).toMatch(/\.gz$/);
  });
  it("are whole when they are short", () => expect(splitName("report.pdf")).toEqual({ head: "report.pdf", tail: "" }));
  it("never tear an emoji", () => {
    const { head, tail } = splitName("🏔️".repeat(30));
    expect(head + tail).toBe("🏔️".repeat(30));
    expect(tail).not.toMatch(/^[\udc00-\udfff]/);
  });
  it("of right-to-left scripts are not split", () => expect(canSplit("تقرير.xlsx")).toBe(false));
});

describe("paths", () => {
  it.each([
    ["s3://photos/2024/", { bucket: "photos", prefix: "2024/" }],
    ["s3://photos", { bucket: "photos", prefix: "" }],
    ["photos/2024", { bucket: "photos", prefix: "2024/" }],
    ["arn:aws:s3:::photos/a/b", { bucket: "photos", prefix: "a/b/" }],
    ["/2023", { bucket: "here", prefix: "2023/" }],
    ["/", { bucket: "here", prefix: "" }],
  ])("%s", (text, place) => expect(parsePath(text, "here")).toEqual(place));
  it("that say nothing are refused", () => {
    expect(parsePath("  ", "here")).toBeNull();
    expect(parsePath("s3://", "here")).toBeNull();
    expect(parsePath("/x", null)).toBeNull();
  });
  it("have parents and crumbs, also with empty segments", () => {
    expect(parentPrefix("a/b/")).toBe("a/");
    expect(parentPrefix("a/b/c.txt")).toBe("a/b/");
    expect(parentPrefix("a/")).toBe("");
    expect(crumbs("a//b/")).toEqual([
      { name: "a", prefix: "a/" },
      { name: "", prefix: "a//" },
      { name: "b", prefix: "a//b/" },
    ]);
  });
});

it("knows kinds by the ending, without being fooled by prototypes", () => {
  expect(fileKind("x.JPG")).toBe("image");
  expect(fileKind("x.constructor")).toBe("file");
  expect(fileKind(".bashrc")).toBe("file");
});

it.each([
  ["good-name.1", null], ["ab", "short"], ["a".repeat(64), "long"], ["My-bucket", "uppercase"], ["a_b_c", "characters"], ["-abc", "edges"],
  ["abc-", "edges"], ["a..b", "dots"], ["a.-b", "dots"], ["192.168.1.1", "address"], ["xn--abc", "reserved"], ["abc-s3alias", "reserved"],
])("bucket name %s: %s", (name, problem) => expect(bucketNameProblem(name)).toBe(problem));
