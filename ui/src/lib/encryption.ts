// How encryption is said, the same everywhere.
import type { Encryption, Lock, Protection, ServerWay } from "../backend";
import { m } from "../paraglide/messages.js";

const LOCKS: Record<Lock, () => string> = {
  kms: () => "SSE-KMS",
  dsse: () => "DSSE-KMS",
  customer: m.enc_customer,
  openPgp: () => "OpenPGP",
  age: () => "age",
  rclone: () => "rclone crypt",
};

export function lockText(lock: Lock): string {
  return LOCKS[lock]();
}

/** More than what every service does with every object by itself; as the engine marks it in the table. */
export function lockOf({ server, here }: Encryption): Lock | null {
  if (here) return here.format === "openpgp" ? "openPgp" : here.format === "age" ? "age" : "rclone";
  if (server?.method === "aws:kms") return "kms";
  if (server?.method === "aws:kms:dsse") return "dsse";
  return server?.method.startsWith("SSE-C") ? "customer" : null;
}

/** Of an object it says how it is; of a folder, how what comes into it will be. */
export function lockTip(lock: Lock, folder: boolean): string {
  return folder ? m.enc_rule_tip({ how: lockText(lock) }) : m.enc_object_tip({ how: lockText(lock) });
}

const FORMATS: Record<string, string> = { openpgp: "OpenPGP", age: "age", rclone: "rclone crypt" };

export function formatName(format: string): string {
  return FORMATS[format] ?? format;
}

export function quoted(names: string[]): string {
  return names.map((name) => m.enc_quoted({ name })).join(", ");
}

export function wayText(way: ServerWay): string {
  switch (way.with) {
    case "s3":
      return "SSE-S3";
    case "kms":
      return way.key ? m.enc_with_kms({ method: "SSE-KMS", key: way.key }) : "SSE-KMS";
    case "dsse":
      return way.key ? m.enc_with_kms({ method: "DSSE-KMS", key: way.key }) : "DSSE-KMS";
    case "customer":
      return m.enc_with_key({ method: "SSE-C", keys: quoted([way.key]) });
  }
}

export function protectionText(protection: Protection): string {
  return protection.by === "server" ? wayText(protection.way) : m.enc_with_key({ method: formatName(protection.format), keys: quoted(protection.keys) });
}

/** In S3's words, as an object's headers have them. */
function methodText(server: NonNullable<Encryption["server"]>): string {
  if (server.method === "AES256") return "SSE-S3";
  if (server.method === "aws:kms") return "SSE-KMS";
  if (server.method === "aws:kms:dsse") return "DSSE-KMS";
  return server.method.startsWith("SSE-C") ? "SSE-C" : server.method;
}

/** Label and value, as the inspector shows them. */
export function encryptionFacts(encryption: Encryption): [string, string][] {
  const facts: [string, string][] = [];
  const { server, here } = encryption;
  if (here) facts.push([m.enc_fact_here(), formatName(here.format)]);
  if (here) facts.push([m.enc_fact_opens(), here.keys.length > 0 ? quoted(here.keys) : m.enc_fact_opens_none()]);
  facts.push([m.enc_fact_server(), server ? methodText(server) : m.enc_fact_server_none()]);
  const customer = server?.method.startsWith("SSE-C") === true;
  if (server?.key) facts.push([customer ? m.enc_fact_customer_key() : m.enc_fact_kms_key(), customer ? quoted([server.key]) : server.key]);
  if (server?.bucketKey) facts.push([m.enc_fact_bucket_key(), m.enc_fact_bucket_key_on()]);
  return facts;
}

/** What is worth a badge: more than what every service does by itself. */
export function encryptionBadge({ server, here }: Encryption): string | null {
  if (here) return m.enc_badge({ how: formatName(here.format) });
  return server && server.method !== "AES256" ? m.enc_badge({ how: methodText(server) }) : null;
}

/** Why sums are not those of the file, or null. */
export function sumsNote(encryption: Encryption): string | null {
  if (encryption.here) return m.enc_sums_here();
  return !encryption.etagIsMd5 && encryption.server && encryption.server.method !== "AES256" ? m.enc_etag_note() : null;
}
