// Ways of encryption as a form holds them, and what they need. Pure, so that each has a test.
import type { Key, KeyKind, Protection } from "../../backend";
import { m } from "../../paraglide/messages.js";

export type WayId = "s3" | "kms" | "dsse" | "customer" | "openpgp" | "age" | "agePassphrase" | "rclone";
/** `way` may also be one of the caller's own words, such as "place" or "none". */
export type Choice = { way: string; kms: string; bucketKey: boolean; key: string; keys: string[] };

export const EMPTY: Choice = { way: "", kms: "", bucketKey: false, key: "", keys: [] };

type Way = {
  label: () => string;
  hint: () => string;
  /** Kinds of keys of the vault that it takes; none for the server's own. */
  kinds: KeyKind[];
  /** The bucket can have it as its own default. */
  ofBucket: boolean;
  server: boolean;
};

export const WAYS: Record<WayId, Way> = {
  s3: { label: m.enc_way_s3, hint: m.enc_way_s3_hint, kinds: [], ofBucket: true, server: true },
  kms: { label: m.enc_way_kms, hint: m.enc_way_kms_hint, kinds: [], ofBucket: true, server: true },
  dsse: { label: m.enc_way_dsse, hint: m.enc_way_dsse_hint, kinds: [], ofBucket: true, server: true },
  customer: { label: m.enc_way_customer, hint: m.enc_way_customer_hint, kinds: ["customer"], ofBucket: false, server: true },
  age: { label: m.enc_way_age, hint: m.enc_way_age_hint, kinds: ["age", "recipients"], ofBucket: false, server: false },
  agePassphrase: { label: m.enc_way_age_passphrase, hint: m.enc_way_age_passphrase_hint, kinds: ["passphrase"], ofBucket: false, server: false },
  openpgp: { label: m.enc_way_openpgp, hint: m.enc_way_openpgp_hint, kinds: ["passphrase"], ofBucket: false, server: false },
  rclone: { label: m.enc_way_rclone, hint: m.enc_way_rclone_hint, kinds: ["rclone"], ofBucket: false, server: false },
};
export const WAY_IDS = Object.keys(WAYS) as WayId[];

export function wayOf(choice: Choice): WayId | null {
  return Object.hasOwn(WAYS, choice.way) ? (choice.way as WayId) : null;
}

/** Keys of the vault that the chosen way can use. */
export function fitting(way: WayId, keys: Key[]): Key[] {
  return keys.filter((key) => WAYS[way].kinds.includes(key.kind));
}

export function choiceOf(protection: Protection | null, keys: Key[]): Choice {
  if (!protection) return EMPTY;
  if (protection.by === "server") {
    const { way } = protection;
    if (way.with === "customer") return { ...EMPTY, way: "customer", key: way.key };
    const kms = way.with === "s3" ? "" : (way.key ?? "");
    return { ...EMPTY, way: way.with, kms, bucketKey: way.with === "kms" && way.bucketKey === true };
  }
  const [first = ""] = protection.keys;
  const passphrase = keys.find((key) => key.name === first)?.kind === "passphrase";
  if (protection.format !== "age") return { ...EMPTY, way: protection.format, key: first };
  return passphrase ? { ...EMPTY, way: "agePassphrase", key: first } : { ...EMPTY, way: "age", keys: protection.keys };
}

/** null: one of the caller's own words. */
export function protectionOf(choice: Choice): Protection | null {
  const kms = choice.kms.trim() || null;
  switch (wayOf(choice)) {
    case null:
      return null;
    case "s3":
      return { by: "server", way: { with: "s3" } };
    case "kms":
      return { by: "server", way: { with: "kms", key: kms, bucketKey: choice.bucketKey || null } };
    case "dsse":
      return { by: "server", way: { with: "dsse", key: kms } };
    case "customer":
      return { by: "server", way: { with: "customer", key: choice.key } };
    case "openpgp":
      return { by: "here", format: "openpgp", keys: [choice.key] };
    case "rclone":
      return { by: "here", format: "rclone", keys: [choice.key] };
    case "agePassphrase":
      return { by: "here", format: "age", keys: [choice.key] };
    case "age":
      return { by: "here", format: "age", keys: choice.keys };
  }
}

/** What is missing, or null. */
export function choiceProblem(choice: Choice, keys: Key[]): string | null {
  const way = wayOf(choice);
  if (way === null || WAYS[way].kinds.length === 0) return null;
  const there = fitting(way, keys).map((key) => key.name);
  if (there.length === 0) return m.enc_no_key();
  const chosen = way === "age" ? choice.keys : [choice.key];
  return chosen.length > 0 && chosen.every((name) => there.includes(name)) ? null : m.enc_choose_key();
}

/** The kind of the key to add where a way has none. */
export function kindFor(way: WayId): KeyKind {
  return WAYS[way].kinds[0] ?? "customer";
}

/** With age alone: nobody here could read it again. */
export function onlyEncrypts(choice: Choice, keys: Key[]): boolean {
  const kinds = choice.keys.map((name) => keys.find((key) => key.name === name)?.kind);
  return choice.way === "age" && kinds.length > 0 && kinds.every((kind) => kind === "recipients");
}
