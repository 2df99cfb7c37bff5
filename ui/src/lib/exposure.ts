// How an exposure is said and marked, the same everywhere: a word and an icon, never colour alone.
import type { Exposure } from "../backend";
import { m } from "../paraglide/messages.js";

export type Mark = { text: string; icon: "globe" | "lock" | "help"; tone: "warning" | "quiet" | "unknown" };

export function exposureMark(exposure: Exposure): Mark {
  switch (exposure) {
    case "public":
      return { text: m.exposure_public(), icon: "globe", tone: "warning" };
    case "partly":
      return { text: m.exposure_partly(), icon: "globe", tone: "warning" };
    case "private":
      return { text: m.exposure_private(), icon: "lock", tone: "quiet" };
    case "unknown":
      return { text: m.exposure_unknown(), icon: "help", tone: "unknown" };
  }
}
