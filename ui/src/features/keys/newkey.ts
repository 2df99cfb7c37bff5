// A new key as its form holds it. What was typed leaves the form as soon as the key is kept.
import type { KeyKind, NewKey } from "../../backend";
import { m } from "../../paraglide/messages.js";

export type Form = {
  name: string;
  kind: KeyKind;
  /** Made by Dipper, where that can be; else given. */
  make: boolean;
  secret: string;
  /** The passphrase again, or the second password of rclone. */
  second: string;
  /** Passwords of rclone as its own file has them. */
  obscured: boolean;
  /** The name of the file that it came from, whole. */
  file: string | null;
};

export function emptyForm(kind: KeyKind): Form {
  return { name: "", kind, make: true, secret: "", second: "", obscured: false, file: null };
}

export function canMake(kind: KeyKind): boolean {
  return kind === "customer" || kind === "age";
}

/** As the engine checks it, so that it is told while it is typed. */
export function nameProblem(name: string, taken: string[]): string | null {
  if (name.trim() === "") return m.key_name_missing();
  if (taken.includes(name.trim())) return m.key_name_taken();
  return /^[\p{L}\p{N} ._-]{1,64}$/u.test(name.trim()) ? null : m.key_name_bad();
}

export function formProblem(form: Form, taken: string[]): string | null {
  const name = nameProblem(form.name, taken);
  if (name !== null) return name;
  if (canMake(form.kind) && form.make) return null;
  if (form.secret.trim() === "") return form.kind === "passphrase" ? m.key_passphrase_missing() : m.key_secret_missing();
  if (form.kind === "passphrase" && form.file === null && form.secret !== form.second) return m.key_passphrase_differs();
  return null;
}

export function newKey(form: Form): NewKey {
  const { kind } = form;
  const name = form.name.trim();
  if (canMake(kind) && form.make) return { name, kind, secret: null };
  if (kind !== "rclone" || form.file !== null) return { name, kind, secret: form.secret };
  const line = (text: string): string => (form.obscured ? `obscured:${text.trim()}` : text);
  return { name, kind, secret: [form.secret, ...(form.second === "" ? [] : [form.second])].map(line).join("\n") };
}

const LONGEST = 64 * 1024;

/** A key's file as text; 32 bytes as they are in hexadecimal. null: it is no such file. */
export function textOfFile(kind: KeyKind, bytes: Uint8Array): string | null {
  if (bytes.length > LONGEST) return null;
  if (kind === "customer" && bytes.length === 32) return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
