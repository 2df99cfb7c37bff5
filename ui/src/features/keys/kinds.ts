// Kinds of keys, in the order in which they are offered.
import type { KeyKind } from "../../backend";
import { m } from "../../paraglide/messages.js";

export const KIND_NAMES: Record<KeyKind, () => string> = {
  passphrase: m.key_kind_passphrase,
  age: m.key_kind_age,
  recipients: m.key_kind_recipients,
  customer: m.key_kind_customer,
  rclone: m.key_kind_rclone,
};

export const KIND_HINTS: Record<KeyKind, () => string> = {
  passphrase: m.key_kind_passphrase_hint,
  age: m.key_kind_age_hint,
  recipients: m.key_kind_recipients_hint,
  customer: m.key_kind_customer_hint,
  rclone: m.key_kind_rclone_hint,
};
