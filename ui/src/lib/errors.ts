import type { Code, IpcError } from "../backend";
import { m } from "../paraglide/messages.js";

const TITLES: Record<Code, () => string> = {
  unauthenticated: m.error_unauthenticated,
  expired_token: m.error_expired_token,
  access_denied: m.error_access_denied,
  acl_disabled: m.error_acl_disabled,
  bucket_not_found: m.error_bucket_not_found,
  object_not_found: m.error_object_not_found,
  version_not_found: m.error_version_not_found,
  upload_not_found: m.error_upload_not_found,
  already_exists: m.error_already_exists,
  precondition_failed: m.error_precondition_failed,
  conflict: m.error_conflict,
  invalid_input: m.error_invalid_input,
  unsupported: m.error_unsupported,
  object_archived: m.error_object_archived,
  throttled: m.error_throttled,
  network: m.error_network,
  timeout: m.error_timeout,
  tls: m.error_tls,
  clock_skew: m.error_clock_skew,
  wrong_region: m.error_wrong_region,
  keychain_unavailable: m.error_keychain_unavailable,
  local_io: m.error_local_io,
  disk_full: m.error_disk_full,
  source_changed: m.error_source_changed,
  checksum_mismatch: m.error_checksum_mismatch,
  key_missing: m.error_key_missing,
  decrypt_failed: m.error_decrypt_failed,
  database: m.error_database,
  cancelled: m.error_cancelled,
  internal: m.error_internal,
};

export type Described = { title: string; hint: string | null; details: [string, string][] };

export function describe(error: IpcError): Described {
  const title = Object.hasOwn(TITLES, error.code) ? TITLES[error.code]() : m.error_internal();
  const details: [string, string][] = [];
  const add = (label: string, value: string | number | null | undefined): void => {
    if (value !== null && value !== undefined && value !== "") details.push([label, String(value)]);
  };
  add(m.detail_op(), error.s3?.op);
  add(m.detail_bucket(), error.s3?.bucket);
  add(m.detail_key(), error.s3?.key);
  add(m.detail_http(), error.s3?.httpStatus);
  add(m.detail_s3_code(), error.s3?.s3Code);
  add(m.detail_request_id(), error.s3?.requestId);
  add(m.detail_code(), error.code);
  add(m.detail_message(), error.message);
  return { title, hint: error.hint, details };
}

export function asText(error: IpcError): string {
  const { title, hint, details } = describe(error);
  return [title, ...(hint ? [hint] : []), ...details.map(([label, value]) => `${label}: ${value}`)].join("\n");
}

/** Commands reject with an IpcError; anything else is a fault of ours. */
export function asIpcError(caught: unknown): IpcError {
  if (typeof caught === "object" && caught !== null && "code" in caught && "message" in caught) return caught as IpcError;
  const message = caught instanceof Error ? caught.message : String(caught);
  return { code: "internal", message, hint: null, retry: "never", retryAfterMs: null, s3: null };
}

/** What a key would mend that can be added. */
export function wantsKey(error: IpcError): boolean {
  return error.code === "key_missing";
}

export function isCancelled(caught: unknown): boolean {
  return asIpcError(caught).code === "cancelled";
}
