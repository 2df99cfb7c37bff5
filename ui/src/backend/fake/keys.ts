// Keys and places as the engine keeps them: what a key is goes in and never comes out.
import type {
  BucketDefault, Encryption, Key, KeyKind, KeyUses, Lock, NewKey, PlaceRef, ProtectedPlace, Protection, ServerWay,
} from "../types";
import { ipcError } from "./world";

export const PLAIN: Encryption = { server: { method: "AES256", key: null, bucketKey: false }, here: null, etagIsMd5: true };

const METHODS = { s3: "AES256", kms: "aws:kms", dsse: "aws:kms:dsse", customer: "SSE-C AES256" } as const;
const FORMATS: Record<string, KeyKind[]> = { openpgp: ["passphrase"], age: ["passphrase", "age", "recipients"], rclone: ["rclone"] };

export function keysOf(protection: Protection): string[] {
  if (protection.by === "here") return protection.keys;
  return protection.way.with === "customer" ? [protection.way.key] : [];
}

export function atServer(way: ServerWay): Encryption {
  const key = way.with === "s3" ? null : way.key;
  return { server: { method: METHODS[way.with], key, bucketKey: way.with === "kms" && way.bucketKey === true }, here: null, etagIsMd5: way.with === "s3" };
}

function lockOfFormat(format: string): Lock {
  return format === "openpgp" ? "openPgp" : format === "age" ? "age" : "rclone";
}

export function lockOf(encryption: Encryption | undefined): Lock | null {
  if (encryption?.here) return lockOfFormat(encryption.here.format);
  const found = (["kms", "dsse", "customer"] as const).find((way) => METHODS[way] === encryption?.server?.method);
  return found ?? null;
}

export class FakeKeys {
  list: Omit<Key, "places">[] = [];
  places: ProtectedPlace[] = [];
  /** Unfinished jobs by the key that they need. */
  readonly jobs = new Map<string, string[]>();
  readonly defaults = new Map<string, BucketDefault>();
  /** Whether the next save dialog is answered. */
  paper = true;

  told(): Key[] {
    return this.list.map((key) => ({
      ...key,
      places: this.places.filter((p) => keysOf(p.protection).includes(key.name)).map(({ profile, bucket, prefix }) => ({ profile, bucket, prefix })),
    }));
  }

  #find(name: string): Key {
    const found = this.told().find((key) => key.name === name);
    if (!found) throw ipcError("key_missing", `there is no key '${name}' on this computer`);
    return found;
  }

  add(key: NewKey): void {
    if (this.list.some((k) => k.name === key.name)) {
      throw ipcError("already_exists", `there is a key '${key.name}' already`, { hint: "Choose another name: what was encrypted with the old one still needs it." });
    }
    const made = key.kind === "customer" || key.kind === "age";
    if (key.secret === null && !made) throw ipcError("invalid_input", `a key of kind ${key.kind} must be given`);
    if (key.kind === "customer" && key.secret !== null && !/^[0-9a-f]{64}$|^[A-Za-z0-9+/]{43}=$/.test(key.secret.trim())) {
      throw ipcError("invalid_input", "a key for SSE-C has 32 bytes", { hint: "As they are, or in base64 or hexadecimal." });
    }
    const recipients = key.kind === "recipients" ? key.secret : key.kind === "age" ? "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudmsn3qqzvqk0p" : null;
    this.list = [...this.list, { name: key.name, kind: key.kind, createdAt: new Date().toISOString(), recipients }].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  uses(name: string): Omit<KeyUses, "uploads"> {
    return { places: this.#find(name).places, jobs: this.jobs.get(name) ?? [] };
  }

  remove(name: string): void {
    const [place] = this.#find(name).places;
    if (place) throw ipcError("conflict", `everything new in s3://${place.bucket}/${place.prefix} is encrypted with '${name}'`);
    this.list = this.list.filter((key) => key.name !== name);
  }

  check(protection: Protection): void {
    const kinds = keysOf(protection).map((name) => this.#find(name).kind);
    const fitting: KeyKind[] = protection.by === "here" ? (FORMATS[protection.format] ?? []) : ["customer"];
    if (protection.by === "here" && kinds.length === 0) throw ipcError("invalid_input", "a key is needed");
    if (kinds.some((kind) => !fitting.includes(kind))) throw ipcError("invalid_input", "this key can't do that");
  }

  protect({ profile, bucket, prefix, protection }: PlaceRef & { protection: Protection | null }): void {
    if (protection) this.check(protection);
    const others = this.places.filter((p) => p.profile !== profile || p.bucket !== bucket || p.prefix !== prefix);
    if (!protection && others.length === this.places.length) throw ipcError("invalid_input", `s3://${bucket}/${prefix} has no encryption of its own here`);
    this.places = protection ? [...others, { profile, bucket, prefix, protection }] : others;
  }

  /** The longest prefix counts. */
  ruleLock(profile: string, bucket: string, prefix: string): Lock | null {
    const around = this.places.filter((p) => p.profile === profile && p.bucket === bucket && prefix.startsWith(p.prefix));
    const rule = around.sort((a, b) => b.prefix.length - a.prefix.length)[0]?.protection;
    if (!rule) return null;
    return rule.by === "here" ? lockOfFormat(rule.format) : lockOf(atServer(rule.way));
  }

  defaultOf(bucket: string): BucketDefault {
    return this.defaults.get(bucket) ?? { way: null, blocked: [] };
  }

  setDefault(bucket: string, way: ServerWay | null): BucketDefault {
    this.defaults.set(bucket, { ...this.defaultOf(bucket), way });
    return this.defaultOf(bucket);
  }
}
