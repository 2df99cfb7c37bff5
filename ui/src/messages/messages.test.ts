import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import settings from "../../project.inlang/settings.json";

const SRC = join(import.meta.dirname, "..");
type Message = string | { declarations: string[]; match: Record<string, string> }[];
const read = (locale: string): Record<string, Message> => {
  const { $schema: _, ...messages } = JSON.parse(readFileSync(join(SRC, "messages", `${locale}.json`), "utf8")) as Record<string, Message>;
  return messages;
};
const texts = (message: Message): string[] => (typeof message === "string" ? [message] : message.flatMap((m) => Object.values(m.match)));
const slots = (message: Message): string[] => [...new Set(texts(message).flatMap((t) => [...t.matchAll(/(?<!\\)\{(\w+)\}/g)].map((m) => m[1] ?? "")))].sort();

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((f) => /\.(svelte|ts)$/.test(f) && !f.startsWith("paraglide") && !f.endsWith(".test.ts"))
  .map((f) => readFileSync(join(SRC, f), "utf8"))
  .join("\n");
const used = new Set([...sources.matchAll(/\bm\.([a-z0-9_]+)\b/g)].map((m) => m[1] ?? ""));
const base = read(settings.baseLocale);

describe("the catalogue of words", () => {
  it("has every word that is used", () => expect([...used].filter((key) => !(key in base))).toEqual([]));
  it("has none that nobody uses", () => expect(Object.keys(base).filter((key) => !used.has(key))).toEqual([]));
  it("shouts nowhere", () => expect(Object.values(base).flatMap(texts).filter((t) => t.includes("!"))).toEqual([]));
  it.each(settings.locales)("is whole in %s", (locale) => {
    const other = read(locale);
    expect(Object.keys(other).sort()).toEqual(Object.keys(base).sort());
    for (const [key, message] of Object.entries(base)) expect(slots(other[key] ?? ""), key).toEqual(slots(message));
  });
});
