// Why a control is off, in words.
import type { OffReason } from "../backend";
import { m } from "../paraglide/messages.js";

export function offText(reason: OffReason): string {
  switch (reason.kind) {
    case "ownershipEnforced":
      return m.off_ownership();
    case "publicAccessBlocked":
      return m.off_blocked({ setting: reason.setting });
    case "notSupported":
      return m.off_unsupported({ detail: reason.detail });
    case "accessDenied":
      return m.off_denied({ action: reason.action });
  }
}
